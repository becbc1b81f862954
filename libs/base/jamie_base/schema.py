"""Input schemas every host accepts, and argument errors a model can act on.

Hosts and model APIs differ in what JSON Schema they take: no `$ref`, no titles, no null arms.
"""

import copy
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from pydantic import ValidationError

Json = dict[str, Any]

_NAMED_BY_DATA = ("properties", "patternProperties")


def flat(schema: Json) -> Json:
    """Return the schema with definitions inlined and titles and null arms removed.

    A definition that refers to itself ends in `{"type": "object"}`.
    """
    definitions = cast("Mapping[str, Json]", schema.get("$defs", {}))

    return cast("Json", _flat(schema, definitions, ()))


def _flat(node: Any, definitions: Mapping[str, Json], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_flat(item, definitions, inside) for item in cast("list[Any]", node)]

    if not isinstance(node, dict):
        return node

    schema = cast("Json", node)
    if "$ref" in schema:
        return _inlined(schema, definitions, inside)

    return _without_null(
        {
            key: _each(value, definitions, inside)
            if key in _NAMED_BY_DATA
            else _flat(value, definitions, inside)
            for key, value in schema.items()
            if key not in ("title", "$defs")
        }
    )


def _each(schemas: Json, definitions: Mapping[str, Json], inside: tuple[str, ...]) -> Json:
    return {name: _flat(schema, definitions, inside) for name, schema in schemas.items()}


def _inlined(schema: Json, definitions: Mapping[str, Json], inside: tuple[str, ...]) -> Any:
    name = str(schema["$ref"]).removeprefix("#/$defs/")
    if name in inside or name not in definitions:
        return {"type": "object"}

    siblings = {key: value for key, value in schema.items() if key != "$ref"}

    return _flat({**copy.deepcopy(definitions[name]), **siblings}, definitions, (*inside, name))


def _without_null(schema: Json) -> Json:
    arms = [arm for arm in schema.get("anyOf", ()) if arm != {"type": "null"}]
    if len(arms) != 1:
        return schema

    merged = {**arms[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    if merged.get("default", "") is None:
        del merged["default"]

    return merged


def explain(tool: str, schema: Json, error: ValidationError) -> str:
    """Say what is wrong with a call's arguments, one sentence an argument."""
    known = list(cast("Json", schema.get("properties", {})))

    return " ".join(_sentence(tool, known, problem) for problem in error.errors())


def _sentence(tool: str, known: Sequence[str], problem: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"]) or "arguments"
    if problem["type"] == "extra_forbidden":
        return f"{tool} has no argument {name!r}.{_nearest(name, known)}"

    if problem["type"] == "missing":
        return f"{tool} needs the argument {name!r}."

    reason = str(problem["msg"]).removeprefix("Value error, ")

    return f"Argument {name!r} = {_shown(problem['input'])}: {_lower(reason)}."


def _nearest(name: str, known: Sequence[str]) -> str:
    if near := get_close_matches(name, known, n=1, cutoff=0.6):
        return f" Did you mean {near[0]!r}?"

    return f" It takes {', '.join(known)}." if known else " It takes none."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
