"""What a request is about, read off its path: the resource, its namespace, its name."""

from urllib.parse import unquote

import msgspec

NAMESPACES = ("", "namespaces")

Resource = tuple[str, str]
"""An API group, empty for the core, and a plural."""

_OF_NAMESPACE = ("status", "finalize")


class Address(msgspec.Struct, frozen=True):
    """A resource of the API: a list of it, an object, or what hangs below one."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    below: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return the resource as people write it: `certificates.cert-manager.io`."""
        group, plural = self.resource
        return f"{plural}.{group}" if "." in group else plural


def address_of(path: str) -> Address | None:
    """Read a path as it is sent; None for what is no resource: discovery, versions, health."""
    parts = [unquote(part) for part in path.partition("?")[0].split("/") if part]
    match parts:
        case ["api", _, *rest]:
            return _address("", rest)
        case ["apis", group, _, *rest]:
            return _address(group, rest)
        case _:
            return None


def _address(group: str, parts: list[str]) -> Address | None:
    # The old form of watching is still served.
    match parts[1:] if parts[:1] == ["watch"] else parts:
        case ["namespaces", name, below] if not group and below in _OF_NAMESPACE:
            return Address(NAMESPACES, name=name, below=(below,))
        case ["namespaces", namespace, plural, *rest]:
            return Address((group, plural), namespace, rest[0] if rest else "", tuple(rest[1:]))
        case [plural, *rest]:
            return Address((group, plural), "", rest[0] if rest else "", tuple(rest[1:]))
        case _:
            return None
