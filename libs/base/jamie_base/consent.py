"""Asking the client's user, in both protocol eras.

Since 2026-07-28 a server asks by answering `input_required` and the client calls again with the
reply; before, it sends a request of its own in the middle of the call.
"""

from typing import Any

from mcp.server.extension import Extension
from mcp.server.mcpserver import Context
from mcp.types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp.types.version import is_version_at_least
from pydantic import BaseModel, Field

from jamie_base.errors import NotConfirmed

ASKS = "jamie/consent"
"""The extension by which a server says that its own tools ask their user before a change."""

QUESTION = "consent"
ASKED_BY_ANSWER = "2026-07-28"


class Asks(Extension):
    """Tells hosts that nothing changes before our own question: they need not ask the same."""

    identifier = ASKS


class Consent(BaseModel):
    """What the user is asked."""

    proceed: bool = Field(default=False, description="Do it?")


def can_ask(context: Context[Any, Any]) -> bool:
    """Tell whether the client can ask its user."""
    capabilities = context.client_capabilities

    return capabilities is not None and capabilities.elicitation is not None


def asks_by_answer(context: Context[Any, Any]) -> bool:
    """Tell whether this connection asks by an answer rather than by a request of the server's."""
    return is_version_at_least(str(context.protocol_version), ASKED_BY_ANSWER)


def question(text: str, token: str) -> InputRequiredResult:
    """Return the answer that asks the user about a plan."""
    params = ElicitRequestFormParams(message=text, requested_schema=Consent.model_json_schema())

    return InputRequiredResult(
        input_requests={QUESTION: ElicitRequest(params=params)}, request_state=token
    )


def agreed(context: Context[Any, Any]) -> bool:
    """Tell whether the user agreed, in the reply this call carries."""
    reply = (context.input_responses or {}).get(QUESTION)
    if not isinstance(reply, ElicitResult):
        return False

    return reply.action == "accept" and (reply.content or {}).get("proceed") is True


async def ask(context: Context[Any, Any], text: str) -> bool:
    """Ask the user now, on a connection of the older era."""
    result = await context.elicit(text, Consent)

    return result.action == "accept" and result.data.proceed


def cannot_ask(text: str) -> NotConfirmed:
    """Return the refusal for a client that cannot ask, with the plan and the way out."""
    return NotConfirmed(
        f"{text}\nThis needs the user's consent and this client cannot ask for it (it has no"
        " elicitation). Use a client that can, or start the server with --confirm token if yours"
        " makes its user approve every call."
    )


def declined() -> NotConfirmed:
    """Return the refusal after the user said no."""
    return NotConfirmed("The user did not agree; nothing was changed.")
