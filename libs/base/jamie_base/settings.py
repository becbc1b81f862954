"""Settings every server takes, from flags or the environment.

The environment is read here and nowhere else.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Transport = Literal["stdio", "sse", "http"]
Confirm = Literal["ask", "token"]

DEFAULT_PORT = 8000


def _listed(value: object) -> object:
    """Take `a,b` for a list, as people write it in a variable."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]

    return value


def _unlinked(value: object) -> object:
    """Take for unset what Kubernetes gives every pod where a Service is named like this server."""
    return DEFAULT_PORT if isinstance(value, str) and value.startswith("tcp://") else value


def _shared(variable: str) -> Callable[[object], object]:
    """Return a validator that fills an unset setting from a variable all servers share."""
    return lambda value: os.environ.get(variable) or None if value is None else value


def _is_seen(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def _speakable(value: str) -> str:
    """Refuse what a header cannot carry, and what nobody would see in one."""
    if not _is_seen(value):
        raise ValueError("it is empty or has characters that cannot be seen")

    return value


Speakable = Annotated[str, AfterValidator(_speakable)]


def _sendable(value: SecretStr) -> SecretStr:
    """Refuse a token that no client can send."""
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("it is empty, or has spaces or characters that no header may hold")

    return value


class Token(BaseModel, extra="forbid"):
    """A bearer token a client may present, with a name for the audit log.

    `user` and `groups` are who its bearer is to a backend that acts as its caller; the user is the
    token's name by default.
    """

    token: Annotated[SecretStr, AfterValidator(_sendable)]
    scope: Literal["read", "write"] = "read"
    user: Speakable | None = None
    groups: tuple[Speakable, ...] = ()


def _told_apart(tokens: dict[str, Token]) -> dict[str, Token]:
    """Refuse callers whom nobody could tell apart, or name."""
    names: dict[str, str] = {}
    for name, one in tokens.items():
        secret = one.token.get_secret_value()
        if secret in names:
            raise ValueError(f"{names[secret]!r} and {name!r} have the same token")
        if not _is_seen(name):
            raise ValueError("a name in it is empty or has characters that cannot be seen")
        names[secret] = name

    return tokens


class ServerSettings(BaseSettings):
    """How a server is reached and what it may do."""

    model_config = SettingsConfigDict(
        cli_hide_none_type=True,
        cli_implicit_flags=True,
        cli_kebab_case=True,
        extra="ignore",
    )

    transport: Transport = "stdio"
    """How clients reach this server; sse and http serve both /sse and /mcp."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: Annotated[int, Field(ge=0, le=65535), BeforeValidator(_unlinked)] = DEFAULT_PORT
    """Port to listen on; 0 takes a free one and says which."""

    allow_host: Annotated[list[str], NoDecode, BeforeValidator(_listed)] = []
    """Host names clients may use to reach this server, besides localhost."""

    tokens: Annotated[dict[str, Token], AfterValidator(_told_apart)] = {}
    """Bearer tokens by name: {"oncall": {"token": "...", "scope": "read"}}."""

    insecure: bool = False
    """Serve another interface than localhost without tokens."""

    tls_cert: Path | None = None
    """Certificate chain (PEM) to serve HTTPS with."""

    tls_key: Path | None = None
    """Private key (PEM) of the certificate."""

    write: bool = False
    """Offer tools that change things."""

    confirm: Confirm = "ask"
    """How a write gets the user's consent: the client asks its user, or a token from the plan."""

    data: Literal["request", "always"] = "request"
    """When answers carry structured data: when the request asks for it, or always."""

    deadline: PositiveFloat = 30.0
    """Seconds a call may take."""

    audit: str = ""
    """Where one line per call goes: stderr, off, or a file; by default the state folder."""

    state_dir: Annotated[
        Path | None, BeforeValidator(_shared("JAMIE_STATE_DIR")), Field(validate_default=True)
    ] = None
    """Folder for the redaction key, audit log and undo records; JAMIE_STATE_DIR for all servers."""

    redaction_key: Annotated[
        SecretStr | None,
        BeforeValidator(_shared("JAMIE_REDACTION_KEY")),
        Field(validate_default=True),
    ] = None
    """Key for the fingerprints of redacted secrets; JAMIE_REDACTION_KEY for all servers."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """What to log to stderr."""


class HttpSource(BaseModel, extra="forbid"):
    """One backend reached over HTTP, and how it knows us."""

    url: str
    """Base URL of the backend."""

    token: SecretStr | None = None
    """Bearer token for the backend."""

    token_file: Path | None = None
    """File with the bearer token, read again when it changes."""

    username: str | None = None
    """User for basic authentication."""

    password: SecretStr | None = None
    """Password for basic authentication."""

    client_cert: Path | None = None
    """Client certificate (PEM) for mutual TLS."""

    client_key: Path | None = None
    """Private key (PEM) of the client certificate."""

    ca_file: Path | None = None
    """Certificate authorities (PEM) to trust instead of the system's."""

    verify: bool = True
    """Check the backend's certificate."""

    headers: dict[str, SecretStr] = {}
    """Further headers to send."""

    tenant: str | None = None
    """Tenant to ask as (X-Scope-OrgID)."""

    timeout: PositiveFloat = 30.0
    """Seconds to wait for the backend."""

    max_reply: PositiveInt = 64 * 1024 * 1024
    """Bytes of a reply to read at most."""


class HttpSettings(  # pyright: ignore[reportIncompatibleVariableOverride]  # settings win
    ServerSettings, HttpSource
):
    """A server whose backend is reached over HTTP: one source by flags, or several by name."""

    sources: dict[str, HttpSource] = {}
    """Several backends by name, instead of the one above: {"eu": {"url": "..."}}."""

    def named_sources(self) -> dict[str, HttpSource]:
        """Return every backend by its name; the only one is named `default`."""
        return self.sources or {"default": self}
