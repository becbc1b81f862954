"""Starting contacts nobody: every installed server lists its tools with its backends away."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

SERVERS = sorted(entry.name for entry in entry_points(group="jamie.servers"))

WATCHED = """
import runpy, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        sys.stderr.write(f"contacted: {event} {arguments[1:]}\\n")

sys.addaudithook(watch)
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""

UNROUTABLE = "http://192.0.2.1:1"

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: away
contexts: [{name: away, context: {cluster: away, user: nobody}}]
clusters: [{name: away, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: none}}]
"""


@asynccontextmanager
async def watched(name: str, folder: Path, **env: str) -> AsyncGenerator[tuple[Client, Path]]:
    """Start a server with its backends away; give a client and the file of its stderr."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG)
    said = folder / "stderr"
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", WATCHED, f"jamie_{name}"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "KUBECONFIG": str(kubeconfig),
            "JAMIE_STATE_DIR": str(folder / "state"),
            **env,
        },
    )
    with said.open("w") as stderr:
        async with Client(stdio_client(server, errlog=stderr)) as client:
            yield client, said


@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_starts_without_its_backend_and_opens_no_connection(
    name: str, tmp_path: Path
) -> None:
    url = {f"JAMIE_{name.upper()}_URL": UNROUTABLE}
    async with watched(name, tmp_path, **url) as (client, said):
        tools = (await client.list_tools()).tools
        await client.list_resources()

    assert tools
    assert "contacted" not in said.read_text()


@pytest.mark.parametrize("name", SERVERS)
async def test_the_first_call_connects_and_says_that_nobody_answers(
    name: str, tmp_path: Path
) -> None:
    url = {f"JAMIE_{name.upper()}_URL": "http://127.0.0.1:1"}
    async with watched(name, tmp_path, **url) as (client, said):
        tools = (await client.list_tools()).tools
        tool = next(tool for tool in tools if not tool.input_schema.get("required"))
        answer = await client.call_tool(tool.name)

    assert answer.is_error
    assert "contacted: socket.connect (('127.0.0.1', 1),)" in said.read_text()
