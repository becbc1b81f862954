"""Reading a cluster: lists that expire, servers that misbehave."""

import gzip
import json
import time
from pathlib import Path

import anyio
import anyio.abc
import httpx
import pytest
from pytest_httpx import HTTPXMock

from jamie_kubernetes.tools import lines, parts
from tests.kubernetes.conftest import Ask, Connect, text_of
from tests.kubernetes.wire import Api, kubeconfig, pod, save, status
from tests.loopback import listening

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


async def test_a_list_that_expires_starts_again_and_counts_nothing_twice(
    ask: Ask, api: Api, httpx_mock: HTTPXMock
) -> None:
    api.page = 2
    api.objects["pods"] = [pod(f"web-{n}", owner="StatefulSet/web") for n in range(5)]
    expired = [status(410, "The provided continue parameter is too old", "Expired")]

    def once(request: httpx.Request) -> httpx.Response:
        return expired.pop() if expired and "continue" in request.url.params else api(request)

    httpx_mock.reset()
    httpx_mock.add_callback(once, is_reusable=True)

    assert (await ask("k8s_pods", status="all")).startswith("5 pods in lab")
    places = [one.url.params.get("continue") for one in api.asked("/api/v1/pods")]
    assert places == [None, None, "2", "4"]


async def test_a_list_that_always_expires_is_given_up(ask: Ask, api: Api) -> None:
    api.routes["/api/v1/pods"] = status(410, "too old", "Expired")

    assert "changed too fast to be read" in await ask("k8s_pods")


async def test_a_server_that_is_not_there_is_said_at_once(connect: Connect, config: Path) -> None:
    async with listening(lambda stream, _: stream.aclose()) as url:
        save(config, kubeconfig(url))
    client = await connect()

    answer = text_of(await client.call_tool("k8s_overview", {}))

    assert answer.startswith(f"error: Kubernetes 'lab' at {url} does not answer")


async def test_a_server_that_hangs_is_given_up_in_time(connect: Connect, config: Path) -> None:
    async def hang(stream: anyio.abc.SocketStream, request: bytes) -> None:
        await anyio.sleep_forever()

    client = await connect(timeout=0.5, deadline=5)
    async with listening(hang) as url:
        save(config, kubeconfig(url))
        started = time.monotonic()
        answer = text_of(await client.call_tool("k8s_pods", {}))

    assert answer.startswith(f"error: Kubernetes 'lab' at {url} ")
    assert time.monotonic() - started < 4


async def test_a_list_of_500_megabytes_is_refused_while_it_streams(
    connect: Connect, config: Path
) -> None:
    sent = 0

    async def flood(stream: anyio.abc.SocketStream, request: bytes) -> None:
        nonlocal sent
        await stream.send(HEAD + b"\r\n")
        for _ in range(500):
            await stream.send(b" " * 1024 * 1024)
            sent += 1

    client = await connect()
    async with listening(flood) as url:
        save(config, kubeconfig(url))
        answer = text_of(await client.call_tool("k8s_pods", {}))

    assert "The reply is larger than the 64 MiB we read" in answer
    assert sent < 100


async def test_a_gzip_bomb_is_refused(connect: Connect, config: Path) -> None:
    bomb = gzip.compress(b" " * 80 * 1024 * 1024)

    async def explode(stream: anyio.abc.SocketStream, request: bytes) -> None:
        await stream.send(HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb)

    client = await connect()
    async with listening(explode) as url:
        save(config, kubeconfig(url))

        assert "larger than the 64 MiB" in text_of(await client.call_tool("k8s_events", {}))


async def test_logs_without_end_are_read_up_to_their_limit(connect: Connect, config: Path) -> None:
    sent = 0

    async def flood(stream: anyio.abc.SocketStream, request: bytes) -> None:
        nonlocal sent
        if b"/log" not in request:
            body = json.dumps({"items": [pod("web-0", "default")]}).encode()
            await stream.send(HEAD + b"\r\n" + body)
            return

        await stream.send(HEAD + b"\r\n")
        while True:
            await stream.send(b"2026-11-20T10:00:00Z again and again\n" * 1000)
            sent += 37_000

    client = await connect()
    async with listening(flood) as url:
        save(config, kubeconfig(url))
        answer = text_of(await client.call_tool("k8s_logs", {"selector": "app=web"}))

    assert "again and again" in answer
    assert sent < 60_000_000


async def test_a_slow_part_is_a_gap_and_a_slow_pod_hides_no_other(
    connect: Connect, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_SECONDS", 0.3)
    monkeypatch.setattr(lines, "CONTAINER_SECONDS", 0.3)

    async def slow(stream: anyio.abc.SocketStream, request: bytes) -> None:
        path = request.split()[1]
        if b"/nodes" in path or b"web-1/log" in path:
            await anyio.sleep_forever()
        items = [pod(f"web-{n}", "default") for n in range(2)] if b"/pods" in path else []
        body = json.dumps({"items": items}).encode()
        await stream.send(HEAD + b"\r\n" + (b"hello" if b"/log" in path else body))

    client = await connect()
    async with listening(slow) as url:
        save(config, kubeconfig(url))
        overview = text_of(await client.call_tool("k8s_overview", {}))
        logs = text_of(await client.call_tool("k8s_logs", {"selector": "app=web"}))

    assert "Missing: nodes, metrics: no answer within 0.3 s" in overview
    assert "Pods: 2 in 1 namespace" in overview
    assert "Nothing from web-1: no answer within 0.3 s" in logs
    assert "web-0 | hello" in logs
