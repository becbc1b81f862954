"""What was really asked of the servers, so that every claim can be traced."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from jamie_host.answer import ToolAnswer

HEADLINE_LENGTH = 160


class Call(msgspec.Struct, frozen=True):
    """One tool call of an answer."""

    tool: str
    arguments: dict[str, object]
    server: str
    seconds: float
    bytes: int
    is_error: bool
    headline: str


def record(answer: ToolAnswer, arguments: Mapping[str, object]) -> Call:
    """Keep of a call what a reader needs to repeat and check it."""
    first = next((line.strip() for line in answer.text.splitlines() if line.strip()), "")
    return Call(
        tool=answer.tool,
        arguments=dict(arguments),
        server=answer.server,
        seconds=round(answer.seconds, 3),
        bytes=len(answer.text.encode()),
        is_error=answer.is_error,
        headline=first[:HEADLINE_LENGTH],
    )


def show(calls: Sequence[Call]) -> str:
    """Write the calls out, one a line, with what each came to."""
    if not calls:
        return "Evidence: no tool was called."
    lines = [
        f"  [{number}] {call.tool} {json.dumps(call.arguments, ensure_ascii=False, default=str)}"
        f" ({call.server or 'host'}, {call.seconds:.2f} s): "
        f"{'failed: ' if call.is_error else ''}{call.headline}"
        for number, call in enumerate(calls, 1)
    ]
    return "\n".join(["Evidence:", *lines])
