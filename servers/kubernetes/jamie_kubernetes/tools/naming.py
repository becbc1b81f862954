"""What a caller means by `deploy/web`, `certs`, `certificates.cert-manager.io`."""

import re

import msgspec

from jamie_base.errors import InvalidArgument, NotFound, did_you_mean
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.discovery import FRESH_SECONDS, ApiKinds
from jamie_kubernetes.kinds import NAME, ApiKind, Kind, static_kind
from jamie_signals.similar import nearest

_PARTS = re.compile(r"\s*[/\s]\s*")


class Wanted(msgspec.Struct, frozen=True):
    """A kind, and the name of one object where one is meant."""

    kind: Kind
    name: str = ""
    stale: str = ""


async def wanted(cluster: Cluster, text: str) -> Wanted:
    """Find what a caller names: a kind, or `kind/name`.

    Raises:
        InvalidArgument: It is no name.
        NotFound: The cluster has no such kind; the nearest are offered.

    """
    parts = _PARTS.split(text.strip())
    if len(parts) > 2 or not all(NAME.fullmatch(part) for part in parts):
        raise InvalidArgument(
            f"{text[:80]!r} is neither a kind nor an object; write pods, deploy/web or"
            " certificates.cert-manager.io, one at a time."
        )

    kind, stale = await kind_of(cluster, parts[0])
    return Wanted(kind, parts[1] if len(parts) > 1 else "", stale)


async def kind_of(cluster: Cluster, text: str) -> tuple[Kind, str]:
    """Find a kind, and say why what we know of the kinds may be out of date, where it may.

    Raises:
        NotFound: The cluster has none of that name; the nearest are offered.

    """
    if known := static_kind(text):
        return known, ""

    api, kinds = await api_kind_of(cluster, text)
    return api.kind, stale_words(kinds)


async def api_kind_of(cluster: Cluster, text: str) -> tuple[ApiKind, ApiKinds]:
    """Find a kind with what may be done with it.

    Raises:
        NotFound: The cluster has none of that name; the nearest are offered.

    """
    kinds = await cluster.kinds()
    found = kinds.named(text)
    if not found:
        # It may be newer than what we know.
        kinds = await cluster.kinds(older_than=FRESH_SECONDS)
        found = kinds.named(text)
    if not found:
        raise NotFound(_unknown(cluster, text, kinds))

    return found[0], kinds


def stale_words(kinds: ApiKinds) -> str:
    """Say why the kinds may be out of date; nothing where they are not."""
    if not kinds.stale:
        return ""

    return f"API kinds as of {kinds.seconds / 60:.0f} min ago; reading them again failed"


def _unknown(cluster: Cluster, text: str, kinds: ApiKinds) -> str:
    name, dot, _ = text.partition(".")
    full = [one.full for one in kinds.kinds]
    near = nearest(text, full) if dot else nearest(name.lower(), kinds.names)
    silent = (
        f" {', '.join(kinds.silent[:3])} does not answer, so its kinds are not known."
        if kinds.silent
        else ""
    )
    return (
        f"{cluster.access.context!r} has no kind {text[:80]!r}.{did_you_mean(near)}{silent}"
        " k8s_get what=kinds lists all; an object is kind/name, as in deploy/web."
    )
