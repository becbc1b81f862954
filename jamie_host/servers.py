"""The servers to connect to: installed ones by entry point, others by configuration."""

import os
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from jamie_host.errors import ConfigError
from jamie_host.expansion import UnsetError, expand
from jamie_host.mcp_json import read_servers
from jamie_host.settings import HostSettings, ServerSettings

GROUP = "jamie.servers"

# Every child needs these to reach the world and to speak to people; the SDK passes
# six or so variables only.
COMMON = frozenset(
    {
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
    }
)
# Jamie's own servers also get what reaches a backend, credential plugins included.
BACKEND_NAMES = frozenset(
    {
        "KUBECONFIG",
        "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_SERVICE_PORT",
        "CLOUDSDK_CONFIG",
        "KRB5CCNAME",
        "SSH_AUTH_SOCK",
    }
)
BACKEND_PREFIXES = ("JAMIE_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_", "AAD_", "ARM_", "OTEL_")
# The host's own business: keys of model providers and of other servers.
PRIVATE = frozenset(
    {
        "JAMIE_API_KEY",
        "JAMIE_MODEL",
        "JAMIE_BASE_URL",
        "JAMIE_SERVERS",
        "JAMIE_MCP_CONFIG",
        "JAMIE_CONFIG",
        "GOOGLE_API_KEY",
        "GOOGLE_GENERATIVE_AI_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "AZURE_API_KEY",
        "AZURE_AI_API_KEY",
        "AWS_BEARER_TOKEN_BEDROCK",
    }
)


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One server to connect to, everything resolved."""

    name: str
    transport: Literal["stdio", "sse", "http"]
    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    cwd: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    mode: Literal["auto", "legacy"] = "auto"
    trusted: bool = False
    connect_timeout: float = 15
    call_timeout: float = 60
    concurrency: int = 8
    problem: str = ""
    """Why it cannot even be tried."""

    @property
    def address(self) -> str:
        """Its command line or its URL, without credentials."""
        if self.transport == "stdio":
            return " ".join((self.command, *self.args))
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def find_servers(settings: HostSettings, variables: Mapping[str, str]) -> list[Server]:
    """List every server to connect to, by name.

    Settings for an installed server (`[servers.loki]`) are laid over it. Raises ConfigError.
    """
    found = installed() if settings.installed else {}
    for path in settings.mcp_config:
        found |= read_servers(path)
    own = set(installed()) if settings.installed else set[str]()
    for name, given in settings.servers.items():
        found[name] = _laid_over(found.get(name), given)
    return [
        _server(name, one, own=name in own and _is_module(one), variables=variables)
        for name, one in sorted(found.items())
        if one.enabled
    ]


def installed() -> dict[str, ServerSettings]:
    """List the servers installed beside the host, without importing them."""
    return {
        entry.name: ServerSettings(command=sys.executable, args=("-m", entry.value))
        for entry in entry_points(group=GROUP)
    }


def child_environment(variables: Mapping[str, str], *, own: bool) -> dict[str, str]:
    """Choose the variables a child gets on top of the SDK's few.

    `own`: one of Jamie's servers, which also gets what reaches its backend.
    """
    return {name: value for name, value in variables.items() if _passes(name, own=own)}


def _passes(name: str, *, own: bool) -> bool:
    plain = name.upper()
    if plain in COMMON:
        return True
    if not own or plain in PRIVATE:
        return False
    return plain in BACKEND_NAMES or plain.startswith(BACKEND_PREFIXES)


def _laid_over(below: ServerSettings | None, given: ServerSettings) -> ServerSettings:
    if below is None or given.url or given.command:
        return given
    return below.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})


def _is_module(one: ServerSettings) -> bool:
    return one.command == sys.executable and one.args[:1] == ("-m",)


def _server(name: str, one: ServerSettings, *, own: bool, variables: Mapping[str, str]) -> Server:
    if not one.command and not one.url:
        raise ConfigError(f"servers.{name}: neither command nor url. Give one of them.")
    trusted = own if one.trust is None else one.trust
    try:
        return _resolved(name, one, trusted=trusted, own=own, variables=variables)
    except UnsetError as exc:
        return Server(name=name, transport=_transport(one), problem=f"not started: {exc}")


def _resolved(
    name: str, one: ServerSettings, *, trusted: bool, own: bool, variables: Mapping[str, str]
) -> Server:
    def put(text: str) -> str:
        return expand(text, variables)

    token = put(one.token.get_secret_value()) if one.token else ""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return Server(
        name=name,
        transport=_transport(one),
        command=os.path.expanduser(put(one.command)),  # noqa: PTH111  # a Path would eat "./"
        args=tuple(put(arg) for arg in one.args),
        env=child_environment(variables, own=own) | {k: put(v) for k, v in one.env.items()},
        cwd=put(one.cwd),
        url=put(one.url),
        headers={k: put(v) for k, v in one.headers.items()} | bearer,
        mode=one.mode,
        trusted=trusted,
        connect_timeout=one.connect_timeout,
        call_timeout=one.call_timeout,
        concurrency=one.concurrency,
    )


def _transport(one: ServerSettings) -> Literal["stdio", "sse", "http"]:
    if one.transport:
        return one.transport
    if one.command:
        return "stdio"
    return "sse" if urlsplit(one.url).path.rstrip("/").endswith("/sse") else "http"
