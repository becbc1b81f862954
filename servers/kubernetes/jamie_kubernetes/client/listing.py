"""Which objects of a kind a list is of."""

from collections.abc import Sequence

import msgspec

from jamie_kubernetes.kinds import Kind

PAGE_OBJECTS = 1000

Pairs = Sequence[tuple[str, str]]


class Listing(msgspec.Struct, frozen=True):
    """Which objects of a kind: in one namespace or all, by labels and by fields.

    `bare` reads their metadata only.
    """

    kind: Kind
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    bare: bool = False

    @property
    def path(self) -> str:
        """Return where it is."""
        return self.kind.path(self.namespace)

    @property
    def params(self) -> Pairs:
        """Return the query parameters of its first page."""
        given = (("labelSelector", self.labels), ("fieldSelector", self.fields))
        return [("limit", str(PAGE_OBJECTS)), *((key, value) for key, value in given if value)]
