"""k8s_get, seen the way a model sees it."""

import base64
from typing import Any

import httpx
import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask, Connect, Mode, text_of
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, meta, node, pod, status, workload


def rows(answer: str) -> list[list[str]]:
    """The cells of the table, its header first."""
    lines = answer.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("--- from "))

    return [line.split() for line in lines[start + 1 : lines.index("--- end ---")]]


def table(names: list[str], cells: list[list[Any]]) -> httpx.Response:
    columns = [{"name": name, "priority": int(name == "Wide")} for name in names]
    listed = [
        {"cells": row, "object": {"metadata": {"name": row[0], "namespace": "shop"}}}
        for row in cells
    ]
    return httpx.Response(200, json={"kind": "Table", "columnDefinitions": columns, "rows": listed})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_list_is_shown_in_the_server_s_own_columns(
    connect: Connect, api: Api, mode: Mode
) -> None:
    offer(api)
    printed = table(["Name", "Ready", "Wide", "Age"], [["tls", "True", "no", "3d"]])
    api.routes["/apis/cert-manager.io/v1/certificates"] = printed

    client = await connect(mode)
    answer = text_of(await client.call_tool("k8s_get", {"what": "certs"}))

    assert answer.startswith("1 certificate in lab:")
    assert rows(answer) == [["NAME", "READY", "AGE"], ["shop/tls", "True", "3d"]]
    (asked,) = api.asked("/apis/cert-manager.io/v1/certificates")
    assert "as=Table" in asked.headers["accept"]
    assert asked.url.params["limit"] == "40"


async def test_a_server_that_prints_nothing_gets_names_and_ages(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("web-0")]

    assert rows(await ask("k8s_get", what="po")) == [["NAME", "AGE"], ["shop/web-0", "3d"]]


async def test_known_kinds_need_no_discovery(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [workload("web")]

    await ask("k8s_get", what="deploy")

    assert [one.url.path for one in api.requests] == ["/apis/apps/v1/deployments"]


async def test_fields_are_columns_beside_the_name(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("web-0"), pod("web-1", node="node-2")]

    answer = await ask("k8s_get", what="pods", fields="spec.nodeName,age", namespace="shop")

    assert rows(answer) == [
        ["NAME", "spec.nodeName", "age"],
        ["shop/web-0", "node-1", "3d"],
        ["shop/web-1", "node-2", "3d"],
    ]
    assert answer.startswith("2 pods in namespace shop:")


async def test_one_object_is_yaml_with_status_last(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [
        {**workload("web"), "metadata": {**meta("web", "shop"), "managedFields": [{"x": 1}]}}
    ]

    answer = await ask("k8s_get", what="deploy/web")

    assert answer.startswith("deploy/web in namespace shop (apps/v1):\n--- from deploy/web ")
    assert "managedFields" not in answer
    assert answer.index("\nspec:") < answer.index("\nstatus:")
    assert await ask("k8s_get", what="deploy web") == answer
    assert '"replicas":1' in await ask("k8s_get", what="deploy/web", output="json")
    assert "spec.replicas: 1" in await ask("k8s_get", what="deploy/web", fields="spec.replicas")


async def test_where_keeps_what_fulfils_it_and_counts(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("a"), pod("b", phase="Pending"), pod("c", phase="Pending")]

    answer = await ask("k8s_get", what="pods", where="status.phase=Pending", fields="status.phase")
    none = await ask("k8s_get", what="pods", where="status.phase=Failed")

    assert answer.startswith("2 pods of 3 in lab where status.phase=Pending:")
    assert [row[0] for row in rows(answer)[1:]] == ["shop/b", "shop/c"]
    assert none == "None of 3 pods in lab where status.phase=Failed."


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("spec.amount", ["d", "b", "a", "c", "e"]),
        ("-spec.amount", ["a", "b", "d", "c", "e"]),
        ("name", ["a", "b", "c", "d", "e"]),
        ("-name", ["e", "d", "c", "b", "a"]),
        ("age", ["c", "b", "a", "d", "e"]),
        ("-age", ["e", "d", "a", "b", "c"]),
    ],
)
async def test_values_are_sorted_as_what_they_are(
    ask: Ask, api: Api, sort: str, wanted: list[str]
) -> None:
    amounts = {"a": ("1Gi", 3), "b": ("900Mi", 2), "c": ("some", 1), "d": ("1k", 4), "e": (None, 5)}
    api.objects["pods"] = [
        {
            "metadata": meta(name, "shop", creationTimestamp=ago(days=days)),
            "spec": {} if amount is None else {"amount": amount},
        }
        for name, (amount, days) in amounts.items()
    ]

    answer = await ask("k8s_get", what="pods", sort=sort, fields="spec.amount")

    assert [row[0].removeprefix("shop/") for row in rows(answer)[1:]] == wanted


async def test_groups_are_counted_the_largest_first(ask: Ask, api: Api) -> None:
    two = [{"name": "a", "image": "web:1"}, {"name": "b", "image": "envoy:2"}]
    api.objects["pods"] = [
        {"metadata": meta(f"p{n}", "shop"), "spec": {"containers": two[: 1 + (n == 0)]}}
        for n in range(3)
    ]

    answer = await ask("k8s_get", what="pods", group_by="spec.containers[*].image")

    assert answer.startswith("3 pods in lab, by spec.containers[*].image:")
    assert rows(answer)[1:] == [["3", "web:1"], ["1", "envoy:2"]]


@pytest.mark.parametrize(
    "more", [{}, {"sort": "name"}, {"fields": "spec.nodeName"}, {"output": "yaml"}]
)
async def test_pages_go_on_within_the_budget_without_repeat_or_loss(
    ask: Ask, api: Api, more: Json
) -> None:
    names = [f"{'long-name-' * 8}{n:03}" for n in range(130)]
    api.objects["pods"] = [pod(name) for name in names]

    seen: list[str] = []
    cursor = ""
    while True:
        answer = await ask("k8s_get", what="pods", limit=60, cursor=cursor, **more)
        assert len(answer.encode()) <= ANSWER_BYTES
        seen += [name for name in names if f"shop/{name}" in answer]
        if "cursor=" not in answer:
            break
        cursor = answer.partition("cursor=")[2].partition(")")[0]

    assert seen == names


async def test_a_page_reads_no_more_than_it_shows(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod(f"p{n:03}") for n in range(500)]

    answer = await ask("k8s_get", what="pods", limit=5)

    assert len(rows(answer)) == 6
    assert [one.url.params["limit"] for one in api.asked("/api/v1/pods")] == ["5"]


async def test_a_list_that_expired_goes_on_after_its_last_row_and_says_so(
    ask: Ask, api: Api
) -> None:
    names = [f"p{n:03}" for n in range(30)]
    api.objects["pods"] = [pod(name) for name in names]
    answer = await ask("k8s_get", what="pods", limit=10)
    cursor = answer.partition("cursor=")[2].partition(")")[0]
    api.expired = True

    answer = await ask("k8s_get", what="pods", limit=10, cursor=cursor)

    assert [row[0] for row in rows(answer)[1:]] == [f"shop/{name}" for name in names[10:20]]
    assert "the list changed" in answer


@pytest.mark.parametrize("how", [{"group_by": "*"}, {"sort": "-spec.note", "fields": "spec.note"}])
async def test_pages_of_long_values_keep_to_the_budget_too(
    ask: Ask, api: Api, how: dict[str, str]
) -> None:
    notes = [f"{'long ' * 200}{n:03}" for n in range(60)]
    api.objects["pods"] = [
        {"metadata": meta(f"p{n}", "shop"), "spec": {"note": note}} for n, note in enumerate(notes)
    ]

    cursor, seen = "", 0
    for _ in range(20):
        answer = await ask("k8s_get", what="pods", cursor=cursor, **how)
        assert len(answer.encode()) <= ANSWER_BYTES
        seen += sum("long long" in line for line in answer.splitlines())
        cursor = answer.partition("cursor=")[2].partition(")")[0]
        if not cursor:
            break

    assert seen == len(notes)


async def test_a_cursor_of_another_question_is_refused(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod(f"p{n}") for n in range(9)]
    answer = await ask("k8s_get", what="pods", limit=2)
    cursor = answer.partition("cursor=")[2].partition(")")[0]

    assert "belongs to other arguments" in await ask("k8s_get", what="svc", cursor=cursor)
    assert "not one this server gave" in await ask("k8s_get", what="pods", cursor="!!!")


async def test_an_unknown_kind_offers_the_nearest_and_is_looked_for_once_more(
    ask: Ask, api: Api
) -> None:
    offer(api)

    answer = await ask("k8s_get", what="certificats")

    assert answer.startswith("error: 'lab' has no kind 'certificats'. Did you mean 'certificates'")
    assert "what=kinds lists all" in answer


async def test_an_unknown_field_offers_the_nearest(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("web-0")]
    api.routes["/openapi/v3/api/v1"] = schemas()

    answer = await ask("k8s_get", what="pods", fields="spec.nodeNme")
    unset = await ask("k8s_get", what="pods", fields="spec.hostname")

    assert answer == "error: Pod.spec has no field 'nodeNme'. Did you mean 'nodeName'?"
    assert "(spec.hostname: not set)" in unset


async def test_a_field_is_explained_one_level_at_a_time(ask: Ask, api: Api) -> None:
    api.routes["/openapi/v3/api/v1"] = schemas()

    answer = await ask("k8s_get", what="explain pods.spec")
    deeper = await ask("k8s_get", what="explain po.spec.nodeName")
    wrong = await ask("k8s_get", what="explain po.spec.nodeNme")

    assert answer.startswith("Pod.spec <Object> of v1:")
    assert "  containers <[]Object> required Containers of the pod." in answer
    assert "Where it runs. More words." in deeper
    assert "Did you mean 'nodeName'?" in wrong


async def test_kinds_are_listed_by_group_and_filtered(ask: Ask, api: Api) -> None:
    offer(api)

    everything = await ask("k8s_get", what="kinds")
    few = await ask("k8s_get", what="kinds cert")

    assert "pods (po)" in everything
    assert "nodes* (no)" in everything
    assert few.startswith("2 kinds named like 'cert' in lab")
    assert "certificates (cert,certs)" in few
    assert "pods" not in few


async def test_contexts_are_listed_without_credentials(ask: Ask, api: Api, config: Any) -> None:
    config.write_text(config.read_text().replace('"user": {}', '"user": {"token": "canary-tok"}'))

    answer = await ask("k8s_get", what="contexts")

    assert rows(answer)[1] == ["lab", "default", "token", "http://cluster"]
    assert "canary-tok" not in answer
    config.unlink()
    assert (await ask("k8s_get", what="contexts")).startswith("error: There is no kubeconfig at")


async def test_a_secret_is_never_shown_in_clear(ask: Ask, api: Api) -> None:
    value = base64.b64encode(b"canary-secret").decode()
    api.objects["secrets"] = [{"metadata": meta("db", "shop"), "data": {"key": value}}]

    for more in (
        {"what": "secret/db"},
        {"what": "secrets", "fields": "data.key"},
        {"what": "secrets", "output": "json"},
        {"what": "secrets", "group_by": "data.*"},
        {"what": "secrets", "sort": "data.key", "fields": "data"},
    ):
        answer = await ask("k8s_get", **more)
        assert "[redacted:" in answer
        assert value not in answer
        assert "canary" not in answer
    refused = await ask("k8s_get", what="secrets", where="data.key~Y2")
    assert refused.startswith("error: Values of Secrets are not compared")


async def test_who_may_read_one_namespace_gets_that_one_and_a_named_gap(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("mine", "default"), pod("theirs", "shop")]
    api.denied = {"pods@"}

    answer = await ask("k8s_get", what="pods")

    assert answer.startswith("1 pod in namespace default:")
    assert "Missing: other namespaces' pods: not allowed there" in answer


async def test_a_kind_that_is_elsewhere_on_an_old_server_is_found(ask: Ask, api: Api) -> None:
    old = {"v2beta2": [_autoscalers()]}
    offer(api, {"autoscaling": old})
    api.routes["/apis/autoscaling/v2/horizontalpodautoscalers"] = status(404, "page not found")
    listed = httpx.Response(200, json={"items": [{"metadata": meta("web", "shop")}]})
    api.routes["/apis/autoscaling/v2beta2/horizontalpodautoscalers"] = listed

    assert rows(await ask("k8s_get", what="hpa"))[1] == ["shop/web", "3d"]


async def test_kinds_without_a_namespace_say_so(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1")]

    answer = await ask("k8s_get", what="nodes", namespace="shop")

    assert "(nodes are in no namespace)" in answer


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"what": ""}, "is neither a kind nor an object"),
        ({"what": "a/b/c"}, "is neither a kind nor an object"),
        ({"what": "pods", "fields": "a b"}, "is not a path"),
        ({"what": "pods", "where": "a b c"}, "is not a condition"),
        ({"what": "pods", "sort": "-"}, "is not a path"),
        ({"what": "pods", "group_by": "["}, "is not a path"),
        ({"what": "pods", "group_by": "a", "fields": "b"}, "group_by counts"),
        ({"what": "pods", "output": "xml"}, "output"),
        ({"what": "pods", "limit": 0}, "limit"),
        ({"what": "pods", "where": "x" * 2_000}, "is over 1,000 characters"),
        ({"what": "pods", "namespace": "shpo"}, "Did you mean 'shop'?"),
        ({"what": "deploy/frontned"}, "There is no deploy/frontned"),
    ],
)
async def test_bad_input_is_refused_in_words(
    ask: Ask, api: Api, arguments: Json, words: str
) -> None:
    answer = await ask("k8s_get", **arguments)

    assert answer.startswith("error: ")
    assert words in answer


def _autoscalers() -> Json:
    return {
        "resource": "horizontalpodautoscalers",
        "responseKind": {"kind": "HorizontalPodAutoscaler"},
        "scope": "Namespaced",
        "verbs": ["list"],
        "shortNames": ["hpa"],
    }


def schemas() -> httpx.Response:
    """The documentation of Pod, in three schemas."""
    gvk = [{"group": "", "version": "v1", "kind": "Pod"}]
    reference: Json = {"allOf": [{"$ref": "#/components/schemas/v1.PodSpec"}], "default": {}}
    spec: Json = {
        "type": "object",
        "required": ["containers"],
        "properties": {
            "nodeName": {"type": "string", "description": "Where it runs. More words."},
            "hostname": {"type": "string"},
            "containers": {
                "type": "array",
                "description": "Containers of the pod. More.",
                "items": {"type": "object", "properties": {"image": {"type": "string"}}},
            },
        },
    }
    whole: Json = {
        "type": "object",
        "properties": {"spec": reference, "metadata": {"type": "object"}},
        "x-kubernetes-group-version-kind": gvk,
    }
    listed = {"schemas": {"v1.Pod": whole, "v1.PodSpec": spec}}

    return httpx.Response(200, json={"components": listed})


async def test_groups_beyond_those_counted_are_told(
    ask: Ask, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jamie_kubernetes.tools.sifting.GROUPS_KEPT", 2)
    api.objects["pods"] = [pod(name) for name in ("a", "b", "c", "d")]

    answer = await ask("k8s_get", what="pods", group_by="metadata.name")

    assert "(2 values of more than 2 groups are not counted)" in answer
