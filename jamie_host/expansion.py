"""`${VAR}` in settings files."""

import re
from collections.abc import Mapping

VARIABLE = re.compile(r"\$\{(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
UNKNOWN = re.compile(r"\$\{(?P<what>input|workspaceFolder|userHome)[^}]*\}")


class UnsetError(Exception):
    """Name a variable that a settings file uses and that has no value."""


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put values for `${VAR}`, `${VAR:-default}` and `${env:VAR}`.

    Raises UnsetError for a variable without value and default, and for an editor's `${input:...}`.
    """
    if hit := UNKNOWN.search(text):
        raise UnsetError(f"{hit[0]} is known to an editor only; write the value or ${{VARIABLE}}")
    return VARIABLE.sub(lambda hit: _value(hit, variables), text)


def _value(hit: re.Match[str], variables: Mapping[str, str]) -> str:
    value = variables.get(hit["name"]) or hit["default"]
    if value is None:
        raise UnsetError(f"the variable {hit['name']} is not set")
    return value
