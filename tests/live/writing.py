"""Servers that may write to the lab, clients whose users agree or not, and something to change."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import httpx2
import yaml
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.wire import Json, dumps
from tests.kubernetes.writable import User
from tests.live.space import space

TOKENS = {
    "ada": {"token": "token-of-ada", "scope": "write"},
    "bob": {"token": "token-of-bob", "scope": "write"},
    "eve": {"token": "token-of-eve", "scope": "read"},
}
SERVER = (sys.executable, "-m", "jamie_kubernetes")

# A server whose plans are too old as soon as they are made: nobody has to wait five minutes.
OLD_AT_ONCE = (
    sys.executable,
    "-c",
    "from jamie_base import plans; plans.KEPT_SECONDS = 0;"
    "from jamie_kubernetes.server import main; main()",
)


@asynccontextmanager
async def over_stdio(
    kubeconfig: Path | str,
    state: Path,
    user: User | None,
    mode: Mode = "auto",
    *flags: str,
    command: tuple[str, ...] = SERVER,
) -> AsyncGenerator[Client]:
    """Start a server that may write, as a host does, and connect to it."""
    program, *arguments = command
    parameters = StdioServerParameters(
        command=program,
        args=[*arguments, "--write", *flags],
        env={"KUBECONFIG": str(kubeconfig), "JAMIE_STATE_DIR": str(state)},
    )
    async with Client(parameters, mode=mode, elicitation_callback=user) as client:
        yield client


@asynccontextmanager
async def as_caller(
    url: str, name: str, user: User | None = None, mode: Mode = "auto"
) -> AsyncGenerator[Client]:
    """Connect to a server that serves HTTP already, as one of its callers or with any token."""
    token = TOKENS[name]["token"] if name in TOKENS else name
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(
            streamable_http_client(f"{url}/mcp", http_client=http),
            mode=mode,
            elicitation_callback=user,
        ) as client,
    ):
        yield client


async def do(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool and return its text; an error is text too, marked."""
    return text_of(await client.call_tool(tool, arguments))


def token_in(plan: str) -> str:
    """Return the token that confirms a plan."""
    token = plan.partition('confirm="')[2].partition('"')[0]
    assert token, plan

    return token


def outcomes(state: Path) -> list[str]:
    """Return what the audit log says became of each call, in order."""
    lines = (state / "audit" / "jamie-kubernetes.jsonl").read_text().splitlines()

    return [json.loads(line)["outcome"] for line in lines]


def two_contexts(lab: LabState, folder: Path, space: str) -> Path:
    """Write a kubeconfig with the contexts `one` and `two`, which lead to the same lab."""
    config = loads_of(lab)
    entry = {**config["contexts"][0]["context"], "namespace": space}
    config["contexts"] = [{"name": name, "context": entry} for name in ("one", "two")]
    config["current-context"] = "one"
    path = folder / "two-contexts"
    path.write_text(dumps(config))

    return path


def at_home(lab: LabState, folder: Path, space: str) -> Path:
    """Write a kubeconfig whose own namespace is `space`."""
    config = loads_of(lab)
    config["contexts"][0]["context"]["namespace"] = space
    path = folder / "at-home"
    path.write_text(dumps(config))

    return path


def loads_of(lab: LabState) -> Json:
    return yaml.safe_load(Path(lab.kubernetes.kubeconfig).read_text())


class Served(NamedTuple):
    """A server that serves HTTP at `url`, in a process of its own."""

    url: str
    process: "subprocess.Popen[str]"


@contextmanager
def serving(
    kubeconfig: Path | str, state: Path, *flags: str, tokens: Json = TOKENS
) -> Generator[Served]:
    """Serve HTTP with write tools, to three callers."""
    command = [*SERVER, "--transport", "http", "--port", "0", "--write", *flags]
    env = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "JAMIE_STATE_DIR": str(state),
        "JAMIE_KUBERNETES_TOKENS": json.dumps(tokens),
    }
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=env, text=True) as process:
        try:
            yield Served(_announced(process), process)
        finally:
            process.terminate()


def _announced(process: "subprocess.Popen[str]") -> str:
    """Wait until it serves; what it says later goes unread, and is little."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if " serves " in line:
            return line.partition(" serves ")[2].partition("/mcp")[0]

    raise AssertionError(said)


class Space:
    """A namespace of a test's own on the lab, and what is in it."""

    def __init__(self, kube: httpx.Client, name: str) -> None:
        self.kube = kube
        self.name = name
        self.home = f"/api/v1/namespaces/{name}"
        self.apps = f"/apis/apps/v1/namespaces/{name}"

    def make(self, path: str, body: Json) -> Json:
        return self.kube.post(path, json=body).raise_for_status().json()

    def deployment(self, name: str, replicas: int = 2, **fields: Any) -> Json:
        """Make a Deployment; `metadata`, `template` and `container` add to it."""
        container = {"name": "app", "image": "example.net/app:1", **fields.pop("container", {})}
        template = {"containers": [container], **fields.pop("template", {})}
        return self.make(
            f"{self.apps}/deployments",
            {
                "metadata": {"name": name, **fields.pop("metadata", {})},
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": {"app": name}},
                    "template": {"metadata": {"labels": {"app": name}}, "spec": template},
                    **fields,
                },
            },
        )

    def get(self, name: str) -> Json:
        """Return a Deployment."""
        return self.kube.get(f"{self.apps}/deployments/{name}").raise_for_status().json()

    def patch(self, name: str, body: Json) -> None:
        """Change a Deployment behind everybody's back."""
        headers = {"Content-Type": "application/merge-patch+json"}
        path = f"{self.apps}/deployments/{name}"
        self.kube.patch(path, content=json.dumps(body), headers=headers).raise_for_status()

    def replicas(self, name: str) -> int:
        return self.get(name)["spec"]["replicas"]

    def image(self, name: str) -> str:
        return self.get(name)["spec"]["template"]["spec"]["containers"][0]["image"]

    async def settled(self, name: str) -> None:
        """Wait until every pod of a Deployment is ready."""

        async def ready() -> bool:
            one = self.get(name)
            seen = one["status"].get("observedGeneration") == one["metadata"]["generation"]
            return seen and one["status"].get("availableReplicas", 0) == one["spec"]["replicas"]

        assert await until(ready), f"{name} never got ready"


@contextmanager
def namespace(kube: httpx.Client, name: str) -> Generator[Space]:
    """Make a namespace, and remove it in the end."""
    with space(kube, name):
        yield Space(kube, name)


def settle(space: Space, *names: str) -> None:
    """Wait for Deployments from a fixture that is not async."""

    async def all_of_them() -> None:
        for name in names:
            await space.settled(name)

    anyio.run(all_of_them)
