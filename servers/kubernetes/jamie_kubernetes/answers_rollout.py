"""What `k8s_rollout` answers, as data. Instants are nanoseconds since the epoch, 0 if not known."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap

RolloutState = Literal[
    "complete", "progressing", "stuck", "paused", "held", "degraded", "unseen", "failed", "pending",
    "uninstalled", "unknown", "releases",
]  # fmt: skip


class RevisionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One revision: when it was made, from which images or chart, and the pods it has now.

    `number` 0 is the template of a paused Deployment that no pod has yet. `earlier` are the numbers
    it had before it was gone back to; `note` is its change-cause, of a Helm release what Helm said.
    """

    number: int
    current: bool = False
    created_ns: Nanoseconds = 0
    pods: int = 0
    ready: int = 0
    images: tuple[str, ...] = ()
    note: str = ""
    earlier: tuple[int, ...] = ()
    status: str = ""


class FieldChange(msgspec.Struct, frozen=True):
    """A field of two revisions; empty where one does not have it."""

    field: str
    before: str
    after: str


class Difference(msgspec.Struct, frozen=True):
    """What differs between two revisions, the most telling first."""

    before: int
    after: int
    fields: tuple[FieldChange, ...]


class ConfigUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ConfigMap or Secret that the pods take their configuration from, as it is now.

    `mark` stands for all of its content, `keys` for single values of a Secret: equal marks, equal
    content. `stale` of `pods` have started before it changed, so they still have what it was.
    """

    name: str
    how: str
    mark: str = ""
    keys: dict[str, str] = {}
    changed_ns: Nanoseconds = 0
    by: str = ""
    stale: int = 0
    pods: int = 0
    missing: bool = False
    only_in: int = 0


class ConditionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A condition of the workload."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since_ns: Nanoseconds = 0


class ReleaseRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Helm release: its newest revision, and which one is deployed where that is another."""

    namespace: str
    name: str
    revision: int
    status: str
    at_ns: Nanoseconds = 0
    chart: str = ""
    app: str = ""
    deployed: int = 0
    note: str = ""


class Rollout(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a workload or Helm release got where it is; or the list of releases.

    `words` says how far it is, `why` what holds it up, `message` the cluster's own words. `by` is
    the field manager that wrote the template last, at `by_ns`.
    `revisions` are the newest first, `older` counts those left out, `later` the releases left out.
    """

    now_ns: Nanoseconds
    subject: str
    state: RolloutState
    words: str = ""
    why: tuple[str, ...] = ()
    message: str = ""
    since_ns: Nanoseconds = 0
    by: str = ""
    by_ns: Nanoseconds = 0
    strategy: str = ""
    conditions: tuple[ConditionRow, ...] = ()
    revisions: tuple[RevisionRow, ...] = ()
    older: int = 0
    difference: Difference | None = None
    configs: tuple[ConfigUse, ...] = ()
    releases: tuple[ReleaseRow, ...] = ()
    later: int = 0
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
