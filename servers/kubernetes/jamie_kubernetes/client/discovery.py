"""Which kinds a cluster has, CRDs included: asked when first needed, kept for a while.

One aggregated answer for all groups; servers before 1.27 are asked group by group.
"""

import time
from collections.abc import Awaitable, Hashable, Iterable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from jamie_base.errors import BackendError, Denied, Unreachable
from jamie_base.together import together
from jamie_kubernetes.client.groups import (
    AGGREGATED,
    Group,
    GroupVersion,
    OldResources,
    Root,
    from_group,
    from_old,
)
from jamie_kubernetes.kinds import ApiKind

KEPT_SECONDS = 600.0
FRESH_SECONDS = 2.0
"""How old the list may be before an unknown name is worth another look."""

KEPT_FOR = 30
"""Callers whose kinds are kept, besides the one who asked last."""

T = TypeVar("T")


class Read(Protocol):
    """Reads one JSON answer of a cluster."""

    def __call__(self, path: str, answer: type[T], *, accept: str = "") -> Awaitable[T]:
        """Read the path."""
        ...


class ApiKinds:
    """The kinds of one cluster at one moment; `silent` groups did not answer."""

    def __init__(self, kinds: Sequence[ApiKind], silent: Sequence[str], read_at: float) -> None:
        self.kinds = tuple(kinds)
        self.silent = tuple(silent)
        self.read_at = read_at
        self.stale = ""
        self._by_name: dict[str, list[ApiKind]] = {}
        for one in self.kinds:
            for name in one.names:
                self._by_name.setdefault(name, []).append(one)

    @property
    def seconds(self) -> float:
        """Tell how old this is."""
        return time.monotonic() - self.read_at

    @property
    def names(self) -> Iterable[str]:
        """Return the names to offer: plurals and short ones."""
        return {name for one in self.kinds for name in (one.kind.plural, *one.shorts)}

    def named(self, text: str) -> list[ApiKind]:
        """Find kinds as kubectl does: `certs`, `Certificate`, `certificates.v1.cert-manager.io`.

        The first one is what kubectl takes.
        """
        name, _, rest = text.lower().partition(".")
        found = self._by_name.get(name, [])
        version, _, group = rest.partition(".")

        return [
            one
            for one in found
            if rest in ("", one.group) or (version, group) == (one.version, one.group)
        ]


class Discovery:
    """Finds kinds, and remembers them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._kept: dict[Hashable, ApiKinds] = {}

    async def kinds(self, where: Hashable, *, older_than: float = KEPT_SECONDS) -> ApiKinds:
        """Return the kinds of the cluster, read anew when older than so many seconds.

        `where` names what they are kept for: a URL, and for whom it was asked. Where they cannot be
        read anew the older answer comes back, and `stale` says why.

        Raises:
            BackendError: They cannot be read, and never were.

        """
        kept = self._kept.get(where)
        if kept and kept.seconds < older_than:
            return kept

        try:
            fresh = await self._discovered()
        except (Unreachable, Denied) as exc:
            if kept is None:
                raise
            kept.stale = str(exc)
            return kept

        others = [(key, known) for key, known in self._kept.items() if key != where]
        self._kept = {**dict(others[-KEPT_FOR:]), where: fresh}
        return fresh

    async def _discovered(self) -> ApiKinds:
        core, others = await together(partial(self._root, "/api"), partial(self._root, "/apis"))
        if core.kind != "APIGroupDiscoveryList" or others.kind != core.kind:
            return await self._one_by_one(core, others)

        groups = [*(core.items or ()), *(others.items or ())]
        silent = [one.metadata.name for one in groups if _is_silent(one)]
        kinds = [kind for group in groups for kind in from_group(group)]

        return ApiKinds(kinds, silent, time.monotonic())

    async def _root(self, path: str) -> Root:
        return await self._read(path, Root, accept=AGGREGATED)

    async def _one_by_one(self, core: Root, others: Root) -> ApiKinds:
        versions = [
            *(GroupVersion(one, one) for one in core.versions),
            *(version for group in others.groups for version in group.ordered),
        ]
        found = await together(*(partial(self._old, one) for one in versions))
        read = zip(versions, found, strict=True)
        kinds = {
            (kind.group, kind.kind.plural): kind
            for version, old in reversed(list(read))
            for kind in from_old(version, old)
        }
        silent = [
            version.group_version
            for version, old in zip(versions, found, strict=True)
            if not old.resources
        ]
        return ApiKinds([*reversed(kinds.values())], silent, time.monotonic())

    async def _old(self, version: GroupVersion) -> OldResources:
        try:
            return await self._read(version.root, OldResources)
        except BackendError:
            # One extension that is down must not hide the other kinds; it is named.
            return OldResources()


def _is_silent(group: Group) -> bool:
    return any(one.freshness == "Stale" for one in group.versions)
