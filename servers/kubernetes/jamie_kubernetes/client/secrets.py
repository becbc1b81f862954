"""Secrets as the server prints them, by name and type, and the public part of certificates."""

import msgspec

SECRET_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
"""A server that cannot print must not answer with the Secret itself."""

NO_OBJECT = (("includeObject", "None"),)


class _Column(msgspec.Struct, frozen=True):
    name: str = ""


class _Row(msgspec.Struct, frozen=True):
    cells: tuple[object, ...] = ()


class SecretTable(msgspec.Struct, frozen=True, rename="camel"):
    """One Secret, printed."""

    column_definitions: tuple[_Column, ...] = ()
    rows: tuple[_Row, ...] = ()

    @property
    def type(self) -> str:
        """Return its type."""
        names = [one.name for one in self.column_definitions]
        place = names.index("Type") if "Type" in names else -1
        return str(self.rows[0].cells[place]) if place >= 0 and self.rows else "unknown"


class _Public(msgspec.Struct, frozen=True):
    """The certificate in base64 of PEM; the key beside it is not decoded."""

    certificate: str = msgspec.field(default="", name="tls.crt")


class TlsSecret(msgspec.Struct, frozen=True):
    """A Secret with a certificate."""

    data: _Public = _Public()
