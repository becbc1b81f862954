"""What `k8s_get` answers, as data."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap

Output = Literal["auto", "table", "yaml", "json"]


class Objects(msgspec.Struct, frozen=True, omit_defaults=True):
    """Objects of one kind: rows under columns, or the text of whole objects.

    `read` counts the objects looked at and `matched` those that fulfil the conditions (-1 where
    nobody counted); `left` counts the rows that follow (-1: more, nobody counted). The cells of a
    group are its count and its values. `title` says what is shown, `source` whose words they are.
    """

    now_ns: Nanoseconds
    title: str
    source: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    body: str = ""
    read: int = -1
    matched: int = -1
    left: int = 0
    cursor: str = ""
    changed: bool = False
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
