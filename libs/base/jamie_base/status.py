"""What a server can reach and do right now: the resource `jamie://status`."""

import msgspec

STATUS_URI = "jamie://status"


class Gap(msgspec.Struct, frozen=True):
    """Something a tool cannot do here, and why."""

    tool: str
    why: str


class SourceStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """One backend: whether it answers, what it is, who we are to it, and what is missing.

    `limits` are those of this server's own settings; `clock_ahead` are the seconds by which the
    backend's clock is ahead of ours, below zero behind, 0 where they agree or nobody knows.
    """

    name: str
    kind: str
    url: str
    reachable: bool
    version: str = ""
    identity: str = ""
    error: str = ""
    fix: str = ""
    missing: tuple[Gap, ...] = ()
    limits: tuple[str, ...] = ()
    clock_ahead: float = 0.0


class Status(msgspec.Struct, frozen=True):
    """A server: its version, its mode (`read`, or what else it may) and its backends."""

    server: str
    version: str
    mode: str
    sources: tuple[SourceStatus, ...]
