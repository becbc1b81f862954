"""A small MCP server for the host's tests: a few tools, three transports, some bad habits.

Usage: shop.py stdio|sse|http [PORT] [--name NAME] [--slow-start SECONDS] [--slow-end SECONDS]
"""

import argparse
import asyncio
import os
import sys
import time
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.extension import Extension
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

READS = ToolAnnotations(read_only_hint=True)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=True)


class Stock(BaseModel):
    item: str
    count: int


class Confirm(BaseModel):
    proceed: bool = Field(description="Go ahead?")


class Asks(Extension):
    identifier = "jamie/consent"


def build(name: str, *, asks: bool = False) -> MCPServer:
    shop = MCPServer(name, version="3.2.1", extensions=[Asks()] if asks else [])

    @shop.tool(annotations=READS)
    async def shop_echo(text: str, times: int = 1) -> str:
        """Say it again."""
        return " ".join([text] * times)

    @shop.tool(annotations=READS)
    async def shop_pid() -> str:
        """Show which process answers."""
        return str(os.getpid())

    @shop.tool(annotations=READS)
    async def shop_wait(seconds: float, ctx: Context) -> str:
        """Wait, saying so, then answer."""
        await ctx.report_progress(0, 1, "waiting")
        await asyncio.sleep(seconds)
        return f"waited {seconds:g} s"

    @shop.tool(annotations=READS)
    async def shop_stock(
        item: str, ctx: Context, shelf: Literal["top", "low"] = "top"
    ) -> Annotated[CallToolResult, Stock]:
        """Count an item; data only for a program that asks."""
        asked = dict(ctx.request_context.meta or {})
        data = {"item": item, "count": 3} if asked.get("jamie/data") else None
        text = TextContent(type="text", text=f"3 of {item} on the {shelf} shelf")
        # The declared schema wants data; the same answer without data goes out as a plain text.
        return CallToolResult(content=[text], structured_content=data or {"item": "", "count": 0})

    @shop.tool(annotations=READS)
    async def shop_fail(why: str) -> str:
        """Fail on purpose."""
        raise ToolError(why)

    @shop.tool(annotations=READS)
    async def shop_lines(count: int) -> str:
        """Answer with many lines."""
        return "\n".join(f"line {number:06d} of the big answer" for number in range(count))

    @shop.tool(annotations=WRITES)
    async def shop_buy(item: str) -> str:
        """Buy an item."""
        return f"bought {item}"

    async def consent(item: str, ctx: Context) -> Confirm | Elicit[Confirm]:
        caps = ctx.client_capabilities
        if caps and caps.elicitation is not None:
            return Elicit(f"Sell the last {item}?", Confirm)
        raise ToolError("this client cannot ask its user; start the shop with --confirm token")

    @shop.tool(annotations=WRITES)
    async def shop_sell(item: str, ok: Annotated[Confirm, Resolve(consent)]) -> str:
        """Sell an item, after asking."""
        return f"sold {item}" if ok.proceed else "kept"

    @shop.tool(annotations=WRITES)
    async def shop_burn() -> str:
        """Die without a word."""
        os._exit(9)

    @shop.tool(annotations=READS)
    async def shop_env() -> str:
        """List the names of the variables the server was given."""
        return "\n".join(sorted(os.environ))

    @shop.tool(annotations=READS)
    async def shop_grow(ctx: Context) -> str:
        """Get a new tool and say so in both eras."""
        shop.add_tool(shop_new, annotations=READS)
        await ctx.notify_tools_changed()
        if (ctx.protocol_version or "") < "2026":
            await ctx.session.send_tool_list_changed()
        return "grown"

    async def shop_new() -> str:
        """Be the new tool."""
        return "new"

    @shop.resource("jamie://status", mime_type="application/json")
    def status() -> str:
        return (
            '{"server": "shop", "version": "3.2.1", "mode": "read", "sources": ['
            '{"name": "default", "kind": "shop", "url": "http://shop", "reachable": false,'
            ' "error": "connection refused", "fix": "start the shop"},'
            '{"name": "branch", "kind": "shop", "url": "http://branch", "reachable": true,'
            ' "clock_ahead": -95.2},'
            '{"name": "annexe", "kind": "shop", "url": "http://annexe", "reachable": true,'
            ' "clock_ahead": 2.5}]}'
        )

    return shop


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["stdio", "sse", "http"])
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--name", default="shop")
    parser.add_argument("--asks", action="store_true", help="say that every write is asked about")
    parser.add_argument("--slow-start", type=float, default=0)
    parser.add_argument("--slow-end", type=float, default=0)
    given = parser.parse_args()
    time.sleep(given.slow_start)
    sys.stderr.write("the shop opens\n")
    shop = build(given.name, asks=given.asks)
    if given.transport == "stdio":
        shop.run()
        time.sleep(given.slow_end)
    elif given.transport == "sse":
        shop.run("sse", port=given.port)
    else:
        shop.run("streamable-http", port=given.port)


if __name__ == "__main__":
    main()
