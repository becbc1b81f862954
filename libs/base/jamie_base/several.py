"""One question to several backends: asked at once, answered in sections, whatever some of them say.

A backend that does not answer is a section that says why; the answer fails only when all do. The
sections share the answer's budget: what a small one leaves, the larger ones take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio
import msgspec
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent

from jamie_base.answer import ANSWER_BYTES
from jamie_base.blocks import closed
from jamie_base.call import (
    LARGEST_DATA_BYTES,
    Call,
    ask_one,
    landed,
    packed,
    redacted,
    refusal,
    shown,
    telling,
)
from jamie_base.desk import Answered, Desk
from jamie_base.errors import InvalidArgument, TimedOut, TooMuch
from jamie_base.schema import Json
from jamie_base.text import clip, join_words, size
from jamie_base.together import together

AT_ONCE = 8
MOST = 20
"""How many backends one answer has room for."""

_FOOT_SHARE = 3


@dataclass(frozen=True)
class Section:
    """What one backend answered, or why it did not."""

    name: str
    answered: Answered | None = None
    error: ToolError | None = None


async def ask(desk: Desk[Any], call: Call, chooser: str) -> CallToolResult:
    """Ask the backend, or the backends, that a call chooses.

    Raises:
        InvalidArgument: There is no such backend, too many, or a cursor for several.
        ToolError: The only one could not answer.

    """
    names = desk.sources.chosen(call.source)
    if len(names) == 1:
        return await ask_one(desk, replace(call, source=call.source and names[0]))

    _check(call, names, chooser)
    sections = await telling(desk, call, partial(_asked, desk, call, names))
    if all(section.error for section in sections):
        return refusal(desk, ToolError(_silence(sections)))

    text = _text(desk, call, sections, chooser)
    content = [TextContent(type="text", text=text)]
    if not (call.wants_data or desk.always_data):
        return CallToolResult(content=[*content])

    return CallToolResult(
        content=[*content], structured_content={f"{chooser}s": _data(desk, sections)}
    )


def only_one(desk: Desk[Any], call: Call, chooser: str) -> Call:
    """Return the call with the one backend it chooses.

    Raises:
        InvalidArgument: It chooses several, or one that is not there.

    """
    names = desk.sources.chosen(call.source)
    if len(names) > 1:
        raise InvalidArgument(
            f"{call.spec.name} changes one {chooser} at a time, and {call.source!r} are"
            f" {len(names)}: name one of {', '.join(names[:MOST])}."
        )

    return replace(call, source=call.source and names[0])


def schema_of_several(single: Json, chooser: str) -> Json:
    """Return the schema of data that comes from one backend or from several."""
    failure = {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    }
    sections = {"type": "object", "additionalProperties": {"anyOf": [single, failure]}}
    several = {
        "type": "object",
        "properties": {f"{chooser}s": sections},
        "required": [f"{chooser}s"],
    }

    return {"type": "object", "anyOf": [single, several]}


def _check(call: Call, names: Sequence[str], chooser: str) -> None:
    if len(names) > MOST:
        raise InvalidArgument(
            f"{chooser}={call.source} means {len(names)}, and an answer has room for {MOST}: name"
            f" {MOST} at most, as in {chooser}={names[0]},{names[1]}."
        )
    if call.arguments.get("cursor"):
        raise InvalidArgument(
            f"A cursor goes on in one {chooser}: name the one whose rows you want more of,"
            f" {chooser}={names[0]} say, without a cursor first."
        )


async def _asked(desk: Desk[Any], call: Call, names: Sequence[str]) -> list[Section]:
    limiter = anyio.CapacityLimiter(AT_ONCE)
    until = anyio.current_time() + desk.deadline

    async def section(name: str) -> Section:
        # Whoever waits for their turn has no more time than the others.
        with anyio.CancelScope(deadline=until):
            async with limiter:
                return await _section(desk, replace(call, source=name))

        late = TimedOut(f"no answer within the {desk.deadline:g} s that all had together.")
        return Section(name, error=late)

    return await together(*(partial(section, name) for name in names))


async def _section(desk: Desk[Any], call: Call) -> Section:
    try:
        return Section(call.source, await landed(desk, call))
    except ToolError as exc:
        return Section(call.source, error=exc)


def _silence(sections: Sequence[Section]) -> str:
    reasons = {str(section.error) for section in sections}
    if len(reasons) == 1:
        return reasons.pop()

    said = "\n".join(f"{section.name}: {section.error}" for section in sections)

    return f"None of {join_words([section.name for section in sections])} answered.\n{said}"


def _text(desk: Desk[Any], call: Call, sections: Sequence[Section], chooser: str) -> str:
    said = {
        section.name: _said(desk, call, section, f"{place} of {len(sections)}", chooser)
        for place, section in enumerate(sections, 1)
    }
    room = _shares({name: size(text) + 1 for name, text in said.items()}, ANSWER_BYTES)

    return "\n".join(
        _fitted(text, room[name] - 1, f"{chooser}={name} shows all") for name, text in said.items()
    )


def _said(desk: Desk[Any], call: Call, section: Section, place: str, chooser: str) -> str:
    head = f"== {section.name} ({place})"
    if section.answered is None:
        return desk.redactor.text(f"{head}: no answer: {section.error}")

    answered = section.answered
    text = shown(desk, call.spec, answered.data, answered.remarks)
    # Its cursor stands after rows that may not be shown here.
    if cursor := getattr(answered.data, "cursor", ""):
        text = text.replace(f"cursor={cursor}", f"{chooser}={section.name}")

    return f"{head}\n{text}"


def _shares(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide a budget: nobody gets more than they need, and what they leave the others get."""
    shares: dict[str, int] = {}
    left = total
    for name, needed in sorted(sizes.items(), key=lambda one: one[1]):
        shares[name] = min(needed, left // (len(sizes) - len(shares)))
        left -= shares[name]

    return shares


def _fitted(text: str, room: int, hint: str) -> str:
    """Cut a section from its end, but keep what it says last of itself: what is missing."""
    if size(text) <= room:
        return text

    lines = text.split("\n")
    start = len(lines)
    while start > 1 and lines[start - 1].startswith(("(", "Missing: ")):
        start -= 1

    foot = clip(lines[start:], room // _FOOT_SHARE)
    # A block that is cut open is closed again, which takes a line.
    head = clip(lines[:start], room - size(foot) - 16, hint=hint)

    return "\n".join([closed(head), *([foot] if foot else [])])


def _data(desk: Desk[Any], sections: Sequence[Section]) -> Json:
    found: Json = {
        section.name: packed(section.answered.data, section.answered.remarks)
        if section.answered
        else {"error": str(section.error)}
        for section in sections
    }
    if (total := len(msgspec.json.encode(found))) > LARGEST_DATA_BYTES:
        raise TooMuch(
            f"The data of all takes {total:,} bytes and an answer carries"
            f" {LARGEST_DATA_BYTES:,}; ask fewer at a time, or lower limit."
        )

    return redacted(desk, found)
