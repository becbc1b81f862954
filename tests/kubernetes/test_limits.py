"""A server with limits, seen the way a model sees it: what is off limits is in no answer."""

import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

from tests.kubernetes.conftest import WITH_DATA, Connect, text_of
from tests.kubernetes.limited import CANARY, LIMITS, QUESTIONS, SHOWN, filled
from tests.kubernetes.wire import Api, Json, namespace
from tests.kubernetes.writable import User, WritableApi, asking, deployment


@pytest.mark.parametrize("limits", LIMITS, ids=str)
async def test_no_answer_of_any_tool_holds_anything_out_of_reach(
    connect: Connect, api: Api, limits: dict[str, Any]
) -> None:
    client = await connect(**limits)
    filled(api)

    for tool in (await client.list_tools()).tools:
        for question in QUESTIONS[tool.name]:
            result = await client.call_tool(tool.name, question, meta=WITH_DATA)
            told = f"{result.content} {result.structured_content}"
            assert CANARY not in told, (tool.name, question, told)
            assert not result.is_error, (tool.name, question, told)

    assert not [one.url for one in api.requests if "/namespaces/vault" in one.url.path]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
async def test_what_is_in_reach_is_all_there_and_the_narrowing_said_once(
    connect: Connect, api: Api, limits: dict[str, Any]
) -> None:
    client = await connect(**limits)
    filled(api)

    overview = text_of(await client.call_tool("k8s_overview"))
    pods = text_of(await client.call_tool("k8s_pods", {"status": "all"}))
    one = text_of(await client.call_tool("k8s_pods", {"namespace": "shop"}))

    for space, name in SHOWN.items():
        assert f"{space}/{name}-0" in pods
    for answer in (overview, pods):
        assert answer.count("(Namespaces read: ") == 1
        assert next(iter(limits.values()))[-1] in answer
    assert "Namespaces read" not in one


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize(
    ("tool", "question"),
    [
        ("k8s_overview", {"namespace": "vault"}),
        ("k8s_pods", {"namespace": "vault"}),
        ("k8s_logs", {"namespace": "vault", "name": f"{CANARY}-1"}),
        ("k8s_events", {"namespace": "vault"}),
        ("k8s_workloads", {"namespace": "vault"}),
        ("k8s_services", {"namespace": "vault"}),
        ("k8s_top", {"namespace": "vault"}),
        ("k8s_get", {"what": "pods", "namespace": "vault"}),
        ("k8s_get", {"what": f"pod/{CANARY}-0", "namespace": "vault"}),
        ("k8s_get", {"what": "ns/vault"}),
        ("k8s_access", {"verb": "get", "what": "pods", "namespace": "vault"}),
        ("k8s_diagnose", {"namespace": "vault"}),
    ],
)
async def test_a_namespace_out_of_reach_is_refused_by_name_with_the_setting(
    connect: Connect, api: Api, limits: dict[str, Any], tool: str, question: Json
) -> None:
    client = await connect(**limits)
    filled(api)
    if tool not in {one.name for one in (await client.list_tools()).tools}:
        pytest.fail(f"there is no {tool}")

    result = await client.call_tool(tool, question)

    setting = next(reversed(limits)).replace("_", "-")
    assert result.is_error
    assert text_of(result).startswith(
        f"error: Namespace 'vault' is off limits here: --{setting} "
    ), text_of(result)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("below", ["", "/events", "/logs"])
async def test_resources_out_of_reach_are_refused_too(
    connect: Connect, api: Api, limits: dict[str, Any], below: str
) -> None:
    client = await connect(**limits)
    filled(api)

    with pytest.raises(MCPError, match="Namespace 'vault' is off limits here"):
        await client.read_resource(f"k8s://lab/vault/pod/{CANARY}-1{below}")


async def test_a_name_without_a_namespace_is_found_in_reach_only(
    connect: Connect, api: Api
) -> None:
    client = await connect(deny_namespace=["vault"])
    filled(api)

    there = text_of(await client.call_tool("k8s_get", {"what": "deploy/api"}))
    away = text_of(await client.call_tool("k8s_get", {"what": f"deploy/{CANARY}"}))

    assert there.startswith("deploy/api in namespace team-a")
    assert away.startswith(f"error: There is no deploy/{CANARY} in any namespace we may see.")


async def test_a_denied_kind_is_refused_by_any_name_and_a_gap_in_wider_answers(
    connect: Connect, api: Api
) -> None:
    client = await connect(deny_kind=["secrets", "sts"])
    filled(api)

    for what in ("secrets", "secret/web", "Secret"):
        refused = await client.call_tool("k8s_get", {"what": what, "namespace": "shop"})
        assert text_of(refused) == "error: Secrets are off limits here: --deny-kind secrets."
    overview = text_of(await client.call_tool("k8s_overview"))
    bare = text_of(await client.call_tool("k8s_pods", {"workload": "web", "namespace": "shop"}))
    named = text_of(await client.call_tool("k8s_pods", {"workload": "sts/web"}))
    nowhere = text_of(await client.call_tool("k8s_pods", {"workload": "nothing"}))

    assert "Missing: statefulsets: off limits here: --deny-kind sts" in overview
    assert bare.startswith(("1 pod of deploy/web", "2 pods of deploy/web", "No pods of deploy/web"))
    assert named == "error: Statefulsets are off limits here: --deny-kind sts."
    assert nowhere.endswith("Not looked at, off limits here: statefulsets.")
    assert not [one for one in api.requests if one.url.path.endswith(("secrets", "statefulsets"))]


async def test_only_allowed_kinds_are_read(connect: Connect, api: Api) -> None:
    client = await connect(allow_kind=["pods"])
    filled(api)

    pods = text_of(await client.call_tool("k8s_pods", {"namespace": "shop", "status": "all"}))
    events = text_of(await client.call_tool("k8s_events", {"namespace": "shop"}))

    assert "shop/web-0" in pods
    assert events == "error: Events are off limits here: --allow-kind allows only pods."


async def test_a_kind_that_only_the_cluster_knows_is_denied_by_its_short_name(
    connect: Connect, api: Api
) -> None:
    client = await connect(deny_kind=["certs"])
    filled(api)

    refused = await client.call_tool("k8s_get", {"what": "certificates.cert-manager.io"})
    pods = await client.call_tool("k8s_pods", {})

    assert "Certificates.cert-manager.io are off limits here: --deny-kind certs" in text_of(refused)
    assert not pods.is_error


async def test_a_kind_nobody_knows_is_said_at_the_first_use_and_nothing_is_read(
    connect: Connect, api: Api
) -> None:
    client = await connect(deny_kind=["secretz"])
    filled(api)

    content = (await client.read_resource("jamie://status")).contents[0]
    overview = text_of(await client.call_tool("k8s_overview", {}))
    answer = text_of(await client.call_tool("k8s_pods", {}))

    assert overview == answer
    assert answer.startswith("error: --deny-kind names 'secretz', and 'lab' has no such kind")
    assert "Did you mean 'secrets'?" in answer
    assert "secretz" in cast("TextResourceContents", content).text
    assert not [one for one in api.requests if one.url.path == "/api/v1/pods"]


async def test_one_allowed_namespace_that_is_forbidden_is_named_and_the_others_read(
    connect: Connect, api: Api
) -> None:
    client = await connect(allow_namespace=["shop", "team-a", "team-b"])
    filled(api).denied |= {"pods@team-a", "pods@"}

    answer = text_of(await client.call_tool("k8s_pods", {"status": "all"}))
    listed = text_of(await client.call_tool("k8s_get", {"what": "pods"}))

    for found in (answer, listed):
        assert "shop/web-0" in found
        assert "team-b/db-0" in found
        assert "Missing: pods of team-a: not allowed to list" in found


async def test_patterns_that_cannot_be_resolved_are_named_and_names_still_read(
    connect: Connect, api: Api
) -> None:
    filled(api).denied |= {"namespaces"}
    both = await connect(allow_namespace=["shop", "team-*"])
    only = await connect(allow_namespace=["team-*"])

    some = text_of(await both.call_tool("k8s_pods", {"status": "all"}))
    none = text_of(await only.call_tool("k8s_pods", {"status": "all"}))

    assert "shop/web-0" in some
    assert "Missing: namespaces like team-*: not allowed to list namespaces" in some
    assert none == (
        "error: Lists of all namespaces are off limits here: --allow-namespace allows those like"
        " team-*, and we may not list namespaces to tell which they are; name them in full."
    )


async def test_patterns_that_fit_nothing_say_so(connect: Connect, api: Api) -> None:
    client = await connect(allow_namespace=["none-*"])
    filled(api)

    answer = text_of(await client.call_tool("k8s_pods", {}))

    assert answer.startswith("No pods in lab.")
    assert "(No namespace is called like none-*.)" in answer


async def test_the_context_s_own_namespace_gives_way_to_an_allowed_one(
    connect: Connect, api: Api
) -> None:
    client = await connect(allow_namespace=["team-*", "shop"])
    filled(api)
    api.reviews = lambda _: httpx.Response(201, json={"status": {}})

    assert "in namespace shop" in text_of(await client.call_tool("k8s_access", {}))


async def test_status_tells_the_limits_and_what_they_leave_of_permissions(
    connect: Connect, api: Api
) -> None:
    def review(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content).get("spec", {}).get("resourceAttributes", {})
        allowed = asked.get("namespace") == "shop" or asked.get("resource") == "services"
        return httpx.Response(201, json={"status": {"allowed": allowed}})

    client = await connect(allow_namespace=["shop", "team-a"], deny_kind=["events"])
    filled(api).reviews = review

    content = (await client.read_resource("jamie://status")).contents[0]
    (source,) = json.loads(cast("TextResourceContents", content).text)["sources"]

    assert source["limits"] == [
        "namespaces: only shop and team-a (--allow-namespace)",
        "kinds: all without events (--deny-kind)",
    ]
    reasons = {gap["why"] for gap in source["missing"]}
    assert "may list pods in namespace 'shop' only" in reasons
    assert "list events: off limits here (--deny-kind events)" in reasons
    assert not [one for one in reasons if "services" in one]


@pytest.fixture
def writable(httpx_mock: Any) -> WritableApi:
    api = WritableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["deployments"] = [deployment("web"), deployment(CANARY, "vault")]
    api.objects["namespaces"] += [namespace("vault")]
    return api


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"deny_namespace": ["vault"]}, "Namespace 'vault' is off limits here"),
        ({"deny_kind": ["deploy"]}, "Deployments are off limits here: --deny-kind deploy."),
    ],
)
async def test_what_is_off_limits_is_not_written(
    config: Path, tmp_path: Path, writable: WritableApi, limits: Json, said: str
) -> None:
    user = User()
    async with asking(config, tmp_path) as ask:
        wanted = {"name": f"deploy/{CANARY}", "namespace": "vault", "replicas": "3"}
        answer = await ask(user, "k8s_scale", settings=limits, **wanted)

    assert answer.startswith(f"error: {said}")
    assert (user.asked, writable.sent) == ([], [])


async def test_a_plan_says_that_its_impact_was_told_from_some_namespaces_only(
    config: Path, tmp_path: Path, writable: WritableApi
) -> None:
    user = User()
    async with asking(config, tmp_path) as ask:
        limits = {"deny_namespace": ["vault"]}
        await ask(user, "k8s_scale", settings=limits, name="deploy/web", replicas="3")

    (plan,) = user.asked
    assert "(Namespaces read: all without vault (--deny-namespace).)" in plan
    assert len(writable.sent) == 1
