"""What a server says of itself and its backends in `jamie://status`."""

import msgspec

from jamie_host.connection import Connection
from jamie_host.errors import HostError

URI = "jamie://status"


class Missing(msgspec.Struct, frozen=True):
    """A tool that cannot do all it should, and why."""

    tool: str = ""
    why: str | None = None


class SourceStatus(msgspec.Struct, frozen=True):
    """One backend as its server sees it."""

    name: str = ""
    kind: str | None = None
    url: str | None = None
    reachable: bool = False
    version: str | None = None
    identity: str | None = None
    error: str | None = None
    missing: tuple[Missing, ...] | None = None
    fix: str | None = None
    clock_ahead: float | None = None


class ServerStatus(msgspec.Struct, frozen=True):
    """The resource, as much of it as we understand."""

    server: str | None = None
    version: str | None = None
    mode: str | None = None
    sources: tuple[SourceStatus, ...] = ()


async def read_status(connection: Connection) -> ServerStatus | str:
    """Read a server's status; a text says why there is none (foreign servers have none)."""
    try:
        return msgspec.json.decode(await connection.read(URI), type=ServerStatus)
    except HostError as exc:
        return str(exc)
    except msgspec.MsgspecError as exc:
        return f"{URI} could not be read: {exc}"
