"""What a tool answered, in either era of the protocol."""

from typing import Literal

from mcp.types import CallToolResult, TextContent

Mode = Literal["auto", "legacy"]


def text_of(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)

    return f"error: {part.text}" if result.is_error else part.text
