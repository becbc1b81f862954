"""Secrets as the server prints them: their names and types, never what is in them."""

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
