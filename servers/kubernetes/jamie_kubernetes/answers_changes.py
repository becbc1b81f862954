"""What `k8s_changes` answers, as data. Instants are nanoseconds since the epoch, 0 if not known."""

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened to an object: what, when, by whom, the difference where known.

    `at_ns` may lie in the future: clocks differ. `by` are field managers, which name themselves.
    """

    at_ns: Nanoseconds
    what: str
    by: str = ""
    detail: str = ""


class ChangeRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object and what happened to it, the newest first.

    `tier` is 0 for what may explain trouble, 1 for what usually does not, 2 for routine. `used_by`
    are the workloads that take their configuration from it. A row may stand for many `objects` to
    which the same was done.
    """

    namespace: str
    object: str
    at_ns: Nanoseconds
    tier: int
    changes: tuple[Change, ...]
    objects: int = 1
    used_by: tuple[str, ...] = ()


class ChangeList(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed, the most telling first, the newest first among equals.

    `looked_at` counts the kinds that were read, `left_out` the custom kinds that were not;
    `total` counts objects, `routine` those that were only part of routine.
    """

    now_ns: Nanoseconds
    scope: str
    since_ns: Nanoseconds
    total: int
    routine: int
    rows: tuple[ChangeRow, ...]
    looked_at: int
    left_out: int = 0
    later: int = 0
    cursor: str = ""
    changed: bool = False
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
