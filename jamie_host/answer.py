"""What a tool call came to."""

import mcp.types as types
import msgspec

from jamie_host.cleaning import clean


class ToolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One tool call's outcome, never an exception."""

    tool: str
    text: str
    server: str = ""
    data: dict[str, object] | None = None
    is_error: bool = False
    seconds: float = 0.0


def text_of(result: types.CallToolResult) -> str:
    """Join what a result says in words; what is not text is named, not shown."""
    return clean("\n".join(_words(block) for block in result.content))


def _words(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=types.TextResourceContents() as found):
            return found.text
        case types.ResourceLink():
            return f"({block.name}: {block.uri})"
        case types.ImageContent() | types.AudioContent():
            return f"({block.type}, {block.mime_type}, not shown)"
        case _:
            return f"({block.type}, not shown)"
