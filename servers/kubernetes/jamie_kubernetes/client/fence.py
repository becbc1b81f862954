"""What this server may reach: the namespaces and kinds its settings allow or deny.

Every request passes it where it leaves, whichever tool sends it. It knows nothing of what the
credentials may do: that is the API server's to say.
"""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import translate
from typing import Literal

import httpx
import msgspec

from jamie_base.errors import BackendError, did_you_mean
from jamie_base.text import join_words
from jamie_kubernetes.client.address import NAMESPACES, Address, Resource, address_of
from jamie_kubernetes.client.discovery import ApiKinds
from jamie_kubernetes.client.sending import text_at
from jamie_kubernetes.kinds import Kind, static_kind
from jamie_kubernetes.settings import Settings
from jamie_signals.similar import nearest

About = Literal["namespace", "kind"]
Leave = Literal["none", "list", "names"]

SHOWN = 8

_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")
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

_leave: ContextVar[Leave] = ContextVar("leave", default="none")


class BadLimits(BackendError):
    """Our own settings name a kind that the cluster does not have: nothing is done."""


class OffLimits(BackendError):
    """Our own settings do not allow it; the cluster was not asked."""

    def __init__(self, what: str, why: str, about: About) -> None:
        super().__init__(f"{what} off limits here: {why}.")
        self.why = why
        self.about: About = about


@contextmanager
def leave(what: Leave) -> Generator[None]:
    """Let the lists read in this block through, though they name no namespace.

    `list`: they are of the whole cluster by nature, or the reader leaves out what is off limits.
    `names`: we look ourselves which namespaces there are.
    """
    token = _leave.set(what)
    try:
        yield
    finally:
        _leave.reset(token)


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


class Fence:
    """The limits of one cluster, as the settings draw them."""

    def __init__(self, settings: Settings) -> None:
        self.spaces = Spaces(settings.allow_namespace, settings.deny_namespace)
        self.kinds = Kinds(settings.allow_kind, settings.deny_kind)

    @property
    def words(self) -> tuple[str, ...]:
        """Say what the limits are, a line each."""
        spaces, kinds = self.spaces, self.kinds
        return (
            *([f"namespaces: {spaces.words()}"] if spaces.limited else []),
            *([f"kinds: {kinds.words()}"] if kinds.allowed or kinds.denied else []),
        )

    def has(self, kind: Kind) -> bool:
        """Tell whether a kind is in reach, as far as is known before its first use."""
        return not self.kinds.why_not((kind.group, kind.plural))

    def check(self, request: httpx.Request, base: str) -> None:
        """Let a request pass or not; `base` is the path of the API server's own URL.

        Raises:
            OffLimits: It is about a namespace or kind that is not in reach.

        """
        address = address_of(request.url.raw_path.decode().removeprefix(base))
        if address is None:
            return
        if self.kinds.unsettled:
            raise BadLimits("The limits of this server are not settled yet; ask again.")
        if address.resource[0] in _REVIEWS:
            self._check_review(request, address)
            return

        self._check_space(request, address)
        if _leave.get() != "names":
            self.check_kind(address)

    def check_kind(self, address: Address) -> None:
        """Raise OffLimits when a kind is not in reach."""
        if why := self.kinds.why_not(address.resource):
            words = address.words
            raise OffLimits(f"{words[:1].upper()}{words[1:]} are", why, "kind")

    def _check_space(self, request: httpx.Request, address: Address) -> None:
        if not self.spaces.limited:
            return
        if address.resource == NAMESPACES and address.name:
            self.spaces.check(address.name)
        elif address.resource == NAMESPACES and request.method == "POST":
            _check_made(self.spaces, request)
        elif address.namespace:
            self.spaces.check(address.namespace)
        elif address.below[:1] == ("proxy",):
            raise OffLimits(
                f"What {address.words} answer themselves, for all namespaces, is",
                self.words[0],
                "namespace",
            )
        elif not address.name and request.method != "POST" and _leave.get() == "none":
            raise OffLimits(
                f"{address.words} of all namespaces at once are", self.words[0], "namespace"
            )

    def _check_review(self, request: httpx.Request, address: Address) -> None:
        body = _json(request)
        asked = (
            address.namespace,
            text_at(body, "spec", "namespace"),
            text_at(body, "spec", "resourceAttributes", "namespace"),
        )
        for namespace in filter(None, asked):
            self.spaces.check(namespace)


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


def _check_made(spaces: Spaces, request: httpx.Request) -> None:
    """Check the namespace that a request would make."""
    name = text_at(_json(request), "metadata", "name")
    if not name:
        raise OffLimits("A namespace without a name is", spaces.words(), "namespace")

    spaces.check(name)


def _json(request: httpx.Request) -> object:
    try:
        return msgspec.json.decode(request.content)
    except msgspec.DecodeError:
        return None
