"""What `--help` shows: every setting with its variable, in words of people and not of types."""

import re
from argparse import Action, RawDescriptionHelpFormatter
from collections.abc import Callable

from pydantic_settings import BaseSettings, CliSettingsSource

from jamie_base.field_docs import describe

_METAVARS = {
    "tuple[str,...]": "A,B",
    "list[str]": "A,B",
    "dict[str,JSON]": "JSON",
    "dict[str,SecretStr]": "JSON",
    "SecretStr": "SECRET",
    "str": "TEXT",
    "int": "NUMBER",
    "float": "NUMBER",
    "Path": "PATH",
}
_NO_DEFAULT = re.compile(r" \(default(?: factory: \w+|: (?:null|\(\)|\[\]|\{\})?)\)")


def show_help(settings_type: type[BaseSettings]) -> None:
    """Print the help and leave.

    Raises:
        SystemExit: Always.

    """
    describe(settings_type)
    CliSettingsSource(
        settings_type,
        cli_parse_args=["--help"],
        cli_show_env_vars=True,
        formatter_class=_Plain,
    )


class _Plain(RawDescriptionHelpFormatter):
    """Names values by what people write, and says a default only where there is one."""

    def _metavar_formatter(
        self, action: Action, default_metavar: str
    ) -> Callable[[int], tuple[str, ...]]:
        if isinstance(action.metavar, str):
            action.metavar = _METAVARS.get(action.metavar, action.metavar)

        return super()._metavar_formatter(action, default_metavar)

    def _get_help_string(self, action: Action) -> str | None:
        return _NO_DEFAULT.sub("", action.help) if action.help else action.help
