"""Reading TOML and JSON settings files, with errors that name the place."""

import json
import re
import tomllib
from pathlib import Path
from typing import cast

from jamie_host.errors import ConfigError

KINDS: dict[type[object], str] = {
    dict: "a table",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "nothing",
}

COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
TRAILING_COMMA_OR_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])')


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file.

    Raises ConfigError when it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path}: not valid TOML: {exc}. Correct that place.") from exc


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; comments and trailing commas are let through, as VS Code does.

    Raises ConfigError when it cannot be read, is not JSON, or is not an object.
    """
    try:
        found: object = json.loads(_plain_json(_text(path)))
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise ConfigError(
            f"{path}: not valid JSON: {exc.msg} at {place}. Correct that place."
        ) from exc
    return table(found, f"{path}")


def table(found: object, where: str) -> dict[str, object]:
    """Check that a value is a table with text keys.

    Raises ConfigError naming where it stands.
    """
    if not isinstance(found, dict):
        raise ConfigError(f"{where}: expected a table of keys and values, got {kind(found)}.")
    return {str(key): value for key, value in cast("dict[object, object]", found).items()}


def kind(found: object) -> str:
    """Name the kind of a value the way a person would."""
    return KINDS.get(type(found), type(found).__name__)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: not UTF-8 text. Save it as UTF-8.") from exc
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise ConfigError(f"{path}: cannot be read: {reason}. Check the path.") from exc


def _plain_json(text: str) -> str:
    """Blank comments and trailing commas, keeping every line where it was."""
    bare = COMMENT_OR_STRING.sub(_blank_comment, text)
    return TRAILING_COMMA_OR_STRING.sub(lambda hit: "" if hit[0] == "," else hit[0], bare)


def _blank_comment(hit: re.Match[str]) -> str:
    return hit[0] if hit[0].startswith('"') else re.sub(r"[^\n]", " ", hit[0])
