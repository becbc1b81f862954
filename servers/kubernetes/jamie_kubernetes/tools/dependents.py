"""Looking for what depends on an object, and for what a namespace holds."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.errors import BackendError, Denied, NotFound
from jamie_base.text import count, join_words
from jamie_kubernetes.client import Cluster, Listing, OffLimits
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.facts.dependents import Heirs, Owned, OwnedTally, heirs_of
from jamie_kubernetes.kinds import (
    CLAIMS,
    PODS,
    STATEFUL_SETS,
    ApiKind,
    Kind,
)
from jamie_kubernetes.tools.family import CHILDREN
from jamie_kubernetes.tools.targets import Target

AT_ONCE = 8
"""Lists that are read at the same time: a cluster may have hundreds of kinds."""

SECONDS = 12.0
"""How long a plan may look for dependents, well below the deadline of a call."""

KINDS_NAMED = 3

_OWN: dict[Kind, tuple[Kind, ...]] = {**CHILDREN, STATEFUL_SETS: (PODS, CLAIMS)}
"""Kinds whose children are known; those of others may be of any kind."""

_PASSING = ("events", "leases", "endpointslices", "endpoints")
"""Kinds that come and go by themselves: nobody misses them."""


class Search(msgspec.Struct, frozen=True):
    """What depends on an object, and what could not be looked at."""

    heirs: Heirs
    unseen: tuple[str, ...] = ()


class Census(msgspec.Struct, frozen=True):
    """How many objects of each kind there are, and what could not be counted."""

    kinds: Counter[Kind]
    unseen: tuple[str, ...] = ()


async def search(cluster: Cluster, target: Target, uid: str) -> Search:
    """Find what depends on an object.

    Of what an object of the whole cluster owns only kinds of the whole cluster and of its own group
    are looked at: a look at everything would take too long.
    """
    kinds = _OWN.get(target.kind) or await _candidates(cluster, target)
    found: list[Owned] = []

    async def look(kind: Kind) -> None:
        listing = Listing(kind, target.namespace, bare=True)
        found.extend((await cluster.fold(listing, Named, partial(OwnedTally, kind))).found)

    unseen = await _each(kinds, look)
    return Search(heirs_of(uid, found), unseen)


async def census(cluster: Cluster, namespace: str) -> Census:
    """Count what a namespace holds."""
    kinds = [one.kind for one in await _listed(cluster) if one.kind.namespaced]
    found: Counter[Kind] = Counter()

    async def look(kind: Kind) -> None:
        if number := await cluster.count(Listing(kind, namespace)):
            found[kind] = number

    unseen = await _each(kinds, look)
    return Census(found, unseen)


async def _candidates(cluster: Cluster, target: Target) -> list[Kind]:
    kinds = [one.kind for one in await _listed(cluster)]
    if target.kind.namespaced:
        return [one for one in kinds if one.namespaced]

    return [one for one in kinds if not one.namespaced or one.root == target.kind.root]


async def _listed(cluster: Cluster) -> list[ApiKind]:
    return [
        one
        for one in (await cluster.kinds()).kinds
        if {"list", "delete"} <= set(one.verbs) and one.kind.plural not in _PASSING
    ]


async def _each(kinds: Sequence[Kind], look: Callable[[Kind], Awaitable[None]]) -> tuple[str, ...]:
    """Look at kinds, a few at a time, and say which could not be looked at."""
    denied: list[Kind] = []
    left = dict.fromkeys(kinds)
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(kind: Kind) -> None:
        async with limiter:
            try:
                await look(kind)
            except NotFound:
                # The kind went since the kinds were read: there is none.
                pass
            except (Denied, OffLimits):
                denied.append(kind)
            except BackendError:
                return
        left.pop(kind)

    with anyio.move_on_after(SECONDS):
        async with anyio.create_task_group() as group:
            for kind in kinds:
                group.start_soon(one, kind)

    return (*_unseen("not allowed to list", denied), *_unseen("no answer about", [*left]))


def _unseen(why: str, kinds: Sequence[Kind]) -> list[str]:
    named = [kind.plural for kind in kinds[:KINDS_NAMED]]
    more = len(kinds) - KINDS_NAMED
    words = join_words([*named, *([count("other kind", more)] if more > 0 else [])])

    return [f"{why} {words}"] if kinds else []
