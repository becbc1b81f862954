"""Asking a tool as a host does, and reading its text or its data."""

from typing import Any

from mcp.client import Client
from mcp.types import CallToolResult, TextContent


def text_of(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)

    return part.text


async def ask(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)

    return text_of(result)


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)

    return text_of(result)


async def data_of(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments, meta={"jamie/data": True})
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None

    return result.structured_content


def body(text: str) -> list[str]:
    """Return the lines after the first, which holds the time."""
    return text.split("\n")[1:]
