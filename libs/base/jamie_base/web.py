"""Serving over HTTP: SSE and streamable HTTP in one application, checked at the door."""

import ipaddress
import logging
import os
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jamie_base.flags import BadSettings
from jamie_base.health import Health
from jamie_base.settings import ServerSettings
from jamie_base.tokens import TokenGate

GRACE_SECONDS = 1
"""How long open streams may go on once the server is told to stop."""

PROBED = ("/healthz", "/readyz")


def run(server: MCPServer[Any], settings: ServerSettings, name: str) -> int:
    """Serve until told to stop, and return the exit code.

    Raises:
        BadSettings: The address cannot be listened on, as a sentence with the way out.

    """
    listener = listen(settings.host, settings.port)
    scheme = "https" if settings.tls_cert else "http"
    url = f"{scheme}://{_authority(settings.host)}:{listener.getsockname()[1]}"

    def announce() -> None:
        if not is_local(settings.host) and not settings.tokens:
            sys.stderr.write(
                f"{name}: INSECURE: everybody who reaches {url} may call every tool.\n"
            )
        sys.stderr.write(f"{name} serves {url}/mcp (streamable HTTP) and {url}/sse.\n")
        sys.stderr.flush()

    config = uvicorn.Config(
        application(server, settings, announce),
        access_log=False,
        lifespan="on",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
    )
    running = uvicorn.Server(config)
    # Streams are cut off when told to stop; that is no error and deserves no traceback.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not running.should_exit)
    with listener:
        anyio.run(running.serve, [listener])

    return 0 if running.started else 1


def application(
    server: MCPServer[Any], settings: ServerSettings, announce: Callable[[], None]
) -> Starlette:
    """Return the application: /mcp, /sse with /messages/, and the health routes."""
    security = allowed(settings)
    health = Health(server)
    streamable = server.streamable_http_app(transport_security=security)
    events = server.sse_app(transport_security=security)
    doors = [Middleware(HostGate, security)]
    if settings.tokens:
        doors.append(Middleware(TokenGate, settings.tokens))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        # What lives as long as the server is opened here: uvicorn raises the signal that stopped
        # it once more when `serve` returns, so a block around `serve` would never be left.
        async with server.session_manager.run(), health.running():
            announce()
            yield

    return Starlette(
        routes=[*streamable.routes, *events.routes, *health.routes],
        middleware=doors,
        lifespan=lifespan,
    )


class HostGate:
    """Refuses requests for hosts or from origins that are not ours, whatever their path."""

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self._app = app
        self._check = TransportSecurityMiddleware(security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 or 403, or hand the request on."""
        if scope["type"] != "http" or _is_probe(scope):
            return await self._app(scope, receive, send)

        refused = await self._check.validate_request(Request(scope))

        return await (refused or self._app)(scope, receive, send)


def allowed(settings: ServerSettings) -> TransportSecuritySettings:
    """Return the hosts and origins to answer: localhost's names and the allowed ones, any port."""
    own = [settings.host] if is_local(settings.host) else []
    names = ["localhost", "127.0.0.1", "::1", *own, *settings.allow_host]
    hosts = [pattern for name in names for pattern in (_authority(name), f"{_authority(name)}:*")]

    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
    )


def check(settings: ServerSettings) -> None:
    """Refuse settings that would serve more people than meant.

    Raises:
        BadSettings: They would, or the TLS files do not work.

    """
    if problems := [*_exposure(settings), *_empty_tokens(settings), *_tls(settings)]:
        raise BadSettings(problems)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        BadSettings: The address is taken, not ours, or not an address.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as exc:
        code = exc.errno or 0
        reason = os.strerror(code).lower() if code > 0 else exc.strerror
        raise BadSettings(
            [
                f"Cannot listen on {_authority(host)}:{port}: {reason}."
                " Choose another --port (0 takes a free one) or --host."
            ]
        ) from exc


def is_local(host: str) -> bool:
    """Tell whether only this machine can reach the address."""
    address = _address(host)

    return host == "localhost" or (address is not None and address.is_loopback)


def _exposure(settings: ServerSettings) -> Sequence[str]:
    if is_local(settings.host):
        return ()

    host = f"--host {settings.host} can be reached from other machines"
    names = () if settings.allow_host else (f"{host}: say by which name with --allow-host NAME.",)
    guarded = settings.tokens or settings.insecure
    tokens = () if guarded else (f"{host}: set --tokens, or --insecure to let everybody call.",)

    return *names, *tokens


def _empty_tokens(settings: ServerSettings) -> Sequence[str]:
    return [
        f"The token {name!r} is empty or not plain ASCII: no client could present it."
        for name, token in settings.tokens.items()
        if not (value := token.token.get_secret_value()).strip() or not value.isascii()
    ]


def _tls(settings: ServerSettings) -> Sequence[str]:
    certificate, key = settings.tls_cert, settings.tls_key
    if certificate is None and key is None:
        return ()

    if certificate is None or key is None:
        return ("--tls-cert and --tls-key go together; one of them is missing.",)

    try:
        _load(certificate, key)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        return (f"--tls-cert {certificate} with --tls-key {key} does not work: {reason}.",)

    return ()


def _load(certificate: Path, key: Path) -> None:
    # An encrypted key would have OpenSSL ask for its password on the terminal.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")


def _is_probe(scope: Scope) -> bool:
    """Tell a kubelet's probe, which names an address; a rebound DNS name is never one."""
    host = Headers(scope=scope).get("host", "").rpartition(":")[0]

    return scope["path"] in PROBED and _address(host.strip("[]")) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _authority(host: str) -> str:
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
