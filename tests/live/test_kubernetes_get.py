"""`k8s_get` against the lab: any kind, a CRD of our own, Secrets that stay secret."""

import base64
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.wire import Json
from tests.live.space import space as namespace

pytestmark = [pytest.mark.live]

CANARIES = ("canary-hunter2-Zq81", "canary-older-Xw77", "canary-plain-Rt55")


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture
def space(kube: httpx.Client) -> Generator[str]:
    """A namespace of this test's own."""
    with namespace(kube, f"jamie-test-get-{time.time_ns()}") as name:
        wait_for(kube, f"/api/v1/namespaces/{name}/serviceaccounts/default")
        yield name


@pytest.fixture
def widgets(kube: httpx.Client) -> Generator[str]:
    """A kind of our own, by its full name."""
    group = f"t{time.time_ns()}.jamie.test"
    full = f"widgets.{group}"
    size = {"type": "integer", "description": "How large. In metres."}
    spec = {"type": "object", "properties": {"size": size, "colour": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    version: Json = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [column],
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wdg"]}
    body: Json = {
        "metadata": {"name": full},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    make(kube, path, body)
    wait_for(kube, f"/apis/{group}/v1/widgets")
    yield full
    kube.delete(f"{path}/{full}").raise_for_status()


def make(kube: httpx.Client, path: str, body: Json) -> None:
    kube.post(path, json=body).raise_for_status()


def wait_for(kube: httpx.Client, path: str) -> None:
    wait_until(lambda: kube.get(path).is_success, f"{path} is not there")


async def test_the_list_of_a_kind_is_what_the_server_prints(
    client: Client, kube: httpx.Client
) -> None:
    rows = truth.rows(kube)
    data = await data_of(client, "k8s_get", what="po", limit=200)

    shown = data["rows"]
    while data.get("cursor"):
        data = await data_of(client, "k8s_get", what="po", limit=200, cursor=data["cursor"])
        shown += data["rows"]

    assert [row[0] for row in shown] == [f"{row.namespace}/{row.name}" for row in rows]
    assert [(row[1], row[2]) for row in shown] == [(row.ready, row.state) for row in rows]


async def test_pages_neither_repeat_nor_skip(client: Client, kube: httpx.Client) -> None:
    seen: list[str] = []
    data = await data_of(client, "k8s_get", what="pods", limit=7)
    assert data["read"] == len(truth.items(kube, "/api/v1/pods"))
    while True:
        seen += [row[0] for row in data["rows"]]
        if not data.get("cursor"):
            break
        data = await data_of(client, "k8s_get", what="pods", limit=7, cursor=data["cursor"])

    pods = truth.items(kube, "/api/v1/pods")
    assert seen == sorted(f"{p['metadata']['namespace']}/{p['metadata']['name']}" for p in pods)


async def test_counts_and_conditions_are_the_api_server_s(
    client: Client, kube: httpx.Client
) -> None:
    images = await data_of(
        client, "k8s_get", what="pods", group_by="spec.containers[*].image", limit=200
    )
    few = await data_of(
        client, "k8s_get", what="deploy", where="spec.replicas>2", fields="spec.replicas"
    )

    pods = truth.items(kube, "/api/v1/pods")
    wanted = Counter(
        image for pod in pods for image in {c["image"] for c in pod["spec"]["containers"]}
    )
    assert {row[1]: int(row[0]) for row in images["rows"]} == dict(wanted)
    deployments = truth.items(kube, "/apis/apps/v1/deployments")
    large = {
        f"{one['metadata']['namespace']}/{one['metadata']['name']}": str(one["spec"]["replicas"])
        for one in deployments
        if one["spec"]["replicas"] > 2
    }
    assert {row[0]: row[1] for row in few["rows"]} == large != {}
    assert (few["matched"], few["read"]) == (len(large), len(deployments))


async def test_a_kind_that_appears_is_found_by_every_name_and_gone_when_it_goes(
    client: Client, kube: httpx.Client, space: str, widgets: str
) -> None:
    group = widgets.partition(".")[2]
    path = f"/apis/{group}/v1/namespaces/{space}/widgets"
    for name, size in (("small", 3), ("large", 30)):
        body = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}}
        make(kube, path, {**body, "spec": {"size": size, "colour": "red"}})

    listed = [
        await data_of(client, "k8s_get", what=name, namespace=space)
        for name in ("wdg", "Widget", "widgets", widgets)
    ]
    assert all(one["rows"] == listed[0]["rows"] for one in listed)
    assert [row[:2] for row in listed[0]["rows"]] == [
        [f"{space}/large", "30"],
        [f"{space}/small", "3"],
    ]

    whole = await ask(client, "k8s_get", what="wdg/small")
    assert "size: 3" in whole
    assert "managedFields" not in whole
    sifted = await ask(client, "k8s_get", what="wdg", where="spec.size>=30", fields="spec.colour")
    assert f"{space}/large" in sifted
    assert "small" not in sifted
    assert "Did you mean 'colour'?" in await ask(client, "k8s_get", what="wdg", fields="spec.color")
    meant = await ask(client, "k8s_get", what="explain wdg.spec.size")
    assert "How large. In metres." in meant
    assert "widgets" in await ask(client, "k8s_get", what=f"kinds {group}")


async def test_a_secret_shows_marks_and_nothing_else(
    client: Client, kube: httpx.Client, space: str
) -> None:
    now, older, plain = CANARIES
    applied = {"kind": "Secret", "data": {"key": encoded(older)}, "stringData": {"odd": plain}}
    body: Json = {
        "metadata": {
            "name": "keys",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied),
                "copied": f"it is {now}",
            },
        },
        "data": {"key": encoded(now), "same": encoded(now)},
        "stringData": {"odd": plain},
    }
    make(kube, f"/api/v1/namespaces/{space}/secrets", body)

    asked: list[Json] = [
        {"what": "secret/keys"},
        {"what": "secret/keys", "output": "json"},
        {"what": "secrets", "output": "yaml"},
        {"what": "secrets", "output": "json", "sort": "data.key"},
        {"what": "secret/keys", "fields": "data"},
        {"what": "secrets", "fields": "data.key,data.same,data.*,stringData"},
        {"what": "secrets", "fields": "metadata.annotations"},
        {"what": "secrets", "fields": "metadata.annotations.*"},
        {"what": "secrets", "group_by": "data.key"},
        {"what": "secrets", "sort": "data.key", "fields": "metadata"},
    ]
    answers = [await ask(client, "k8s_get", namespace=space, **one) for one in asked]
    data = [await data_of(client, "k8s_get", namespace=space, **one) for one in asked[:6]]

    for text in (*answers, *map(json.dumps, data)):
        for canary in CANARIES:
            assert canary not in text
            assert encoded(canary) not in text
    assert all("[redacted:" in answer for answer in answers[:9]), answers
    guesses = [f"data[key={encoded(guess)}].x" for guess in (now, plain)]
    guessed = [await data_of(client, "k8s_get", what="secrets", fields=one) for one in guesses]
    assert guessed[0]["rows"] == guessed[1]["rows"]
    key, same = data[5]["rows"][0][1:3]
    assert key == same
    assert key.startswith("[redacted:")


async def test_conditions_on_a_secret_s_values_are_refused(
    client: Client, kube: httpx.Client, space: str
) -> None:
    body = {"metadata": {"name": "keys"}, "stringData": {"key": CANARIES[0]}}
    make(kube, f"/api/v1/namespaces/{space}/secrets", body)

    for where in ("data.key~Y2", "data.*=x", "data>a", "metadata.annotations.x=y", "metadata~x"):
        answer = await ask(client, "k8s_get", what="secrets", namespace=space, where=where)
        assert answer.startswith("error: Values of Secrets are not compared"), where
    there = await ask(client, "k8s_get", what="secrets", namespace=space, where="data.key exists")
    assert f"{space}/keys" in there


async def test_secrets_in_other_kinds_are_marks_too(
    client: Client, kube: httpx.Client, space: str
) -> None:
    container: Json = {
        "name": "app",
        "image": "x",
        "env": [{"name": "DB_PASSWORD", "value": CANARIES[0]}],
        "args": ["--token", CANARIES[1], "--plain"],
    }
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [container]}}
    config = {"metadata": {"name": "c"}, "data": {"API_TOKEN": CANARIES[2], "mode": "fast"}}
    make(kube, f"/api/v1/namespaces/{space}/pods", pod)
    make(kube, f"/api/v1/namespaces/{space}/configmaps", config)

    env = "spec.containers[*].env[*].value"
    asked: list[Json] = [
        {"what": "pod/p"},
        {"what": "pods", "fields": f"{env},spec.containers[*].args,spec.containers[*].args[1]"},
        {"what": "pods", "group_by": env},
        {"what": "pods", "where": f"{env}={CANARIES[0]}"},
        {"what": "pods", "where": f"{env}~canary"},
        {"what": "cm/c"},
        {"what": "cm", "fields": "data.API_TOKEN,data.mode"},
        {"what": "cm", "where": "data.API_TOKEN~canary"},
    ]
    answers = [await ask(client, "k8s_get", namespace=space, **one) for one in asked]

    for canary in CANARIES:
        # The caller's own words come back in the head of an answer.
        assert all(canary not in one.partition(":\n")[2] for one in answers), canary
    assert answers[3].startswith("None of 1 pod ")
    assert answers[4].startswith("None of 1 pod ")
    assert "fast" in answers[6]
    assert answers[7].startswith("None of ")
    for guess in (CANARIES[0], "wrong"):
        field = f"spec.containers[*].env[value={guess}].name"
        guessed = await data_of(client, "k8s_get", what="pods", namespace=space, fields=field)
        assert [row[1] for row in guessed["rows"]] == ["-"]


async def test_one_object_fits_and_says_what_is_left_out(
    client: Client, kube: httpx.Client, space: str
) -> None:
    data = {f"file-{n}.txt": f"line {n}\n" * 400 for n in range(30)}
    body = {"metadata": {"name": "large"}, "data": data}
    make(kube, f"/api/v1/namespaces/{space}/configmaps", body)

    text = await ask(client, "k8s_get", what="cm/large", namespace=space)
    part = await ask(client, "k8s_get", what="cm/large", fields='data["file-7.txt"]')

    assert len(text.encode()) <= ANSWER_BYTES
    assert "bytes in all)" in text or "left out; fields=data" in text
    assert "line 7" in part


async def test_who_may_read_one_namespace_gets_that_one_named(
    client: Client, kube: httpx.Client
) -> None:
    text = await ask(client, "k8s_get", what="pods", namespace="shpo")

    assert "Did you mean 'shop'?" in text
    assert "Did you mean" in await ask(client, "k8s_get", what="deploymnts")
    assert "Did you mean 'frontend'?" in await ask(client, "k8s_get", what="deploy/frontned")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
