"""An MCP server with the tools the brain asks, answering what a file says.

Usage: ops.py ANSWERS.json; the file maps a tool's name to {"text": ..., "data": ...} or
{"error": ...}. Data is sent only when it is asked for.
"""

import json
import sys
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations

READS = ToolAnnotations(read_only_hint=True)


def add(ops: MCPServer, name: str, answer: dict[str, Any]) -> None:
    async def tool(
        ctx: Context, namespace: str = "", start: str = "", since: str = "", logql: str = ""
    ) -> CallToolResult:
        """Answer from the file."""
        if "error" in answer:
            raise ToolError(answer["error"])
        asked = dict(ctx.request_context.meta or {}).get("jamie/data")
        text = answer["text"].format(namespace=namespace, start=start, since=since, logql=logql)
        data = answer.get("data") if asked else None
        return CallToolResult(
            content=[TextContent(type="text", text=text)], structured_content=data
        )

    ops.add_tool(tool, name=name, annotations=READS)


def main() -> None:
    ops = MCPServer("ops")
    for name, answer in json.loads(Path(sys.argv[1]).read_text()).items():
        add(ops, name, answer)
    ops.run()


if __name__ == "__main__":
    main()
