"""The server as a whole: what it lists, what it costs, what it tells of itself."""

import json
import re
from importlib import import_module
from typing import cast

import httpx
import msgspec
import pytest
from mcp.types import TextResourceContents

from jamie_base.tool import data_schema
from jamie_kubernetes.server import INSTRUCTIONS
from jamie_kubernetes.tools.toolset import tools
from tests.kubernetes.conftest import Connect, Mode
from tests.kubernetes.wire import Api, Json, status

for module in ("reading", "writing"):
    import_module(f"jamie_kubernetes.tools.{module}")

CATALOGUE_BYTES = 12 * 1024
CATALOGUE_TOOLS = 14
INSTRUCTIONS_BYTES = 1_500


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_catalogue_is_reads_within_its_budget(connect: Connect, mode: Mode) -> None:
    listed = (await (await connect(mode)).list_tools()).tools

    assert 4 <= len(listed) <= CATALOGUE_TOOLS
    assert all(one.annotations and one.annotations.read_only_hint for one in listed)
    size = sum(len(one.model_dump_json(by_alias=True, exclude_none=True)) for one in listed)
    assert size <= CATALOGUE_BYTES
    assert len(INSTRUCTIONS.encode()) <= INSTRUCTIONS_BYTES


async def test_schemas_are_flat(connect: Connect) -> None:
    for one in (await (await connect()).list_tools()).tools:
        text = json.dumps(one.input_schema)
        assert not re.search(r'"\$ref"|"title"|"null"', text)


def test_every_first_line_fits_a_list() -> None:
    assert len(tools) > CATALOGUE_TOOLS
    assert all(len(spec.description.split("\n")[0]) < 80 for spec in tools)


def test_every_answer_has_a_schema() -> None:
    assert all(data_schema(spec.answer)["type"] == "object" for spec in tools)


async def test_a_misspelt_argument_is_refused_by_name(connect: Connect) -> None:
    result = await (await connect()).call_tool("k8s_pods", {"label_selector": "app=web"})

    assert result.is_error
    assert "k8s_pods has no argument 'label_selector'. Did you mean 'selector'?" in str(
        result.content
    )


@pytest.fixture
def reviewing(api: Api) -> dict[str, bool]:
    """Let the API server answer reviews; what is set to False here is not allowed."""
    allowed: dict[str, bool] = {}

    def review(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked["kind"] == "SelfSubjectReview":
            user = {"username": "alice", "groups": ["oncall", "system:authenticated"]}
            return httpx.Response(201, json={"status": {"userInfo": user}})
        wanted = asked["spec"]["resourceAttributes"]
        name = f"{wanted['resource']}@{wanted['namespace']}"
        return httpx.Response(201, json={"status": {"allowed": allowed.get(name, True)}})

    api.reviews = review
    api.routes["/apis/metrics.k8s.io/v1beta1"] = httpx.Response(200, json={})

    return allowed


async def status_of(connect: Connect) -> Json:
    (content,) = (await (await connect()).read_resource("jamie://status")).contents
    (source,) = json.loads(cast("TextResourceContents", content).text)["sources"]

    return source


async def test_status_tells_who_we_are_and_that_nothing_is_missing(
    connect: Connect, api: Api, reviewing: dict[str, bool]
) -> None:
    assert await status_of(connect) == {
        "name": "lab",
        "kind": "Kubernetes",
        "url": "http://cluster",
        "reachable": True,
        "version": "v1.37.2",
        "identity": "alice (oncall)",
    }


async def test_status_names_what_a_tool_misses(
    connect: Connect, api: Api, reviewing: dict[str, bool]
) -> None:
    reviewing |= {"nodes@": False, "pods@": False, "pods@default": True}
    del api.routes["/apis/metrics.k8s.io/v1beta1"]

    gaps = (await status_of(connect))["missing"]

    assert [one["why"] for one in gaps] == [
        "may list pods in namespace 'default' only",
        "may get pods/log in namespace 'default' only",
        "may not list nodes; grant it with a Role or ClusterRole",
        "may not list nodes.metrics.k8s.io; grant it with a Role or ClusterRole",
        "may list pods.metrics.k8s.io in namespace 'default' only",
        "metrics API: not installed",
    ]
    assert gaps[0]["tool"] == "k8s_overview, k8s_pods, k8s_logs"


async def test_status_of_a_cluster_that_refuses_us_says_how_to_mend_it(
    connect: Connect, api: Api
) -> None:
    api.routes["/version"] = status(401, "Unauthorized")

    found = await status_of(connect)

    assert not found["reachable"]
    assert "answered 401" in found["error"]
    assert found["fix"] == "Log in again, or check the user of this context in the kubeconfig."


async def test_status_without_a_kubeconfig_is_a_state_too(connect: Connect, api: Api) -> None:
    (content,) = (
        await (await connect(kubeconfig="/none", in_cluster="no")).read_resource("jamie://status")
    ).contents

    assert "There is no kubeconfig at '/none'" in cast("TextResourceContents", content).text


async def test_starting_and_listing_asks_nothing_of_the_cluster(connect: Connect, api: Api) -> None:
    await (await connect()).list_tools()

    assert api.requests == []


def test_answers_survive_the_way_to_a_program_and_back() -> None:
    for spec in tools:
        fields = msgspec.structs.fields(spec.answer)
        assert all(one.encode_name == one.name for one in fields)
