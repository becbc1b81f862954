"""The calls that findings and answers suggest: of tools there are, with arguments they take."""

import re
from pathlib import Path

import jamie_kubernetes
from tests.kubernetes.conftest import Connect

ROOMS = ("facts", "render", "tools", "client")
CALL = re.compile(r"\b(k8s_[a-z]+)((?: (?:f?\"\s*f?\"\s*)?[a-z]+=(?:\{[^}]*\}|[^\s\"'{])*)+)")
ARGUMENT = re.compile(r" ([a-z]+)=")


async def test_every_suggested_call_takes_its_arguments(connect: Connect) -> None:
    client = await connect(write=True)
    tools = (await client.list_tools()).tools
    taken = {one.name: {*one.input_schema["properties"]} for one in tools}
    root = Path(jamie_kubernetes.__file__).parent
    sources = [file for room in ROOMS for file in (root / room).rglob("*.py")]

    suggested = [
        (file.name, tool, argument)
        for file in sources
        for tool, arguments in CALL.findall(file.read_text())
        for argument in ARGUMENT.findall(arguments)
        if tool in taken
    ]

    assert len(suggested) > 20
    assert [one for one in suggested if one[2] not in taken[one[1]]] == []
