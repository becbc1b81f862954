"""Which namespaces and kinds the settings let this server reach, by names and patterns."""

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Literal

from jamie_base.errors import BackendError, did_you_mean
from jamie_base.text import join_words
from jamie_kubernetes.client.address import Resource
from jamie_kubernetes.client.discovery import ApiKinds
from jamie_kubernetes.kinds import static_kind
from jamie_signals.similar import nearest

About = Literal["namespace", "kind"]

SHOWN = 8

_METRICS = "metrics.k8s.io"
_TWINS: tuple[frozenset[Resource], ...] = (
    frozenset({("", "events"), ("events.k8s.io", "events")}),
    *(frozenset({("", one), (_METRICS, one)}) for one in ("pods", "nodes")),
    frozenset({("networking.k8s.io", "ingresses"), ("extensions", "ingresses")}),
    *(
        frozenset({("apps", one), ("extensions", one)})
        for one in ("deployments", "daemonsets", "replicasets")
    ),
)
"""Resources that show the same objects: who may not see the one may not see the other."""


class BadLimits(BackendError):
    """Our own settings name a kind that the cluster does not have: nothing is done."""


class OffLimits(BackendError):
    """Our own settings do not allow it; the cluster was not asked."""

    def __init__(self, what: str, why: str, about: About) -> None:
        super().__init__(f"{what} off limits here: {why}.")
        self.why = why
        self.about: About = about


class Spaces:
    """Which namespaces are in reach, by names and patterns; what is denied wins."""

    def __init__(self, allowed: Sequence[str], denied: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        self.denied = tuple(denied)
        self._allowed = [re.compile(translate(one)) for one in allowed]
        self._denied = [(one, re.compile(translate(one))) for one in denied]

    @property
    def limited(self) -> bool:
        """Tell whether there are any limits."""
        return bool(self.allowed or self.denied)

    @property
    def patterns(self) -> bool:
        """Tell whether names alone do not say which namespaces are meant."""
        return any(is_pattern(one) for one in self.allowed or self.denied)

    def reachable(self, namespace: str) -> bool:
        """Tell whether a namespace is in reach."""
        return not self._why_not(namespace)

    def check(self, namespace: str) -> None:
        """Raise OffLimits when a namespace is not in reach."""
        if why := self._why_not(namespace):
            raise OffLimits(f"Namespace {namespace[:80]!r} is", why, "namespace")

    def words(self) -> str:
        """Say which namespaces are read."""
        without = f" without {listed(self.denied)} (--deny-namespace)" if self.denied else ""
        if self.allowed:
            return f"only {listed(self.allowed)} (--allow-namespace){without}"

        return f"all{without}"

    def _why_not(self, namespace: str) -> str:
        for text, pattern in self._denied:
            if pattern.match(namespace):
                return f"--deny-namespace {text}"
        if self.allowed and not any(one.match(namespace) for one in self._allowed):
            return f"--allow-namespace allows only {listed(self.allowed)}"

        return ""


class Kinds:
    """Which kinds are in reach, by any name kubectl takes; what is denied wins."""

    def __init__(self, allowed: Sequence[str], denied: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        self.denied = tuple(denied)
        self._allowed: dict[Resource, str] = {}
        self._denied: dict[Resource, str] = {}
        self.unsettled = [
            *_known(self.allowed, self._allowed, "--allow-kind"),
            *_known(self.denied, self._denied, "--deny-kind"),
        ]

    def settle(self, kinds: ApiKinds, where: str) -> None:
        """Find the kinds that only the cluster knows.

        Raises:
            BadLimits: It has none of such a name.

        """
        for flag, name in self.unsettled:
            into = self._allowed if flag == "--allow-kind" else self._denied
            _note(into, _resource_of(kinds, flag, name, where), name)
        self.unsettled = []

    def why_not(self, resource: Resource) -> str:
        """Say which setting keeps a resource out of reach; nothing when it is not."""
        if name := self._denied.get(resource):
            return f"--deny-kind {name}"
        if self.allowed and resource not in self._allowed:
            return f"--allow-kind allows only {listed(self.allowed)}"

        return ""

    def words(self) -> str:
        """Say which kinds are read and written."""
        without = f" without {listed(self.denied)} (--deny-kind)" if self.denied else ""
        if self.allowed:
            return f"only {listed(self.allowed)} (--allow-kind){without}"

        return f"all{without}"


def is_pattern(text: str) -> bool:
    """Tell a pattern from a name."""
    return any(mark in text for mark in "*?[")


def listed(names: Sequence[str]) -> str:
    """Name a few, and count the rest."""
    rest = len(names) - SHOWN
    return join_words([*names[:SHOWN], *([f"{rest} more"] if rest > 0 else [])])


def _known(names: Sequence[str], into: dict[Resource, str], flag: str) -> list[tuple[str, str]]:
    """Note the kinds that need no cluster to be known; return the others."""
    unknown: list[tuple[str, str]] = []
    for name in names:
        if kind := static_kind(name):
            _note(into, (kind.group, kind.plural), name)
        else:
            unknown.append((flag, name))

    return unknown


def _note(into: dict[Resource, str], resource: Resource, name: str) -> None:
    for same in next((twins for twins in _TWINS if resource in twins), frozenset({resource})):
        into[same] = name


def _resource_of(kinds: ApiKinds, flag: str, name: str, where: str) -> Resource:
    if found := kinds.named(name):
        return found[0].group, found[0].kind.plural

    plural, _, rest = name.lower().partition(".")
    group = re.sub(r"^v\d\w*\.", "", rest)
    near = nearest(name, [one.full for one in kinds.kinds] if rest else kinds.names)
    if "." in group and not near and group not in {one.group for one in kinds.kinds}:
        # Extensions come and go, and not every cluster has each.
        return group, plural

    raise BadLimits(
        f"{flag} names {name!r}, and {where!r} has no such kind: nothing is done until that is"
        f" mended.{did_you_mean(near)}"
    )
