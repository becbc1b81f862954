"""Kinds and fields in a few words."""

import re

from jamie_base.text import shorten
from jamie_kubernetes.client.schemas import Schema, type_of
from jamie_kubernetes.facts.paths import written
from jamie_kubernetes.kinds import ApiKind

_DESCRIPTION = 1_200
_LINE = 110
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


def kind_words(one: ApiKind) -> str:
    """Name a kind: its plural, its short names, a star where it is in no namespace."""
    shorts = f" ({','.join(one.shorts)})" if one.shorts else ""
    return f"{one.kind.plural}{'' if one.kind.namespaced else '*'}{shorts}"


def head(schema: Schema) -> list[str]:
    """Say what a field means, which values it takes and which it has by default."""
    values = ", ".join(written(one) for one in schema.enum)
    given = written(schema.default) if schema.default not in (None, {}, "") else ""
    return [
        *(
            [shorten(" ".join(schema.description.split()), _DESCRIPTION)]
            if schema.description
            else []
        ),
        *([f"One of: {values}"] if values else []),
        *([f"Default: {given}"] if given else []),
    ]


def field_line(name: str, schema: Schema, required: bool) -> str:  # a row of a table
    """Show a field inside: name, type, whether it is required, its first sentence."""
    said = " ".join(schema.description.split())
    first = _SENTENCE.match(said)
    must = " required" if required else ""
    about = shorten(first[1] if first else said, _LINE)
    return f"  {name} <{type_of(schema)}>{must} {about}".rstrip()
