"""Named, scoped tokens: who calls, and what a call may do. All on real sockets."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

Serving = Callable[..., AbstractAsyncContextManager[Any]]

READER, WRITER = "reader-token-6f1d", "writer-token-93ab"

TOKENS = json.dumps(
    {
        "oncall": {"token": READER},
        "release": {"token": WRITER, "scope": "write"},
    }
)

UNTOUCHED = "needs the user's consent and this client cannot ask"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def text_of(answer: CallToolResult) -> str:
    return "\n".join(part.text for part in answer.content if isinstance(part, TextContent))


async def call(url: str, transport: str, mode: str, token: str, tool: str) -> str:
    if transport == "sse":
        async with Client(sse_client(f"{url}/sse", headers=bearer(token)), mode=mode) as client:
            return text_of(await client.call_tool(tool))

    async with (
        httpx2.AsyncClient(headers=bearer(token)) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        return text_of(await client.call_tool(tool))


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages/", "/elsewhere"])
async def test_without_a_known_token_every_path_is_closed(serving: Serving, path: str) -> None:
    wrong = ["", "Bearer", f"Bearer {READER}x", f"Basic {READER}", READER, "Bearer é"]
    async with serving(JAMIE_BASE_TOKENS=TOKENS) as served, httpx.AsyncClient() as http:
        for given in wrong:
            headers = [(b"Authorization", given.encode())] if given else []
            answer = await http.get(f"{served.url}{path}", headers=headers)
            assert answer.status_code == 401, given
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_health_and_the_search_for_oauth_need_no_token(serving: Serving) -> None:
    paths = ("/healthz", "/readyz", "/.well-known/oauth-protected-resource")
    async with serving(JAMIE_BASE_TOKENS=TOKENS) as served, httpx.AsyncClient() as http:
        found = [(await http.get(f"{served.url}{path}")).status_code for path in paths]

    assert found == [200, 200, 404]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_call_runs_under_its_tokens_name_and_scope(
    serving: Serving, tmp_path: Path, transport: str, mode: str
) -> None:
    audit = tmp_path / "audit.jsonl"
    async with serving("--write", "--audit", str(audit), JAMIE_BASE_TOKENS=TOKENS) as served:
        simple = await call(served.url, transport, mode, READER, "test_simple_text")
        refused = await call(served.url, transport, mode, READER, "test_write")
        allowed = await call(served.url, transport, mode, WRITER, "test_write")
        served.process.terminate()
        _, said = await served.stopped()

    assert simple == "This is a simple text response for testing."
    assert refused == (
        "The token 'oncall' is for reading; test_write needs one with the scope write."
    )
    assert UNTOUCHED in allowed
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [line["caller"] for line in lines] == ["oncall", "oncall", "release"]
    written = audit.read_text() + said + served.said
    assert not re.search(f"{READER}|{WRITER}", written)


async def test_one_tokens_session_is_closed_to_another(serving: Serving) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    async with (
        serving(JAMIE_BASE_TOKENS=TOKENS) as served,
        httpx.AsyncClient(headers=accept) as http,
    ):
        url = f"{served.url}/mcp"
        answer = await http.post(url, json=hello, headers=bearer(READER))
        session = {"mcp-session-id": answer.headers["mcp-session-id"]}
        own = await http.post(url, json=ping, headers={**session, **bearer(READER)})
        other = await http.post(url, json=ping, headers={**session, **bearer(WRITER)})

    assert (own.status_code, other.status_code) == (200, 404)
