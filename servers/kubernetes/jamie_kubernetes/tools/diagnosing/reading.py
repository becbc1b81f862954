"""Reading what only some may read: without it an answer is as good, but shorter."""

from collections.abc import Sequence
from typing import TypeVar

from jamie_base.errors import BackendError
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.kinds import Kind
from jamie_kubernetes.tools.diagnosing.round import Round
from jamie_signals.similar import nearest

T = TypeVar("T")

NEAR_KEPT = 2


async def quietly(round_: Round, listing: Listing, item: type[T]) -> list[T]:
    """Return the objects of a list; none where we may not list them."""

    async def ask() -> list[T]:
        try:
            return await round_.cluster.all(listing, item)
        except Unauthorised:
            raise
        except BackendError:
            return []

    return await round_.once(("quietly", listing, item), ask)


async def names_of(round_: Round, kind: Kind, namespace: str) -> list[str]:
    """Return the names of a namespace's objects of a kind."""
    found = await quietly(round_, Listing(kind, namespace, bare=True), Named)
    return [one.metadata.name for one in found]


async def places_of(round_: Round, kind: Kind, name: str) -> list[str]:
    """Return the namespaces that have an object of this name, as far as we may see them."""
    listing = Listing(kind, fields=f"metadata.name={name}", bare=True)
    found = await quietly(round_, listing, Named)
    return sorted(one.metadata.namespace for one in found if one.metadata.name == name)


def near_names(name: str, known_names: Sequence[str]) -> tuple[str, ...]:
    """Return names like one: spelt alike, or longer by what a generator adds."""
    longer = [one for one in known_names if one.startswith(f"{name}-")]
    return tuple(dict.fromkeys([*longer, *nearest(name, known_names)]))[:NEAR_KEPT]
