"""A question about objects of one kind, read and checked."""

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_get import Output
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.rows import Form
from jamie_kubernetes.facts.conditions import Condition
from jamie_kubernetes.facts.paths import Path
from jamie_kubernetes.facts.veil import Veil
from jamie_kubernetes.kinds import Kind


class Order(msgspec.Struct, frozen=True):
    """What rows are sorted by, and whether from the largest down."""

    path: Path
    falling: bool


class Asked(msgspec.Struct, frozen=True):
    """Which objects, what of them, in which form; `query` names it all for cursors.

    `said` are the conditions as they were written, `stale` is why the kind may be out of date.
    """

    cluster: Cluster
    veil: Veil
    now_ns: Nanoseconds
    query: str
    kind: Kind
    name: str = ""
    namespace: str = ""
    selector: str = ""
    fields: tuple[Path, ...] = ()
    where: tuple[Condition, ...] = ()
    order: Order | None = None
    groups: tuple[Path, ...] = ()
    output: Output = "auto"
    limit: int = 40
    cursor: str = ""
    said: str = ""
    stale: str = ""

    @property
    def is_one(self) -> bool:
        """Tell whether one whole object is meant."""
        return bool(self.name) and self.output != "table" and not (self.where or self.groups)

    @property
    def is_whole(self) -> bool:
        """Tell whether rows are whole objects, not cells."""
        return self.output in ("yaml", "json") and not self.groups

    @property
    def needs_all(self) -> bool:
        """Tell whether the list has to be read to its end."""
        return bool(self.where or self.order or self.groups)

    @property
    def form(self) -> Form:
        """Return what has to be read of each object."""
        if self.fields or self.groups or self.is_whole:
            return Form.OBJECTS

        return Form.PRINTED_WHOLE if self.needs_all else Form.PRINTED

    @property
    def paths(self) -> list[Path]:
        """Return every path the question goes through, each once."""
        order = (self.order.path,) if self.order else ()
        asked = (*self.fields, *(one.path for one in self.where), *order, *self.groups)
        return [path for path in dict.fromkeys(asked) if not path.is_age]

    def listing(self, namespace: str) -> Listing:
        """Return the list to read in a namespace, or in all."""
        fields = f"metadata.name={self.name}" if self.name else ""
        return Listing(self.kind, namespace if self.kind.namespaced else "", self.selector, fields)

    def scope(self, namespace: str) -> str:
        """Say where it was looked, by which labels, on which conditions."""
        inside = namespace if self.kind.namespaced else ""
        said = [
            f"named {self.name}" if self.name else "",
            f"in namespace {inside}" if inside else f"in {self.cluster.access.context}",
            f"matching {self.selector}" if self.selector else "",
            f"where {self.said}" if self.said else "",
        ]
        return " ".join(part for part in said if part)
