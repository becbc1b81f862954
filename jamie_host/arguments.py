"""`key=value` words into tool arguments, by the tool's own schema."""

import json
from collections.abc import Iterable, Mapping
from typing import cast

from jamie_host.errors import ConfigError

Schema = Mapping[str, object]

TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_arguments(
    words: Iterable[str], given: str, schema: Schema, tool: str
) -> dict[str, object]:
    """Read arguments from `--args` JSON and `key=value` words; the words win.

    Raises ConfigError for what is not an argument.
    """
    found = _object(given) if given else {}
    fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ConfigError(
                f"{word!r} is not key=value. {tool} takes: {', '.join(fields) or 'nothing'}."
            )
        found[key] = _value(value, fields.get(key, {}), key)
    return found


def _object(text: str) -> dict[str, object]:
    try:
        found: object = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ConfigError(f"--args is not JSON: {exc}.") from exc
    if not isinstance(found, dict):
        raise ConfigError("--args must be a JSON object, like '{\"limit\": 5}'.")
    return cast("dict[str, object]", found)


def _value(text: str, field: Schema, key: str) -> object:
    kinds = _kinds(field)
    if not kinds or "string" in kinds:
        return text
    try:
        return _typed(text, kinds)
    except (ValueError, KeyError) as exc:
        raise ConfigError(f"{key}={text}: expected {' or '.join(sorted(kinds))}.") from exc


def _typed(text: str, kinds: set[str]) -> object:
    if "boolean" in kinds:
        return TRUTHS[text.lower()]
    if "array" in kinds and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if kinds & {"array", "object"}:
        return cast("object", json.loads(text))
    return int(text) if kinds == {"integer"} else float(text)


def _kinds(field: Schema) -> set[str]:
    """List the JSON types a field takes, whichever way its schema says so."""
    said = field.get("type")
    kinds = {said} if isinstance(said, str) else set(cast("list[str]", said or []))
    arms = cast("list[Schema]", field.get("anyOf", []))
    return (kinds | {kind for arm in arms for kind in _kinds(arm)}) - {"null"}
