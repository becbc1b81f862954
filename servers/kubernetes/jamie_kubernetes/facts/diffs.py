"""Changed fields as lines to read, secrets as marks."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jamie_base.secret_words import names_secret
from jamie_base.text import count, shorten
from jamie_kubernetes.client.sending import NOW, Object
from jamie_kubernetes.facts.fields import Field, Path

LINES = 24
VALUE_CELLS = 160

_SECRET_FIELDS = ("data", "stringData")
_LEFT_OUT: dict[Path, str] = {("spec", "replicas"): "0"}
"""What a field means that the API server leaves out: a scale of nothing has no replicas."""


class Marker(Protocol):
    """Turns a secret into its mark, and hides the secrets inside other values."""

    def value(self, secret: str) -> str:
        """Return the mark of a secret."""
        ...

    def fields(self, mapping: Object) -> Object:
        """Return a mapping without its secrets."""
        ...


def lines_of(
    fields: Sequence[Field], kind: str, marker: Marker, limit: int = LINES, *, new: bool = False
) -> tuple[str, ...]:
    """Show each field before and after, of a new object after; many are cut and counted."""
    shown = [_line(one, kind, marker, new=new) for one in fields[:limit]]
    more = len(fields) - limit

    return (*shown, *([f"... and {count('more field', more)}"] if more > 0 else []))


def touched_of(fields: Sequence[Field], kind: str, marker: Marker) -> dict[str, str]:
    """Return the fields as they were, for comparing and for telling."""
    return {one.name: value_of(one, one.before, kind, marker, there=one.had) for one in fields}


def value_of(field: Field, value: object, kind: str, marker: Marker, *, there: bool) -> str:
    """Show one value of a field."""
    if not there:
        return _LEFT_OUT.get(field.path, "(none)")
    if value == NOW:
        return "(now)"
    if is_secret(field, kind):
        return marker.value(value if isinstance(value, str) else _json(value))

    key = field.path[-1]
    clean = marker.fields({key: value})[key]
    return clean if isinstance(clean, str) else _json(clean)


def is_secret(field: Field, kind: str) -> bool:
    """Tell whether the value of a field is secret whatever it looks like."""
    if kind == "Secret" and field.path[0] in _SECRET_FIELDS:
        return True

    return any(names_secret(step.strip("[]")) for step in field.path[-2:])


def _line(field: Field, kind: str, marker: Marker, *, new: bool) -> str:
    before = value_of(field, field.before, kind, marker, there=field.had)
    after = value_of(field, field.after, kind, marker, there=field.has)

    # Not `password: ...`: whoever redacts the whole text would take the line for one secret.
    name = f"{field.name} (a secret)" if is_secret(field, kind) else field.name

    return f"{name}: {_fit(after)}" if new else f"{name}: {_fit(before)} -> {_fit(after)}"


def _fit(text: str) -> str:
    return shorten(" ".join(text.split()), VALUE_CELLS, middle=True) or '""'


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
