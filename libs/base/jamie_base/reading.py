"""Reading one resource: like a call of a tool, but its failures are the protocol's."""

from typing import Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import (
    ResourceError,
    ResourceNotFoundError,
    ToolError,
    UnexpectedResourceError,
)

from jamie_base.answer import LARGEST_BYTES
from jamie_base.blocks import closed
from jamie_base.call import Call, landed, record, shown
from jamie_base.desk import Desk
from jamie_base.errors import InvalidArgument, NotFound
from jamie_base.resources import Resources
from jamie_base.text import clean, clip


async def read(desk: Desk[Any], resources: Resources, uri: str, context: Context[Any, Any]) -> str:
    """Read what a URI names, within the deadline, redacted and audited like an answer.

    Raises:
        ResourceNotFoundError: It names nothing.
        ResourceError: It cannot be read.

    """
    try:
        named = resources.named(uri)
    except InvalidArgument as exc:
        raise ResourceNotFoundError(safe(desk, exc)) from exc

    call = Call(named.template.spec, {**named.values}, named.source, context)
    try:
        text = await _text(desk, call)
    except (NotFound, InvalidArgument) as exc:
        record(desk, call, "error")
        raise ResourceNotFoundError(safe(desk, exc)) from exc
    except ToolError as exc:
        record(desk, call, "error")
        raise ResourceError(safe(desk, exc)) from exc
    except Exception as exc:
        record(desk, call, "crash")
        raise UnexpectedResourceError(
            f"{named.template.spec.name} failed inside Jamie; its log has the details."
        ) from exc
    except anyio.get_cancelled_exc_class():
        record(desk, call, "cancelled")
        raise

    record(desk, call, "ok", len(text.encode()))

    return text


def safe(desk: Desk[Any], error: ToolError) -> str:
    """Return an error's words as they may leave."""
    return desk.redactor.text(clean(str(error)))


async def _text(desk: Desk[Any], call: Call) -> str:
    answered = await landed(desk, call)
    text = shown(desk, call.spec, answered.data, answered.remarks)

    return closed(clip(text.split("\n"), LARGEST_BYTES))
