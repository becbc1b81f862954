"""What the tools answer, as data. Instants are nanoseconds since the epoch, 0 where not known."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds

PodStatus = Literal["auto", "sick", "all", "running", "pending", "failed", "succeeded"]


class Gap(msgspec.Struct, frozen=True):
    """A part of the answer that could not be had, and why."""

    part: str
    why: str


class Ended(msgspec.Struct, frozen=True):
    """How and when a container last ended."""

    how: str
    at_ns: Nanoseconds = 0


class Usage(msgspec.Struct, frozen=True):
    """CPU in cores and memory in bytes."""

    cpu: float = 0.0
    memory: float = 0.0


class PodGroup(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pods of one owner in the same state.

    `state` and `ready` are what kubectl prints; `names` are the first few of `count`; `restarts` is
    the most any of them has, `last` the latest end of a container before; `cause` says what is
    wrong (empty: nothing), `message` is the cluster's own explanation. `usage` is their sum.
    """

    namespace: str
    owner: str
    state: str
    ready: str
    count: int
    names: tuple[str, ...]
    pattern: str
    nodes: tuple[str, ...] = ()
    node_count: int = 0
    oldest_ns: Nanoseconds = 0
    newest_ns: Nanoseconds = 0
    severity: int = 9
    cause: str = ""
    message: str = ""
    since_ns: Nanoseconds = 0
    restarts: int = 0
    last: Ended | None = None
    usage: Usage | None = None

    @property
    def sick(self) -> bool:
        """Tell whether something is wrong with them."""
        return bool(self.cause)


class PodList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pods, grouped, the sick first.

    `matched` counts the pods the arguments select, `shown` those in `groups`, `states` all matched
    by what kubectl prints; `hidden` counts those another status would show.
    """

    now_ns: Nanoseconds
    scope: str
    status: str
    matched: int
    sick: int
    shown: int
    groups: tuple[PodGroup, ...]
    states: dict[str, int]
    namespaces: int
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()


class NodeTrouble(msgspec.Struct, frozen=True):
    """A node and what is wrong with it."""

    name: str
    what: str
    since_ns: Nanoseconds = 0


class Nodes(msgspec.Struct, frozen=True):
    """Nodes: ready of all, those with trouble, and what they offer to pods."""

    total: int
    ready: int
    troubled: tuple[NodeTrouble, ...] = ()
    allocatable: Usage = Usage()


class Pods(msgspec.Struct, frozen=True):
    """Pods counted by state, the sick grouped by owner, worst first, and those that recovered."""

    total: int
    namespaces: int
    states: dict[str, int]
    phases: dict[str, int]
    sick: int
    groups: tuple[PodGroup, ...] = ()
    recovered: tuple[PodGroup, ...] = ()


class Shortfall(msgspec.Struct, frozen=True, omit_defaults=True):
    """A workload that is not what it should be."""

    namespace: str
    workload: str
    desired: int
    ready: int
    why: str = ""
    message: str = ""
    since_ns: Nanoseconds = 0


class Workloads(msgspec.Struct, frozen=True):
    """Workloads counted, and those short of desired."""

    total: int
    short: tuple[Shortfall, ...] = ()


class EventGroup(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events of one reason about one owner: how often, from when to when, the latest words."""

    namespace: str
    owner: str
    type: str
    reason: str
    count: int
    first_ns: Nanoseconds
    last_ns: Nanoseconds
    objects: int
    message: str


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a diagnosis says of one owner: how bad (0 down to 3 a risk), and what to do."""

    owner: str
    code: str
    severity: int
    summary: str
    next: str = ""


class Overview(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a cluster, or one namespace of it, is doing. A part that could not be had is a gap.

    `causes` are the worst of `found` causes that a diagnosis tells of, `risks` how many more things
    work and will hurt.
    """

    now_ns: Nanoseconds
    context: str
    namespace: str = ""
    version: str = ""
    api: str = ""
    nodes: Nodes | None = None
    pods: Pods | None = None
    workloads: Workloads | None = None
    events: tuple[EventGroup, ...] | None = None
    usage: Usage | None = None
    metrics: str = ""
    causes: tuple[Cause, ...] = ()
    found: int = 0
    risks: int = 0
    gaps: tuple[Gap, ...] = ()


class Interruption(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time in which nothing could be heard; `lasting` where it did not end."""

    at_ns: Nanoseconds
    seconds: float
    why: str
    lasting: bool = False


class Followed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What following was like: how long, what came and went, what was not kept or not heard.

    `finished` says that it ended because nothing more could come, `before` that the answer holds
    what was there before, too.
    """

    seconds: float
    asked: int
    finished: bool = False
    before: bool = False
    news: tuple[str, ...] = ()
    dropped: int = 0
    interruptions: tuple[Interruption, ...] = ()


class EventList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events, grouped, the worst first. `events` counts them all, before grouping.

    With `followed` they are those that came while following.
    """

    now_ns: Nanoseconds
    scope: str
    since_ns: Nanoseconds
    warnings_only: bool
    events: int = 0
    groups: tuple[EventGroup, ...] = ()
    followed: Followed | None = None
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()


class LogLine(msgspec.Struct, frozen=True):
    """One log entry; a stack trace is one entry."""

    at_ns: Nanoseconds
    source: str
    text: str
    level: str = ""


class LogPattern(msgspec.Struct, frozen=True):
    """Entries that say the same: how many, from when to when, one of them, and from where."""

    count: int
    first_ns: Nanoseconds
    last_ns: Nanoseconds
    level: str
    example: str
    sources: tuple[str, ...]


class LogSource(msgspec.Struct, frozen=True, omit_defaults=True):
    """A container that was read: how many lines, and what is missing of it."""

    name: str
    lines: int
    missing: str = ""


class LogComparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """The present run against the one before: kinds of lines that only one of them has.

    `read` counts the lines of the present run, `shared` the kinds that both have; `missing` says
    why there is nothing to compare with.
    """

    read: int = 0
    gone: tuple[LogPattern, ...] = ()
    new: tuple[LogPattern, ...] = ()
    shared: int = 0
    missing: str = ""


class LogReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """Logs of one or more containers, merged in time order.

    `entries` counts what matched, folded; either all are in `lines`, or they are grouped in
    `patterns` and `lines` holds the newest.
    """

    now_ns: Nanoseconds
    target: str
    namespace: str
    sources: tuple[LogSource, ...]
    read: int = 0
    entries: int = 0
    lines: tuple[LogLine, ...] = ()
    patterns: tuple[LogPattern, ...] = ()
    since_ns: Nanoseconds = 0
    until_ns: Nanoseconds = 0
    tail: int = 0
    filters: str = ""
    previous: bool = False
    compared: LogComparison | None = None
    followed: Followed | None = None
    gaps: tuple[Gap, ...] = ()
