"""Serving over HTTP: who is let in, how health is told, how it stops. All on real sockets."""

import datetime
import socket
import ssl
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp import Client
from mcp.client.sse import sse_client
from mcp.types import TextContent

Serving = Callable[..., AbstractAsyncContextManager[Any]]

SERVER = Path(__file__).parents[1] / "conformance_server" / "server.py"

STOPS_WITHIN_SECONDS = 3
PROBE_SECONDS = 1
"""How long a kubelet waits for a probe's answer."""


async def test_health_says_alive_and_names_the_backends_that_are_down(serving: Serving) -> None:
    async with serving("--backends", "up,down") as served, httpx.AsyncClient() as http:
        alive = await http.get(f"{served.url}/healthz")
        ready = await http.get(f"{served.url}/readyz")

    assert (alive.status_code, alive.text) == (200, "ok\n")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "backends": {"up": "up", "down": "down"},
        "age_seconds": 0.0,
    }


async def test_a_backend_that_hangs_does_not_hold_up_readiness(serving: Serving) -> None:
    async with serving("--backends", "slow") as served, httpx.AsyncClient() as http:
        await http.get(f"{served.url}/healthz")
        started = time.monotonic()
        ready = await http.get(f"{served.url}/readyz")
        took = time.monotonic() - started

    assert ready.json() == {"status": "ready", "backends": {}, "age_seconds": None}
    assert took < PROBE_SECONDS


FOREIGN = [
    ({"Host": "evil.example"}, 421),
    ({"Host": "127.0.0.1.evil.example:80"}, 421),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
]


async def test_a_foreign_host_or_origin_is_refused_on_every_path(serving: Serving) -> None:
    paths = ("/mcp", "/sse", "/messages/", "/elsewhere")
    async with serving() as served, httpx.AsyncClient() as http:
        for headers, status in FOREIGN:
            for path in paths:
                answer = await http.post(f"{served.url}{path}", json={}, headers=headers)
                assert answer.status_code == status, (path, headers)


async def test_allowed_names_are_served_with_and_without_a_port(serving: Serving) -> None:
    names = ("jamie.example", "jamie.example:8443", "localhost", "[::1]:9", "127.0.0.1")
    async with serving("--allow-host", "jamie.example") as served, httpx.AsyncClient() as http:
        for name in names:
            headers = {"Host": name, "Origin": f"https://{name}"}
            answer = await http.get(f"{served.url}/elsewhere", headers=headers)
            assert answer.status_code == 404, name


async def test_a_kubelet_may_probe_by_address_and_do_nothing_else(serving: Serving) -> None:
    by_address = {"Host": "10.1.2.3:8000"}
    async with serving() as served, httpx.AsyncClient() as http:
        found = {
            path: (await http.get(f"{served.url}{path}", headers=by_address)).status_code
            for path in ("/healthz", "/readyz", "/sse")
        }
        rebound = await http.get(f"{served.url}/readyz", headers={"Host": "evil.example"})

    assert found == {"/healthz": 200, "/readyz": 200, "/sse": 421}
    assert rebound.status_code == 421


async def use_sse(url: str) -> AsyncGenerator[None]:
    async with httpx.AsyncClient() as http, http.stream("GET", f"{url}/sse") as stream:
        assert (await anext(stream.aiter_lines())) == "event: endpoint"
        yield


async def use_legacy_stream(url: str) -> AsyncGenerator[None]:
    headers = {"Accept": "application/json, text/event-stream"}
    async with httpx.AsyncClient(headers=headers) as http:
        hello = await http.post(f"{url}/mcp", json=INITIALIZE)
        session = {"mcp-session-id": hello.headers["mcp-session-id"]}
        async with http.stream("GET", f"{url}/mcp", headers=session) as stream:
            assert stream.status_code == 200
            yield


async def use_subscription(url: str) -> AsyncGenerator[None]:
    async with httpx.AsyncClient() as http:
        request = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        async with http.stream("POST", f"{url}/mcp", **request) as stream:
            assert stream.status_code == 200
            await anext(stream.aiter_lines())
            yield


async def use_call(url: str) -> AsyncGenerator[None]:
    request = modern("tools/call", {"name": "test_wait"}, {"progressToken": 1})
    async with httpx.AsyncClient() as http, http.stream("POST", f"{url}/mcp", **request) as stream:
        assert (await anext(stream.aiter_lines())).startswith("event")
        yield


@pytest.mark.parametrize("use", [use_sse, use_legacy_stream, use_subscription, use_call])
async def test_sigterm_stops_it_in_time_and_cleanly_with_a_stream_open(
    serving: Serving, use: Callable[[str], AsyncGenerator[None]]
) -> None:
    async with serving() as served:
        async with httpx.AsyncClient() as http:
            await http.get(f"{served.url}/readyz")
        async with asynccontextmanager(use)(served.url):
            served.process.terminate()
            started = time.monotonic()
            code, said = await served.stopped()
            took = time.monotonic() - started

    assert took < STOPS_WITHIN_SECONDS
    assert code == 0
    assert said.strip().endswith("let go of up")
    assert "Traceback" not in said


async def test_it_serves_https_with_a_certificate_and_its_key(
    serving: Serving, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    flags = ("--tls-cert", str(certificate), "--tls-key", str(key))
    async with serving(*flags) as served, httpx.AsyncClient(verify=trust) as http:
        answer = await http.get(f"{served.url}/healthz")

    assert served.url.startswith("https://127.0.0.1:")
    assert answer.text == "ok\n"


async def test_a_port_in_use_is_one_clear_sentence(serving: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = await started("--transport", "http", "--port", str(port))

    assert code == 1
    assert said == (
        f"jamie-base: Cannot listen on 127.0.0.1:{port}: address already in use."
        " Choose another --port (0 takes a free one) or --host.\n"
    )


EXPOSED = "jamie-base: --host 0.0.0.0 can be reached from other machines: "


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--allow-host", "a"], f"{EXPOSED}set --tokens, or --insecure to let everybody call.\n"),
        (["--insecure"], f"{EXPOSED}say by which name with --allow-host NAME.\n"),
    ],
)
async def test_it_does_not_serve_other_machines_by_accident(flags: list[str], said: str) -> None:
    code, stderr = await started("--transport", "sse", "--host", "0.0.0.0", *flags)

    assert code == 2
    assert stderr == f"{said}jamie-base: See jamie-base --help.\n"


@pytest.mark.parametrize("given", ["cert", "key", "missing", "garbage", "encrypted"])
async def test_tls_that_cannot_work_is_refused_before_serving(given: str, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, password=b"x" if given == "encrypted" else None)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("garbage")
    flags = {
        "cert": ["--tls-cert", str(certificate)],
        "key": ["--tls-key", str(key)],
        "missing": ["--tls-cert", "missing.pem", "--tls-key", str(key)],
        "garbage": ["--tls-cert", str(certificate), "--tls-key", str(garbage)],
        "encrypted": ["--tls-cert", str(certificate), "--tls-key", str(key)],
    }
    code, said = await started("--transport", "http", *flags[given])

    assert code == 2
    assert said.startswith("jamie-base: --tls-cert ")
    assert "Traceback" not in said


async def test_serving_without_tokens_is_said_loudly(serving: Serving) -> None:
    exposed = ("--host", "0.0.0.0", "--allow-host", "jamie.example", "--insecure")
    async with serving(*exposed) as served:
        assert "INSECURE: everybody who reaches http://0.0.0.0:" in served.said


async def test_every_client_of_the_sdk_is_served(serving: Serving) -> None:
    async with serving() as served:
        for mode in ("auto", "legacy"):
            for target in (f"{served.url}/mcp", sse_client(f"{served.url}/sse")):
                async with Client(target, mode=mode) as client:
                    answer = await client.call_tool("test_simple_text")
                assert answer.content == [TextContent(type="text", text=SIMPLE)]


SIMPLE = "This is a simple text response for testing."

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def modern(
    method: str, params: dict[str, Any], meta: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what makes a request of the era since 2026-07-28, for httpx."""
    version = "2026-07-28"
    prefix = "io.modelcontextprotocol/"
    meta = {f"{prefix}protocolVersion": version, f"{prefix}clientCapabilities": {}, **(meta or {})}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    names = {"Mcp-Name": params["name"]} if "name" in params else {}
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": version,
        "Mcp-Method": method,
        **names,
    }

    return {"content": msgspec.json.encode(body), "headers": headers}


async def started(*flags: str) -> tuple[int | None, str]:
    """Start a server that is expected to refuse; return its exit code and what it said."""
    with anyio.fail_after(30):
        done = await anyio.run_process([sys.executable, str(SERVER), *flags], check=False)

    return done.returncode, done.stderr.decode()


def self_signed(folder: Path, password: bytes | None = None) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secrecy = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, secrecy))

    return files
