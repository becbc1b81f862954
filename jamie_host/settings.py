"""What the user can set: flags, `JAMIE_*` variables, `jamie.toml`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from jamie_host.complaint import complain
from jamie_host.errors import ConfigError
from jamie_host.files import read_toml

FILE = "jamie.toml"

Table = dict[str, object]
Layers = Sequence[tuple[str, Table]]


class ServerSettings(BaseModel):
    """One MCP server: how to reach it and how far to trust it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    command: str = ""
    """Program to start (stdio)."""
    args: tuple[str, ...] = ()
    """Arguments of the program."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables for the program; `${VAR}` is replaced."""
    cwd: str = ""
    """Folder to start the program in."""
    url: str = ""
    """Address of a running server (http or sse)."""
    transport: Literal["", "stdio", "sse", "http"] = ""
    """How to talk; by default stdio for a command, sse for a URL ending in /sse, else http."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send; `${VAR}` is replaced."""
    token: SecretStr | None = None
    """Bearer token to send; `${VAR}` is replaced."""
    mode: Literal["auto", "legacy"] = "auto"
    """`legacy` for a server that cannot bear the question which protocol it speaks."""
    enabled: bool = True
    trust: bool | None = None
    """Believe its word that a tool only reads. Default: only for Jamie's own servers."""
    connect_timeout: float = Field(default=15, gt=0)
    """Seconds until the server must have listed its tools."""
    call_timeout: float = Field(default=60, gt=0)
    """Seconds a call may take."""
    concurrency: int = Field(default=8, ge=1)
    """Calls at the same time, at most."""


class PolicySettings(BaseModel):
    """Which tools run, which ask first, which never; globs over tool names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class HostSettings(BaseSettings):
    """Everything the host can be told."""

    model_config = SettingsConfigDict(
        env_prefix="JAMIE_", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    model: str = ""
    """`openai:NAME`, `anthropic:NAME`, `ollama:NAME`; empty for the built-in brain."""
    base_url: str = ""
    """Where the model is served, if not where its provider serves it."""
    api_key: SecretStr | None = None
    """Key for the model; by default the provider's own variable (OPENAI_API_KEY ...)."""
    persona: Literal["british", "plain"] = "british"
    servers: dict[str, ServerSettings] = Field(default_factory=dict)
    mcp_config: Annotated[tuple[Path, ...], NoDecode] = ()
    """Files with an `mcpServers` object, as other hosts keep them."""
    installed: bool = True
    """Start the servers that are installed beside the host."""
    state_dir: Path = platformdirs.user_state_path("jamie")
    """Where logs are kept."""
    policy: PolicySettings = PolicySettings()
    steps: int = Field(default=15, ge=1)
    """Turns of the model per question, at most."""
    tokens: int = Field(default=300_000, ge=1_000)
    """Tokens per question, at most."""
    seconds: float = Field(default=240, gt=0)
    """Seconds per question, at most."""
    result_bytes: int = Field(default=24_000, ge=1_000)
    """A longer tool answer is shown to the model in pieces."""

    @field_validator("mcp_config", mode="before")
    @classmethod
    def split_paths(cls, value: object) -> object:
        """Accept a list of paths as one text, the way PATH is written."""
        if isinstance(value, str):
            return tuple(part for part in value.split(os.pathsep) if part)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing by itself: `load` names every source in order."""
        return (init_settings,)


def load(flags: Mapping[str, object] | None = None, config: Path | None = None) -> HostSettings:
    """Read the settings: flags, then `JAMIE_*`, then files; the first that speaks wins.

    Raises ConfigError naming the file or variable, the key, the reason and the way out.
    """
    layers = [(str(path), read_toml(path)) for path in _files(config)]
    given = {name: value for name, value in (flags or {}).items() if value not in (None, ())}
    try:
        return _merged(given, layers)
    except ValidationError as exc:
        flagged = [(f"--{name.replace('_', '-')}", {name: value}) for name, value in given.items()]
        raise ConfigError(complain(exc, HostSettings, [*flagged, *layers])) from exc
    except SettingsError as exc:
        raise ConfigError(f"{exc}: expected JSON. Correct the JAMIE_ variable.") from exc


def _merged(given: dict[str, object], layers: Layers) -> HostSettings:
    sources = [InitSettingsSource(HostSettings, given), EnvSettingsSource(HostSettings)]
    sources += [InitSettingsSource(HostSettings, layer) for _, layer in layers]
    merged: dict[str, object] = {}
    for source in reversed(sources):
        merged = _over(source(), merged)
    return HostSettings.model_validate(merged)


def _over(upper: Mapping[str, object], lower: Mapping[str, object]) -> dict[str, object]:
    """Lay one table over another, table by table."""
    return {**lower, **{key: _laid(value, lower.get(key)) for key, value in upper.items()}}


def _laid(upper: object, lower: object) -> object:
    if not (isinstance(upper, dict) and isinstance(lower, dict)):
        return cast("object", upper)
    return _over(cast("Table", upper), cast("Table", lower))


def _files(config: Path | None) -> list[Path]:
    named = config or os.environ.get("JAMIE_CONFIG")
    if named:
        return [Path(named)]
    places = [Path(FILE), platformdirs.user_config_path("jamie") / FILE]
    return [path for path in places if path.is_file()]
