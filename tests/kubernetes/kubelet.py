"""The far end of an exec request, which says what a test wants it to say, and what leads there."""

import json
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from pytest_httpx import HTTPXMock

from jamie_kubernetes.client.websocket import BINARY, CLOSE, accepted
from tests.kubernetes.conftest import Mode
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.wire import Json, container, pod
from tests.kubernetes.writable import Ask, User, asking

STDOUT, STDERR, STATUS = 1, 2, 3
HANGS = b"hangs"
LS = ["ls", "-l", "/tmp"]  # an argument, nothing of ours


def sent(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """A frame as a server sends it."""
    first = (0x80 if final else 0) | opcode
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 2**16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def said(channel: int, text: str | bytes) -> bytes:
    """Something on one of the channels."""
    data = text.encode() if isinstance(text, str) else text
    return sent(BINARY, bytes([channel]) + data)


def ended(code: int = 0) -> bytes:
    """The last words: how the command ended."""
    if not code:
        return said(STATUS, json.dumps({"status": "Success"})) + sent(CLOSE)

    causes = [{"reason": "ExitCode", "message": str(code)}]
    status: Json = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return said(STATUS, json.dumps(status)) + sent(CLOSE)


class Kubelet:
    """Answers one exec request with these chunks, then ends the connection, or hangs."""

    def __init__(self, *chunks: bytes, protocol: str = "v5.channel.k8s.io") -> None:
        self.chunks = [*chunks]
        self.protocol = protocol
        self.written: list[bytes] = []
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        headers = {
            "Upgrade": "websocket",
            "Sec-WebSocket-Accept": accepted(request.headers["sec-websocket-key"]),
            "Sec-WebSocket-Protocol": self.protocol,
        }
        return httpx.Response(101, headers=headers, extensions={"network_stream": self})

    @property
    def command(self) -> Sequence[str]:
        return self.asked[0].url.params.get_list("command")

    async def read(self, max_bytes: int) -> bytes:
        if not self.chunks:
            return b""
        if self.chunks[0] == HANGS:
            await anyio.sleep_forever()
        return self.chunks.pop(0)

    async def write(self, buffer: bytes) -> None:
        self.written.append(buffer)


class ExecApi(MutableApi):
    """Lets a kubelet answer exec requests; `may` holds the verbs we have on pods/exec."""

    def __init__(self) -> None:
        super().__init__()
        self.kubelet = Kubelet(said(STDOUT, "total 0\n"), ended())
        self.refuses: httpx.Response | None = None
        self.may = {"create", "get"}
        self.reviews = self.review

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/exec"):
            self.requests.append(request)
            return self.refuses or self.kubelet(request)

        return super().__call__(request)

    def review(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content).get("spec", {}).get("resourceAttributes", {})
        allowed = asked.get("subresource") != "exec" or asked["verb"] in self.may
        return httpx.Response(201, json={"status": {"allowed": allowed}})


def running(name: str, *names: str, owner: str = "", **fields: Any) -> Json:
    mains = [container(one, containerID=f"containerd://{one}-1") for one in names or ("app",)]
    return pod(name, owner=owner, containers=mains, **fields)


def exec_api(httpx_mock: HTTPXMock) -> ExecApi:
    """An API server with one pod in which commands run."""
    api = ExecApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["pods"] = [running("web-0")]

    return api


@asynccontextmanager
async def commanding(config: Path, state: Path) -> AsyncGenerator[Ask]:
    """Call k8s_exec, each call as a user; without other words it lists the pod's files."""
    async with asking(config, state) as ask:

        async def run(user: User | None, mode: Mode = "auto", **given: Any) -> str:
            settings = {"write": False, "exec": True, **given.pop("settings", {})}
            asked = {"name": "web-0", "command": LS, **given}
            return await ask(user, "k8s_exec", mode, settings=settings, **asked)

        yield run
