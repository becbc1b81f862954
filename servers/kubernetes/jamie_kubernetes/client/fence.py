"""What this server may reach: the namespaces and kinds its settings allow or deny.

Every request passes it where it leaves, whichever tool sends it. It knows nothing of what the
credentials may do: that is the API server's to say.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import httpx
import msgspec

from jamie_base.errors import UNREADABLE
from jamie_kubernetes.client.address import NAMESPACES, Address, address_of
from jamie_kubernetes.client.bounds import BadLimits, Kinds, OffLimits, Spaces
from jamie_kubernetes.client.sending import text_at
from jamie_kubernetes.kinds import Kind
from jamie_kubernetes.settings import Settings

Leave = Literal["none", "list", "names"]

_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")
_leave: ContextVar[Leave] = ContextVar("leave", default="none")


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


def _check_made(spaces: Spaces, request: httpx.Request) -> None:
    """Check the namespace that a request would make."""
    name = text_at(_json(request), "metadata", "name")
    if not name:
        raise OffLimits("A namespace without a name is", spaces.words(), "namespace")

    spaces.check(name)


def _json(request: httpx.Request) -> object:
    try:
        return msgspec.json.decode(request.content)
    except UNREADABLE:
        return None
