"""How the API server refuses, as far as we read it."""

import msgspec


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class StatusCause(_Wire, frozen=True):
    """One of several reasons for a refusal."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(_Wire, frozen=True):
    """More about a refusal."""

    causes: tuple[StatusCause, ...] = ()


class ApiStatus(_Wire, frozen=True):
    """How the API server refuses."""

    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
