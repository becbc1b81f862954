"""Helm releases as Helm keeps them: in Secrets or ConfigMaps, JSON in gzip in base64.

Nobody promises what is inside: what it unpacks to is bounded, and only a few fields are looked at.
"""

import base64
import zlib

import msgspec

from jamie_base.errors import BackendError, TooMuch
from jamie_kubernetes.client.managed import ManagedMeta
from jamie_kubernetes.client.sending import Object

LARGEST_BYTES = 32 * 1024 * 1024
"""What a release may unpack to; etcd keeps at most 1.5 MB of it packed."""

_GZIP = b"\x1f\x8b\x08"


class _Wire(msgspec.Struct, frozen=True):
    pass


class ReleaseInfo(_Wire, frozen=True):
    """What became of a revision."""

    status: str = ""
    description: str = ""


class ChartMetadata(_Wire, frozen=True, rename="camel"):
    """Which chart."""

    name: str = ""
    version: str = ""
    app_version: str = ""


class Chart(_Wire, frozen=True):
    """The chart of a release; its templates are not looked at."""

    metadata: ChartMetadata | None = None


class Release(_Wire, frozen=True):
    """One revision of a release: chart, the values somebody gave, the objects it made."""

    name: str = ""
    namespace: str = ""
    version: int = 0
    info: ReleaseInfo | None = None
    chart: Chart | None = None
    config: Object | None = None
    manifest: str = ""


class KeptRelease(_Wire, frozen=True):
    """The Secret or ConfigMap that keeps one revision."""

    metadata: ManagedMeta
    data: dict[str, str] = {}


def unpacked(kept: KeptRelease, *, secret: bool) -> Release:
    """Unpack a revision; in a Secret the API puts base64 around what Helm wrote.

    Raises:
        BackendError: It is not what Helm writes.
        TooMuch: It unpacks to more than we read.

    """
    try:
        packed = kept.data.get("release", "").encode()
        packed = base64.b64decode(packed, validate=True) if secret else packed
        inner = base64.b64decode(packed, validate=True)
        text = _gunzipped(inner, kept.metadata.name) if inner.startswith(_GZIP) else inner
        return msgspec.json.decode(text, type=Release)
    except (ValueError, zlib.error, RecursionError) as exc:
        raise BackendError(
            f"{kept.metadata.name} does not hold a Helm release as Helm writes it ({exc})."
        ) from exc


def _gunzipped(packed: bytes, name: str) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    text = unpack.decompress(packed, LARGEST_BYTES)
    if unpack.unconsumed_tail:
        raise TooMuch(f"{name} unpacks to over {LARGEST_BYTES // 1024 // 1024} MiB; not read.")

    return text
