"""Settings from flags and the environment, and what is wrong with them in words.

A value is repeated only where it cannot be a secret.
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_settings import CliApp, SettingsError

from jamie_base.errors import did_you_mean
from jamie_base.redact import Redactor
from jamie_base.settings import ServerSettings

SettingsT = TypeVar("SettingsT", bound=ServerSettings)

_SERVICE_LINK = re.compile(r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP)(_\w+)?)$")
"""What Kubernetes puts into every pod for a Service named like this server."""


class BadSettings(Exception):
    """Settings this server cannot start with; `problems` holds a sentence for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


def parse(settings_type: type[SettingsT], arguments: Sequence[str]) -> SettingsT:
    """Read the settings.

    Raises:
        BadSettings: A flag or variable is unknown, malformed or out of range.
        SystemExit: `--help` was asked for and shown.

    """
    if {"-h", "--help"} & {*arguments}:
        from jamie_base.help_text import show_help  # no start needs it

        show_help(settings_type)
    try:
        return CliApp.run(
            settings_type,
            cli_args=[*arguments],
            cli_exit_on_error=False,
            cli_show_env_vars=True,
        )
    except ValidationError as exc:
        problems = [_invalid(settings_type, error) for error in exc.errors()]
    except SettingsError as exc:
        problems = [_unreadable(settings_type, str(exc))]

    raise BadSettings(problems)


def program(settings_type: type[ServerSettings]) -> str:
    """Return the command's name, which is the distribution's: JAMIE_LOKI_ serves as jamie-loki."""
    return _prefix(settings_type).rstrip("_").lower().replace("_", "-")


def strays(settings_type: type[ServerSettings], environment: Mapping[str, str]) -> list[str]:
    """Say which variables look like settings of this server and are none."""
    prefix = _prefix(settings_type)
    known = [prefix + name.upper() for name in settings_type.model_fields]
    given = [
        name
        for name in environment
        if name.startswith(prefix) and not _SERVICE_LINK.fullmatch(name.removeprefix(prefix))
    ]

    unknown = [name for name in given if name.split("__")[0] not in known]

    return [
        f"{name} is no setting and changes nothing."
        f"{did_you_mean(get_close_matches(name, known, n=1))}"
        for name in unknown
    ]


def _invalid(settings_type: type[ServerSettings], error: Mapping[str, Any]) -> str:
    path = [str(part) for part in error["loc"]]
    reason = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    if not path:
        return f"{reason}."

    inside = f", at {'.'.join(path[1:])}" if path[1:] else ""
    value = _shown(settings_type, path, error["input"])

    return f"{_names(settings_type, path[0])}{inside}{value}: {reason[:1].lower()}{reason[1:]}."


def _unreadable(settings_type: type[ServerSettings], message: str) -> str:
    if field := re.search(r'for field "(\w+)"|encountered for (\w+)', message):
        name = field[1] or field[2]
        return f"{_names(settings_type, name)}: not valid JSON, which this setting is written in."

    if words := re.search(r"unrecognized arguments: (.*)", message, re.DOTALL):
        return _unknown(settings_type, words[1].split())

    return f"{message.removeprefix('error parsing CLI: ').rstrip('.')}."


def _unknown(settings_type: type[ServerSettings], words: Sequence[str]) -> str:
    unknown = [word.partition("=")[0] for word in words if word.startswith("-")]
    if not unknown:
        return "Only flags are taken, and something else was given."

    known = [_flag(name) for name in settings_type.model_fields]
    near = [match for word in unknown for match in get_close_matches(word, known, n=1)]

    return f"No such flag: {', '.join(unknown)}.{did_you_mean(near)}"


def _shown(settings_type: type[ServerSettings], path: Sequence[str], value: object) -> str:
    field = settings_type.model_fields.get(path[0])
    secret = field is None or SecretStr.__name__ in str(field.annotation)
    if secret or path[1:] or not isinstance(value, str | int | float):
        return ""

    # Nobody compares this mark with another, so any key does.
    text = Redactor(secrets.token_bytes(32)).text(str(value))

    return f" = {text[:200]!r}"


def _names(settings_type: type[ServerSettings], field: str) -> str:
    return f"{_flag(field)} ({_prefix(settings_type)}{field.upper()})"


def _flag(field: str) -> str:
    return f"--{field.replace('_', '-')}"


def _prefix(settings_type: type[ServerSettings]) -> str:
    return settings_type.model_config.get("env_prefix", "")
