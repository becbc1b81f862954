"""An API server that can be written to: versions, dry runs, conditions, and two forms of patch."""

import copy
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from mcp import Client
from mcp.types import ElicitRequestParams, ElicitResult
from pytest_httpx import HTTPXMock

from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import Mode, text_of
from tests.kubernetes.wire import RESOURCES, Api, Json, node, status, workload

_PATH = re.compile(
    r"(/api/v1|/apis/[\w.-]+/\w+)(?:/namespaces/([^/]+))?/([a-z]+)/([^/]+)(?:/(scale))?"
)


class User:
    """Somebody at the client who agrees, or does not; remembers what was asked.

    `meanwhile` happens while they think.
    """

    def __init__(self, *, agrees: bool = True, meanwhile: Callable[[], None] | None = None) -> None:
        self.asked: list[str] = []
        self.agrees = agrees
        self.meanwhile = meanwhile

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        if self.meanwhile:
            self.meanwhile()
        return ElicitResult(action="accept", content={"proceed": self.agrees})


Ask = Callable[..., Awaitable[str]]


@asynccontextmanager
async def asking(config: Path, state: Path) -> AsyncGenerator[Ask]:
    """Call tools in write mode, each call as a user; the settings of a call differ from that."""
    async with AsyncExitStack() as stack:

        async def ask(
            user: User | None,
            tool: str,
            mode: Mode = "auto",
            settings: Json | None = None,
            **given: Any,
        ) -> str:
            ours: Json = {"kubeconfig": str(config), "state_dir": state, "write": True}
            server = build(Settings(**{**ours, **(settings or {})}))
            client = Client(server, mode=mode, elicitation_callback=user)
            return text_of(await (await stack.enter_async_context(client)).call_tool(tool, given))

        yield ask


def record_in(text: str) -> str:
    """Return the name of the undo record in an answer."""
    found = re.search(r"undo-[0-9a-f]{8}", text)
    assert found, text
    return found[0]


def deployment(name: str, namespace: str = "shop", replicas: int = 2, **fields: Any) -> Json:
    """A Deployment whose pods are all ready; `metadata` and `template` add to it."""
    one = workload(name, namespace, desired=replicas, ready=replicas)
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "registry.example.net/app:1"}]},
    }
    return settled(
        {
            **one,
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                **one["metadata"],
                "resourceVersion": "1",
                "generation": 1,
                **fields.pop("metadata", {}),
            },
            "spec": {
                **one["spec"],
                "template": {**template, **fields.pop("template", {})},
                **fields,
            },
        }
    )


def settled(one: Json) -> Json:
    """Let the controller have done its work."""
    replicas = one["spec"].get("replicas", 1)
    one["status"] = {
        "observedGeneration": one["metadata"].get("generation", 0),
        "replicas": replicas,
        "readyReplicas": replicas,
        "updatedReplicas": replicas,
        "availableReplicas": replicas,
    }
    return one


class WritableApi(Api):
    """Takes merge and JSON patches of the objects it holds.

    `settles` tells whether rollouts get through; `refusals` are answered to the next changes, in
    order (None lets one through); `sent` holds the bodies of the changes that were meant. Each of
    `moves` changes something just before a rehearsal, which then comes for an older version.
    """

    def __init__(self) -> None:
        super().__init__()
        self.settles = True
        self.refusals: list[httpx.Response | Exception | None] = []
        self.rehearsal: httpx.Response | None = None
        self.sent: list[Json] = []
        self.after_rehearsal: Callable[[], None] | None = None
        self.before_reading: Callable[[], None] | None = None
        self.moves: list[Callable[[], object]] = []

    def find(self, plural: str, name: str) -> Json:
        return next(one for one in self.objects[plural] if one["metadata"]["name"] == name)

    def touch(self, plural: str, name: str) -> Json:
        """Give an object a newer version, as somebody who writes it does."""
        one = self.find(plural, name)
        one["metadata"]["resourceVersion"] = str(int(one["metadata"]["resourceVersion"]) + 1)
        return one

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = _PATH.fullmatch(request.url.path)
        if found is None or found[3] not in RESOURCES:
            return super().__call__(request)

        if request.method == "GET" and not found[5]:
            if self.before_reading:
                self.before_reading()
            return super().__call__(request)

        self.requests.append(request)
        if found[3] in self.denied and request.method != "GET":
            return status(403, f'{found[3]} is forbidden: User "reader" cannot patch', "Forbidden")
        there = [one for one in self.objects[found[3]] if one["metadata"]["name"] == found[4]]
        if not there:
            return status(404, f'{found[3]} "{found[4]}" not found', "NotFound")
        if request.method == "GET":
            return httpx.Response(200, json=_scale(there[0]))

        return self._change(request, there[0], scale=bool(found[5]))

    def _change(self, request: httpx.Request, one: Json, *, scale: bool) -> httpx.Response:
        dry = request.url.params.get("dryRun") == "All"
        body = json.loads(request.content)
        if dry and self.rehearsal:
            return self.rehearsal
        if dry and self.moves:
            self.moves.pop(0)()
            return status(409, "the object has been modified", "Conflict")
        if not dry:
            self.sent.append(body)
            if self.refusals and (refusal := self.refusal()):
                return refusal

        changed = _patched(copy.deepcopy(one), body)
        ours = (one["metadata"]["uid"], one["metadata"]["resourceVersion"])
        if (changed["metadata"]["uid"], changed["metadata"]["resourceVersion"]) != ours:
            return status(
                409, "the object has been modified; please apply your changes", "Conflict"
            )
        if not dry:
            one.clear()
            one.update(self.stored(changed))
        elif self.after_rehearsal:
            self.after_rehearsal()

        return httpx.Response(200, json=_scale(changed) if scale else changed)

    def refusal(self) -> httpx.Response | None:
        refusal = self.refusals.pop(0)
        if isinstance(refusal, Exception):
            raise refusal
        return refusal

    def stored(self, one: Json) -> Json:
        one["metadata"]["resourceVersion"] = str(int(one["metadata"]["resourceVersion"]) + 1)
        one["metadata"]["generation"] = one["metadata"].get("generation", 0) + 1
        return settled(one) if self.settles and "replicas" in one.get("spec", {}) else one


def _scale(one: Json) -> Json:
    known = ("name", "namespace", "uid", "resourceVersion")
    about = {key: value for key, value in one["metadata"].items() if key in known}
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": about,
        "spec": {"replicas": one["spec"]["replicas"]},
    }


def _patched(one: Json, body: object) -> Json:
    if isinstance(body, list):
        for operation in cast("list[Json]", body):
            _operate(one, operation)
        return one

    return merged(one, cast("Json", body))


def merged(one: Json, patch: Json) -> Json:
    result = dict(one)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, cast("Json", value))
        elif key == "containers":
            result[key] = _by_name(result.get(key, []), cast("list[Json]", value))
        else:
            result[key] = value
    return result


def _by_name(items: list[Json], patch: list[Json]) -> list[Json]:
    """Merge lists as a strategic patch does."""
    changes = {one["name"]: one for one in patch}
    names = {one["name"] for one in items}
    kept = [merged(one, changes.get(one["name"], {})) for one in items]
    return [*kept, *(one for one in patch if one["name"] not in names)]


def _operate(one: Json, operation: Json) -> None:
    *front, last = [
        step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
    ]
    holder: Any = one
    for step in front:
        holder = holder[int(step) if step.isdigit() else step]
    if operation["op"] == "remove":
        del holder[last]
    else:
        holder[last] = operation["value"]


def scalable_api(httpx_mock: HTTPXMock) -> WritableApi:
    """An API server that holds deploy/web and a node."""
    api = WritableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["deployments"] = [deployment("web")]
    api.objects["nodes"] = [node("node-1")]

    return api
