"""When a certificate ends and for whom it is, read from the certificate itself."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import msgspec
from cryptography import x509

from jamie_base.when import Nanoseconds, nanoseconds

EXPIRY_NS = 14 * 86_400 * 1_000_000_000
"""How long before its end a certificate is worth a word."""

RENEWED = 6
"""In what part of its life a certificate should have been renewed: the last one of so many."""

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]{1,100000}-----END CERTIFICATE-----")
_ODD = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


class Certificate(msgspec.Struct, frozen=True):
    """From when until when a certificate is good, and for which hosts."""

    begins: datetime
    ends: datetime
    hosts: tuple[str, ...] = ()

    def left_ns(self, now_ns: Nanoseconds) -> Nanoseconds:
        """Return how long it is still good; below zero: how long it has not been."""
        return nanoseconds(self.ends) - now_ns

    def is_due(self, now_ns: Nanoseconds) -> bool:
        """Tell whether it should have been renewed."""
        life = nanoseconds(self.ends) - nanoseconds(self.begins)
        return self.left_ns(now_ns) < min(EXPIRY_NS, life // RENEWED)


def certificate_in(pem: str) -> Certificate | None:
    """Read the first certificate of a PEM text in base64, the server's own; None: there is none."""
    try:
        return _read(base64.b64decode(pem))
    except (ValueError, *_ODD):
        return None


def certificates_in(pem: str) -> Iterator[Certificate]:
    """Read every certificate of a PEM text in base64; what is none is passed over."""
    try:
        blocks = _BLOCK.findall(base64.b64decode(pem))
    except ValueError:
        return

    for block in blocks:
        with suppress(ValueError, *_ODD):
            yield _read(block)


def is_for(host: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether a certificate's names cover a host; `*` stands for one label."""
    wide = f"*.{host.partition('.')[2]}"
    return any(one.lower() in (host.lower(), wide.lower()) for one in hosts)


def _read(pem: bytes) -> Certificate:
    found = x509.load_pem_x509_certificate(pem)
    return Certificate(found.not_valid_before_utc, found.not_valid_after_utc, _hosts(found))


def _hosts(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()

    return tuple(names.value.get_values_for_type(x509.DNSName))
