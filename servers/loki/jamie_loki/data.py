"""What the tools answer with, for programs and for the renderers.

Instants are nanoseconds since the epoch as decimal text, Loki's own form: JSON numbers lose their
last digits in many languages, and a line is known by all of them. Every tool takes them as times.
`start` and `end` are the window (the end excluded), `asked` is when the question was asked.
"""

import msgspec

Labels = dict[str, str]
Instant = str
"""Nanoseconds since the epoch, in decimal; "" is unknown."""


class Trace(msgspec.Struct, frozen=True):
    """A stack trace in short: what went wrong, the first frame of one's own, frames left out."""

    language: str
    root: str
    frame: str
    hidden: int


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry: its labels are those not shared by all; `lines` were folded into it.

    `cut` characters of a very long one are left out.
    """

    at: Instant
    line: str
    labels: Labels = {}
    level: str = "unknown"
    lines: int = 1
    cut: int = 0
    trace: Trace | None = None


class LinePattern(msgspec.Struct, frozen=True):
    """Lines that say the same: how many, when first and last, from which services."""

    template: str
    count: int
    level: str
    first: Instant
    last: Instant
    example: str
    services: dict[str, int]


class Slice(msgspec.Struct, frozen=True):
    """The numbers of one stretch of a series; `at` is epoch seconds."""

    at: float
    min: float
    max: float
    last: float


class SeriesRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A series in figures; times are epoch seconds, None stands for no number."""

    labels: Labels
    last: float | None
    min: float | None = None
    max: float | None = None
    max_at: float | None = None
    mean: float | None = None
    points: int = 1
    rose_at: float | None = None
    slices: tuple[Slice, ...] = ()
    shape: str = ""


class Rest(msgspec.Struct, frozen=True):
    """The series not shown."""

    series: int
    sum: float | None
    max: float | None


class Step(msgspec.Struct, frozen=True):
    """How many lines are left after each stage of a query; None was not counted."""

    stage: str
    lines: int | None


class Empty(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why there is nothing: a sentence, the nearest names, what each stage of the query left."""

    reason: str
    nearest: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


class LogAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines or, for metric LogQL, series over a window; `empty` says why there is neither.

    `total` counts the matching lines of the whole window, None where Loki would not count them;
    `covered` of them are in this answer, after `before` on earlier pages. `common` are the labels
    all covered lines share. `patterns` summarise all covered lines where they were too many to be
    shown one by one. `step` is in seconds, 0 for a query answered at the window's end.
    """

    query: str
    start: Instant
    end: Instant
    asked: Instant
    total: int | None = None
    covered: int = 0
    before: int = 0
    newest: bool = True
    common: Labels = {}
    lines: tuple[LogLine, ...] = ()
    patterns: tuple[LinePattern, ...] = ()
    metric: bool = False
    step: float = 0.0
    series: tuple[SeriesRow, ...] = ()
    rest: Rest | None = None
    empty: Empty | None = None
    notes: tuple[str, ...] = ()
    cursor: str = ""


class LabelRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A label with its number of values and some of them, or a value with its bytes of logs."""

    name: str
    values: int | None = None
    examples: tuple[str, ...] = ()
    bytes: int | None = None


class LabelList(msgspec.Struct, frozen=True, omit_defaults=True):
    """The labels of the streams in a window, or one label's values, the biggest first.

    `bytes` is the volume of all values together, None where Loki does not tell.
    """

    label: str
    selector: str
    start: Instant
    end: Instant
    asked: Instant
    total: int
    rows: tuple[LabelRow, ...] = ()
    bytes: int | None = None
    empty: Empty | None = None
    notes: tuple[str, ...] = ()
    cursor: str = ""


class ErrorKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service's errors of one kind.

    `kind` is a category's key, "" for a mere pattern; `label` its heading or the template;
    `noun` says one or many of them. `onset` is when they began to come in a burst, "" when they
    come evenly or are few.
    """

    kind: str
    label: str
    noun: str
    count: int
    estimated: bool
    level: str
    first: Instant
    last: Instant
    example: str
    onset: Instant = ""
    trace: Trace | None = None


class ServiceErrors(msgspec.Struct, frozen=True, omit_defaults=True):
    """The errors of one service by kind, the biggest first.

    `other_errors` are of kinds too small to be listed, or unknown because no line of theirs was
    read.
    """

    namespace: str
    service: str
    count: int
    estimated: bool
    first: Instant
    last: Instant
    kinds: tuple[ErrorKind, ...] = ()
    other_errors: int = 0


class WarningKind(msgspec.Struct, frozen=True):
    """A service's warnings of a kind that matters."""

    namespace: str
    service: str
    kind: str
    label: str
    noun: str
    count: int
    estimated: bool
    onset: Instant


class Warnings(msgspec.Struct, frozen=True):
    """How many warnings, and those of them that are of a known kind."""

    total: int
    kinds: tuple[WarningKind, ...] = ()


class LogErrors(msgspec.Struct, frozen=True, omit_defaults=True):
    """The errors in a window by service, the biggest first.

    `total` counts errors, `estimated` when kinds were counted in a sample; `lines` in `streams`
    were looked at, from `services_seen` services. `services` holds at most as many as asked for,
    `hidden_services` more have errors.
    """

    selector: str
    start: Instant
    end: Instant
    asked: Instant
    total: int
    estimated: bool
    lines: int
    streams: int
    services_seen: int
    services: tuple[ServiceErrors, ...] = ()
    hidden_services: int = 0
    hidden_errors: int = 0
    warnings: Warnings = Warnings(0)
    empty: Empty | None = None
    notes: tuple[str, ...] = ()
