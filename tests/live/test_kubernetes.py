"""The Kubernetes server against the lab in the middle of an incident, over stdio.

The truth is computed from the API server's own answers, pods' states from its own printer.
"""

import base64
import json
import re
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import NamedTuple, cast

import httpx
import pytest
from mcp import Client
from mcp.types import TextResourceContents

from jamie_base.answer import ANSWER_BYTES
from jamie_kubernetes.client.kubeconfig import read_kubeconfig
from jamie_lab import LabState
from tests.kubernetes import truth
from tests.kubernetes.child import ask, child, data_of
from tests.kubernetes.conftest import Mode
from tests.kubernetes.wire import Json, dumps

SHOP_EVENTS = "/api/v1/namespaces/shop/events"

pytestmark = [pytest.mark.live, pytest.mark.scenario("auth-timeouts")]


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_overview_s_figures_are_the_api_server_s(
    lab: LabState, tmp_path: Path, kube: httpx.Client, mode: Mode
) -> None:
    before = truth.rows(kube)
    async with child(lab.kubernetes.kubeconfig, tmp_path, mode) as client:
        data = await data_of(client, "k8s_overview")
        text = await ask(client, "k8s_overview")
    after = truth.rows(kube)

    ready, total = truth.ready_nodes(kube)
    assert (data["nodes"]["ready"], data["nodes"]["total"]) == (ready, total)
    states = [dict(Counter(row.state for row in rows)) for rows in (before, after)]
    assert data["pods"]["states"] in states
    assert data["pods"]["total"] == len(after)
    assert data["pods"]["namespaces"] == len({row.namespace for row in after})
    assert data["pods"]["sick"] == len(truth.unready_pods(kube)) > 0
    assert short_in(data) == truth.short(kube) != {}
    assert f"Nodes: {ready} of {total} ready." in text
    assert f"Pods: {len(after)} in {data['pods']['namespaces']} namespaces: " in text
    assert len(text.encode()) <= ANSWER_BYTES


async def test_use_is_what_the_metrics_api_says(client: Client, kube: httpx.Client) -> None:
    samples = [truth.use(kube)]
    data = await data_of(client, "k8s_overview")
    samples.append(truth.use(kube))

    used = data["usage"]
    assert (used["cpu"], used["memory"]) in [pytest.approx(one, rel=0.01) for one in samples]  # pyright: ignore[reportUnknownMemberType]  # untyped in pytest


async def test_every_unready_pod_is_sick_and_no_other(client: Client, kube: httpx.Client) -> None:
    data = await data_of(client, "k8s_pods")

    found = Counter({group["namespace"]: 0 for group in data["groups"]})
    for group in data["groups"]:
        found[group["namespace"]] += group["count"]
    assert found == Counter(namespace for namespace, _ in truth.unready_pods(kube))
    assert all(group["cause"] for group in data["groups"])


async def test_every_pod_stands_as_kubectl_prints_it(client: Client, kube: httpx.Client) -> None:
    before = truth.rows(kube)
    data = await data_of(client, "k8s_pods", status="all", limit=200)
    after = truth.rows(kube)

    found: Counter[tuple[str, str, str]] = Counter()
    for group in data["groups"]:
        found[group["namespace"], group["state"], group["ready"]] += group["count"]
    assert found in [
        Counter((row.namespace, row.state, row.ready) for row in rows) for rows in (before, after)
    ]


async def test_warning_events_are_counted_as_the_api_server_holds_them(
    client: Client, kube: httpx.Client
) -> None:
    before = truth.warnings(kube)
    data = await data_of(client, "k8s_events", limit=200)
    after = truth.warnings(kube)

    found: Counter[tuple[str, str]] = Counter()
    for group in data["groups"]:
        found[group["namespace"], group["reason"]] += group["count"]
    assert found.keys() == before.keys() | after.keys() != set()
    assert all(before[key] <= found[key] <= after[key] for key in found)


async def test_an_object_s_events_are_those_of_its_pods(client: Client, kube: httpx.Client) -> None:
    data = await data_of(client, "k8s_events", object="deploy/frontend", namespace="shop")

    reasons = {
        event["reason"]
        for event in truth.items(kube, SHOP_EVENTS, fieldSelector="type=Warning")
        if event["involvedObject"]["name"].startswith("frontend-")
    }
    assert {group["reason"] for group in data["groups"]} == reasons != set()
    assert {group["owner"] for group in data["groups"]} == {"deploy/frontend"}


async def test_logs_of_a_workload_hold_every_line_of_its_pods(
    client: Client, kube: httpx.Client
) -> None:
    pods = [row.name for row in truth.rows(kube) if row.name.startswith("auth-service-")]

    def lines(seconds: int) -> int:
        return sum(len(truth.log_lines(kube, "auth", pod, seconds)) for pod in pods)

    fewest = lines(600)
    data = await data_of(client, "k8s_logs", name="deploy/auth-service", since="10m", tail=10_000)
    most = lines(620)

    assert {source["name"] for source in data["sources"]} == set(pods)
    assert fewest - 60 <= data["read"] <= most
    assert data["entries"] == sum(one["count"] for one in data["patterns"])


async def test_errors_in_logs_are_found_by_level_and_by_text(
    client: Client, kube: httpx.Client
) -> None:
    by_level = await ask(client, "k8s_logs", name="auth-service", level="error", since="15m")
    by_text = await ask(client, "k8s_logs", name="auth-service", grep="timeout", since="15m")

    for answer in (by_level, by_text):
        assert re.search(r"\d+ x ERROR .*time[d ]*out", answer)
        assert len(answer.encode()) <= ANSWER_BYTES


async def test_the_run_before_the_crash_says_why(client: Client, kube: httpx.Client) -> None:
    answer = await ask(client, "k8s_logs", name="deploy/frontend", previous=True)

    crashed = {
        row.name
        for row in truth.rows(kube)
        if row.name.startswith("frontend-") and row.state == "CrashLoopBackOff"
    }
    assert crashed
    assert all(name in answer for name in crashed)
    assert "database" in answer
    assert "postgres://shop:[redacted:" in answer


async def test_names_are_taken_as_kubectl_takes_them(client: Client) -> None:
    full = await ask(client, "k8s_pods", workload="deployments.apps/frontend", namespace="shop")
    short = await ask(client, "k8s_pods", workload="deploy/frontend")

    # A second may pass between the two.
    assert ageless(short) == ageless(full)
    assert "Did you mean 'deploy/frontend'?" in await ask(client, "k8s_logs", name="frontned")
    assert "Did you mean 'shop'?" in await ask(client, "k8s_overview", namespace="shpo")


async def test_a_bad_selector_is_answered_in_the_api_server_s_words(
    client: Client, kube: httpx.Client
) -> None:
    words = truth.refusal(kube, "/api/v1/pods", labelSelector="app in (x")

    assert words in await ask(client, "k8s_pods", selector="app in (x")


async def test_status_knows_the_administrator(client: Client) -> None:
    source = await status_of(client)

    assert source["reachable"]
    assert source["version"].startswith("v1.")
    assert "system:masters" in source["identity"]
    assert "missing" not in source


class Restricted(NamedTuple):
    """A user who may read one namespace."""

    kubeconfig: Path
    name: str


@pytest.fixture
def restricted(kube: httpx.Client, lab: LabState, tmp_path: Path) -> Generator[Restricted]:
    """A ServiceAccount with a Role in `shop` alone, gone after the test."""
    name = f"reader-{time.time_ns()}"
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
    account: Json = {"metadata": {"name": name, "namespace": "shop"}}
    rules = [
        {"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["get", "list"]},
    ]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "shop"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    made = [
        ("/api/v1/namespaces/shop/serviceaccounts", account),
        (f"{rbac}/roles", {**account, "rules": rules}),
        (f"{rbac}/rolebindings", {**account, "subjects": [subject], "roleRef": role}),
    ]
    for path, body in made:
        kube.post(path, json=body).raise_for_status()

    asked = {"spec": {"expirationSeconds": 600}}
    path = f"/api/v1/namespaces/shop/serviceaccounts/{name}/token"
    token = kube.post(path, json=asked).raise_for_status().json()["status"]["token"]
    (tmp_path / "restricted").write_text(as_user(lab, token))
    yield Restricted(tmp_path / "restricted", f"system:serviceaccount:shop:{name}")
    for path, _ in reversed(made):
        kube.delete(f"{path}/{name}").raise_for_status()


async def test_who_may_read_one_namespace_gets_it_and_named_gaps(
    restricted: Restricted, tmp_path: Path, kube: httpx.Client
) -> None:
    async with child(restricted.kubeconfig, tmp_path / "state") as client:
        data = await data_of(client, "k8s_overview")
        text = await ask(client, "k8s_overview")
        source = await status_of(client)

    mine = truth.rows(kube, "/api/v1/namespaces/shop/pods")
    assert data["pods"]["total"] == len(mine)
    assert "nodes" not in data
    assert re.search(r"^Missing: nodes\b.*: not allowed to list$", text, re.MULTILINE)
    assert "only namespace 'shop' is counted" in text
    assert source["identity"].startswith(restricted.name)
    assert "may list pods in namespace 'shop' only" in {gap["why"] for gap in source["missing"]}


async def test_what_is_not_allowed_by_name_is_an_error_in_the_api_server_s_words(
    restricted: Restricted, tmp_path: Path
) -> None:
    async with child(restricted.kubeconfig, tmp_path / "state") as client:
        pods = await ask(client, "k8s_pods", namespace="auth")
        logs = await ask(client, "k8s_logs", name="deploy/auth-service", namespace="auth")
        own = await ask(client, "k8s_logs", name="deploy/frontend")

    assert 'cannot list resource "pods"' in pods
    assert "forbidden" in logs
    assert own.startswith("Logs of deploy/frontend in namespace shop")


def short_in(data: Json) -> dict[str, tuple[int, int]]:
    return {
        f"{one['namespace']}/{one['workload']}": (one["ready"], one["desired"])
        for one in data["workloads"]["short"]
    }


async def status_of(client: Client) -> Json:
    (content,) = (await client.read_resource("jamie://status")).contents
    (source,) = json.loads(cast("TextResourceContents", content).text)["sources"]

    return source


def as_user(lab: LabState, token: str) -> str:
    """A kubeconfig for the lab with a token, in namespace shop."""
    authority = lab_authority(Path(lab.kubernetes.kubeconfig))
    cluster = {"server": lab.kubernetes.url, "certificate-authority-data": authority}
    context = {"cluster": "lab", "user": "reader", "namespace": "shop"}
    return dumps(
        {
            "current-context": "lab",
            "contexts": [{"name": "lab", "context": context}],
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "reader", "user": {"token": token}}],
        }
    )


def lab_authority(kubeconfig: Path) -> str:
    config = read_kubeconfig([kubeconfig])
    assert config is not None
    (cluster,) = config.clusters.values()
    if cluster.certificate_authority_data:
        return cluster.certificate_authority_data

    return base64.b64encode(Path(cluster.certificate_authority).read_bytes()).decode()


def ageless(answer: str) -> str:
    """An answer without its ages."""
    return re.sub(r"\b\d+[smhd]\b", "", answer)
