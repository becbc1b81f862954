"""A server with limits, seen the way a model sees it: what is off limits is in no answer."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from mcp.types import TextResourceContents

from jamie_base.errors import BackendError, Denied
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.watching import watching
from jamie_kubernetes.kinds import EVENTS
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import WITH_DATA, Connect, text_of
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import (
    Api,
    Json,
    crashing,
    event,
    meta,
    namespace,
    node,
    pod,
    workload,
)
from tests.kubernetes.writable import User, WritableApi, asking, deployment

SHOWN = {"shop": "web", "team-a": "api", "team-b": "db"}
CANARY = "canary"
"""Is in the name of everything in the namespace `vault`."""

LIMITS: list[dict[str, Any]] = [
    {"allow_namespace": ["shop", "team-*"]},
    {"allow_namespace": ["*"], "deny_namespace": ["vault"]},
    {"deny_namespace": ["vault"]},
    {"deny_namespace": ["va*"]},
]

QUESTIONS: dict[str, list[Json]] = {
    "k8s_overview": [{}],
    "k8s_pods": [{}, {"status": "all"}, {"usage": True}, {"selector": "app=x"}],
    "k8s_logs": [{"selector": "app=x"}, {"name": "web-0"}],
    "k8s_events": [{}, {"warnings_only": False}, {"object": "deploy/web"}, {"object": "node/n"}],
    "k8s_workloads": [{}, {"status": "all"}],
    "k8s_services": [{}, {"status": "all"}],
    "k8s_nodes": [{}, {"node": "n"}],
    "k8s_top": [{}, {"of": "containers"}, {"of": "nodes"}],
    "k8s_get": [
        {"what": "pods"},
        {"what": "pods", "limit": 2},
        {"what": "pods", "where": "metadata.name~a"},
        {"what": "secrets", "fields": "metadata.name"},
        {"what": "deploy", "group_by": "metadata.namespace"},
        {"what": "namespaces"},
        {"what": "ns", "output": "yaml"},
        {"what": "events", "sort": "metadata.name"},
    ],
    "k8s_access": [{"verb": "list", "what": "pods", "who": "anyone"}, {"who": "sa/web"}],
    "k8s_diagnose": [{}],
    "k8s_rollout": [{"name": "deploy/web"}, {"name": "helm"}],
}
"""Questions about everything, by tool; a tool that is not here fails the test."""


def filled(api: Api) -> Api:
    offer(api)
    api.objects["nodes"] = [node("n")]
    spaces = {**SHOWN, "vault": CANARY}
    api.objects["namespaces"] = [namespace(one) for one in ("default", *spaces)]
    for space, name in spaces.items():
        labels = {"app": "x"}
        api.objects["pods"] += [
            crashing(f"{name}-0", namespace=space, metadata={**meta(f"{name}-0", space)}),
            pod(f"{name}-1", space, metadata=meta(f"{name}-1", space, labels=labels)),
        ]
        api.objects["events"].append(event("BackOff", f"Pod/{name}-0", name, space))
        for plural in ("deployments", "statefulsets", "jobs", "secrets", "configmaps"):
            api.objects[plural].append(workload(name, space, desired=2, ready=1))
        spec = {"selector": {"app": "y"}, "ports": [{"port": 80}]}
        api.objects["services"].append({"metadata": meta(name, space), "spec": spec})
        api.objects["serviceaccounts"].append({"metadata": meta(name, space)})
        api.objects["roles"].append({"metadata": meta(name, space), "rules": []})
        api.logs[f"{name}-1"] = f"2026-01-01T00:00:00Z {name} says ERROR\n"
    return api


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

    assert "Missing: statefulsets: off limits here: --deny-kind sts" in overview
    assert bare.startswith(("1 pod of deploy/web", "2 pods of deploy/web", "No pods of deploy/web"))
    assert named == "error: Statefulsets are off limits here: --deny-kind sts."
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


@pytest.mark.parametrize("limits", LIMITS[1:], ids=str)
@pytest.mark.parametrize("deaf", [False, True])
async def test_pages_within_limits_neither_repeat_nor_skip(
    connect: Connect, api: Api, limits: dict[str, Any], deaf: bool
) -> None:
    client = await connect(**limits)
    filled(api).deaf = deaf
    api.objects["pods"] += [pod(f"p{one:02}", "team-a") for one in range(20)]
    api.objects["pods"] += [pod(f"{CANARY}-p{one:02}", "vault") for one in range(20)]
    api.objects["pods"].sort(
        key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"])
    )

    seen: list[str] = []
    cursor = ""
    for _ in range(30):
        question = {"what": "pods", "limit": 3, "cursor": cursor}
        result = await client.call_tool("k8s_get", question, meta=WITH_DATA)
        assert result.structured_content, result.content
        assert len(result.structured_content["rows"]) <= 3
        seen += [row[0] for row in result.structured_content["rows"]]
        cursor = result.structured_content.get("cursor", "")
        if not cursor:
            break

    expected = [
        f"{one['metadata']['namespace']}/{one['metadata']['name']}"
        for one in api.objects["pods"]
        if one["metadata"]["namespace"] != "vault"
    ]
    assert seen == expected


async def test_a_server_that_does_not_page_is_still_read_in_pages(
    connect: Connect, api: Api
) -> None:
    client = await connect(allow_namespace=["shop", "team-*"])
    filled(api).pages = False
    api.objects["pods"] += [pod(f"p{one:02}", "team-a") for one in range(7)]

    seen: list[str] = []
    cursor = ""
    while True:
        question = {"what": "pods", "limit": 4, "cursor": cursor}
        result = await client.call_tool("k8s_get", question, meta=WITH_DATA)
        assert result.structured_content, result.content
        seen += [row[0] for row in result.structured_content["rows"]]
        cursor = result.structured_content.get("cursor", "")
        if not cursor:
            break

    assert len(seen) == len({*seen}) == 13
    assert seen == sorted(seen)


async def test_many_allowed_namespaces_are_read_a_few_at_a_time(connect: Connect, api: Api) -> None:
    names = [f"team-{one:02}" for one in range(40)]
    api.objects["namespaces"] = [namespace(one) for one in names]
    api.objects["pods"] = [pod(f"web-{one}", one) for one in names]
    client = await connect(allow_namespace=["team-*"])

    answer = text_of(await client.call_tool("k8s_pods", {"status": "all", "limit": 200}))

    assert answer.startswith("40 pods in lab over 40 namespaces")
    assert len([one for one in api.requests if one.url.path.endswith("/pods")]) == 40
    assert len(api.asked("/api/v1/namespaces")) == 1


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


def frames(*names: str, space: str) -> httpx.Response:
    lines = [
        json.dumps({"type": "ADDED", "object": event("Seen", f"Pod/{name}", namespace=space)})
        for name in names
    ]
    return httpx.Response(200, text="\n".join([*lines, ""]))


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        ({}, ["vault", "shop", "vault"]),
        ({"deny_namespace": ["vault"]}, ["shop"]),
        ({"allow_namespace": ["shop", "team-*"]}, ["shop", "team-a"]),
    ],
)
async def test_a_watch_of_all_namespaces_sees_those_in_reach(
    config: Path, api: Api, limits: dict[str, Any], seen: list[str]
) -> None:
    filled(api)
    mixed = [frames("x", space=space).text for space in ("vault", "shop", "vault")]
    api.routes["/api/v1/events"] = httpx.Response(200, text="".join(mixed))
    for space in ("shop", "team-a", "team-b"):
        names = ("x",) if space != "team-b" else ()
        api.routes[f"/api/v1/namespaces/{space}/events"] = frames(*names, space=space)
    cluster = Cluster(Settings(kubeconfig=str(config), **limits))

    found: list[str] = []
    with suppress(BackendError):
        async with watching(cluster, Listing(EVENTS), Named, "7") as changes:
            async for change in changes:
                assert change.object
                found.append(change.object.metadata.namespace)
                if sorted(found) == sorted(seen):
                    break
    await cluster.aclose()

    assert sorted(found) == sorted(seen)


async def test_a_refusal_of_one_watch_ends_all_as_it_is(config: Path, api: Api) -> None:
    filled(api).denied.add("events@team-a")
    api.routes["/api/v1/namespaces/shop/events"] = frames("x", space="shop")
    cluster = Cluster(Settings(kubeconfig=str(config), allow_namespace=("shop", "team-a")))

    with pytest.raises(Denied, match="events is forbidden"):
        async with watching(cluster, Listing(EVENTS), Named, "7") as changes:
            async for change in changes:
                assert change.object
    await cluster.aclose()
