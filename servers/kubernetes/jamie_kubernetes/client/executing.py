"""Running a command in a container: the exec channels of the API server, over a WebSocket.

Neither input nor a terminal: what comes is the command's output, errors, and how it ended.
"""

import re
from collections.abc import Iterable, Sequence

import anyio
import msgspec

from jamie_base.backend import Pairs, Upgraded
from jamie_base.errors import UNREADABLE, BackendError, Unreachable
from jamie_kubernetes.client.api_server import ApiServer
from jamie_kubernetes.client.status import ApiStatus
from jamie_kubernetes.client.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Message,
    Messages,
    ProtocolError,
    accepted,
    closing,
    frame,
    fresh_key,
)

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""The fifth is spoken by newer servers; every server knows the fourth."""

KEPT_BYTES = 64 * 1024
"""How much of each output is kept; the rest is counted."""

MOST_BYTES = 16 * 1024 * 1024
"""How much is read at most; a command that says more is not listened to any longer."""

_EXIT = re.compile(r"exit (?:status|code) (\d{1,3})$")
_CHUNK = 64 * 1024
_STDOUT, _STDERR, _STATUS = 1, 2, 3
_GOODBYE_SECONDS = 1.0


class Output(msgspec.Struct):
    """What came of one output: its beginning, and how much it was."""

    kept: bytearray
    size: int = 0

    def take(self, data: bytes) -> None:
        """Take some of it."""
        self.kept += data[: KEPT_BYTES - len(self.kept)]
        self.size += len(data)

    @property
    def whole(self) -> bool:
        """Tell whether nothing was left out."""
        return self.size == len(self.kept)


class Ran(msgspec.Struct):
    """How a command went: its outputs, its exit code once it ended, else why it is not known."""

    out: Output
    err: Output
    exit_code: int | None = None
    why: str = ""


async def execute(
    server: ApiServer, path: str, container: str, command: Sequence[str], seconds: float
) -> Ran:
    """Run a command and listen to it for so many seconds.

    Raises:
        BackendError: It was not started: no answer, a refusal, or no WebSocket.

    """
    params: Pairs = [
        ("container", container),
        ("stdout", "true"),
        ("stderr", "true"),
        *(("command", one) for one in command),
    ]
    key = fresh_key()
    ran = Ran(Output(bytearray()), Output(bytearray()))
    async with server.upgraded(path, params, _handshake(key)) as connection:
        _check(server, connection, key)
        with anyio.move_on_after(seconds) as patience:
            await _listen(connection, ran)
        if patience.cancelled_caught:
            ran.why = f"it still runs after {seconds:g} s; not listened to any longer"
        await _leave(connection)

    return ran


def _handshake(key: str) -> dict[str, str]:
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": ", ".join(PROTOCOLS),
    }


def _check(server: ApiServer, connection: Upgraded, key: str) -> None:
    if connection.headers.get("sec-websocket-accept") != accepted(key):
        raise BackendError(f"{server.who}: what answers the exec request speaks no WebSocket.")
    if connection.headers.get("sec-websocket-protocol") not in PROTOCOLS:
        raise BackendError(f"{server.who}: the kubelet speaks none of {', '.join(PROTOCOLS)}.")


async def _listen(connection: Upgraded, ran: Ran) -> None:
    messages = Messages()
    try:
        while data := await connection.read(_CHUNK):
            if await _taken(connection, ran, messages.feed(data)):
                break
            if ran.out.size + ran.err.size > MOST_BYTES:
                ran.why = f"it said more than {MOST_BYTES:,} bytes; not listened to any longer"
                return
    except (Unreachable, ProtocolError) as exc:
        ran.why = f"the connection ended first: {exc}"
        return

    if ran.exit_code is None:
        ran.why = ran.why or "the connection ended without a word about it"


async def _taken(connection: Upgraded, ran: Ran, messages: Iterable[Message]) -> bool:
    """Take messages, and tell whether one of them was the end."""
    for one in messages:
        if one.opcode == CLOSE:
            return True
        if one.opcode == PING:
            await connection.write(frame(PONG, one.payload))
        elif one.opcode in (TEXT, BINARY) and one.payload:
            _take(ran, one.payload[0], one.payload[1:])

    return False


def _take(ran: Ran, channel: int, data: bytes) -> None:
    if channel == _STDOUT:
        ran.out.take(data)
    elif channel == _STDERR:
        ran.err.take(data)
    elif channel == _STATUS and data:
        ran.exit_code, ran.why = _ended(data)


def _ended(data: bytes) -> tuple[int | None, str]:
    """Read how a command ended, as the kubelet tells it."""
    try:
        status = msgspec.json.decode(data, type=_Ended)
    except UNREADABLE:
        return None, data[:200].decode(errors="replace")

    if status.status == "Success":
        return 0, ""

    causes = status.details.causes if status.details else ()
    codes = [one.message for one in causes if one.reason == "ExitCode" and one.message.isdigit()]
    # Some runtimes say it in words only.
    codes += _EXIT.findall(status.message)
    return (int(codes[0]), "") if codes else (None, status.message or status.reason)


async def _leave(connection: Upgraded) -> None:
    with anyio.move_on_after(_GOODBYE_SECONDS, shield=True):
        try:
            await connection.write(closing())
        except Unreachable:
            return


class _Ended(ApiStatus, frozen=True, rename="camel"):
    status: str = ""
