"""When a certificate ends and for whom it is, read from the certificate itself."""

import base64
from datetime import datetime

import msgspec
from cryptography import x509

_ODD = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


class Certificate(msgspec.Struct, frozen=True):
    """From when until when a certificate is good, and for which hosts."""

    begins: datetime
    ends: datetime
    hosts: tuple[str, ...] = ()


def certificate_in(pem: str) -> Certificate | None:
    """Read the first certificate of a PEM text in base64, the server's own; None: there is none."""
    try:
        found = x509.load_pem_x509_certificate(base64.b64decode(pem))
        return Certificate(found.not_valid_before_utc, found.not_valid_after_utc, _hosts(found))
    except (ValueError, *_ODD):
        return None


def is_for(host: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether a certificate's names cover a host; `*` stands for one label."""
    wide = f"*.{host.partition('.')[2]}"
    return any(one.lower() in (host.lower(), wide.lower()) for one in hosts)


def _hosts(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()

    return tuple(names.value.get_values_for_type(x509.DNSName))
