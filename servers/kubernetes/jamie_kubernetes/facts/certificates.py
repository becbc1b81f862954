"""When a certificate ends and for whom it is, read from the certificate itself.

No library of ours reads X.509, and of its structure (RFC 5280) only this is wanted: an element of
DER is a tag, a length and a body, and what a certificate holds comes in a fixed order.
"""

import base64
import binascii
import re
from datetime import UTC, datetime

import msgspec

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_LONG = 0x80
_VERSION, _EXTENSIONS, _NAME = 0xA0, 0xA3, 0x82
_TIMES = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")


class Certificate(msgspec.Struct, frozen=True):
    """From when until when a certificate is good, and for which hosts."""

    begins: datetime
    ends: datetime
    hosts: tuple[str, ...] = ()


def certificate_in(pem: str) -> Certificate | None:
    """Read the first certificate of a PEM text in base64, the server's own; None: there is none."""
    try:
        block = _BLOCK.search(base64.b64decode(pem))
        return _read(base64.b64decode(block[1])) if block else None
    except (binascii.Error, IndexError, StopIteration, UnicodeDecodeError, ValueError):
        return None


def is_for(host: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether a certificate's names cover a host; `*` stands for one label."""
    wide = f"*.{host.partition('.')[2]}"
    return any(one.lower() in (host.lower(), wide.lower()) for one in hosts)


def _read(der: bytes) -> Certificate:
    signed = _elements(_elements(der)[0][1])[0][1]
    parts = [one for one in _elements(signed) if one[0] != _VERSION]
    _serial, _algorithm, _issuer, (_, validity), *rest = parts
    begins, ends = (_instant(tag, body) for tag, body in _elements(validity))
    extensions = next((body for tag, body in rest if tag == _EXTENSIONS), b"")

    return Certificate(begins, ends, _hosts(extensions))


def _instant(tag: int, body: bytes) -> datetime:
    return datetime.strptime(body.decode(), _TIMES.get(tag, "")).replace(tzinfo=UTC)


def _hosts(extensions: bytes) -> tuple[str, ...]:
    for _, listed in _elements(extensions):
        for _, one in _elements(listed):
            (_, kind), *_, (_, value) = _elements(one)
            if kind == _ALTERNATIVE_NAMES:
                names = _elements(_elements(value)[0][1])
                return tuple(body.decode() for tag, body in names if tag == _NAME)

    return ()


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Return the tags and bodies of the elements that stand one after the other."""
    found: list[tuple[int, bytes]] = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & _LONG:
            start += length & ~_LONG
            length = int.from_bytes(data[2:start])
        if start + length > len(data):
            raise ValueError("cut off")
        found.append((tag, data[start : start + length]))
        data = data[start + length :]

    return found
