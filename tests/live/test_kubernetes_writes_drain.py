"""k8s_node action=drain against the lab: nodes of the test's own, real budgets and evictions."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User, record_in
from tests.live.space import deployment, dropped, got, made, pods, space, writing

NAMESPACE = "jamie-test-drain"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
BUDGETS = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
NODES = "/api/v1/nodes"
FIRST, SECOND = "jamie-test-drain-1", "jamie-test-drain-2"
MARK = "jamie-test/drain"
PINNED: Json = {
    "nodeSelector": {MARK: "yes"},
    "tolerations": [{"key": MARK, "operator": "Exists"}],
}

pytestmark = pytest.mark.live


@contextmanager
def host(kube: httpx.Client, name: str) -> Generator[None]:
    """A node that takes nobody else's pods; kwok plays its kubelet."""
    dropped(kube, f"{NODES}/{name}")
    taint = {"key": MARK, "value": "yes", "effect": "NoSchedule"}
    labels = {MARK: "yes", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    about = {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    made(kube, NODES, {"metadata": about, "spec": {"taints": [taint]}})
    try:
        yield
    finally:
        dropped(kube, f"{NODES}/{name}")


@pytest.fixture(scope="module", autouse=True)
def home(kube: httpx.Client) -> Generator[None]:
    with space(kube, NAMESPACE), host(kube, FIRST):
        made(kube, f"{APPS}/daemonsets", daemon_set("agent"))
        made(kube, f"{APPS}/deployments", deployment("web", replicas=3, **PINNED))
        made(kube, BUDGETS, budget("web", {"minAvailable": 2}))
        anyio.run(settled, kube, 4)
        # Only now, so that all pods are on the first.
        with host(kube, SECOND):
            anyio.run(settled, kube, 5)
            yield


def budget(app: str, spec: Json) -> Json:
    selector = {"matchLabels": {"app": app}}
    return {"metadata": {"name": app}, "spec": {"selector": selector, **spec}}


def daemon_set(name: str) -> Json:
    one = deployment(name, **PINNED)
    spec = {key: value for key, value in one["spec"].items() if key != "replicas"}
    return {**one, "kind": "DaemonSet", "spec": spec}


async def settled(kube: httpx.Client, number: int) -> None:
    async def run() -> bool:
        ready = [one for one in pods(kube, NAMESPACE) if is_ready(one)]
        allowed = got(kube, f"{BUDGETS}/web").get("status", {}).get("disruptionsAllowed")
        return len(ready) == number and allowed == 1

    assert await until(run), "the pods did not start"


def is_ready(pod: Json) -> bool:
    conditions: list[Json] = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def on(kube: httpx.Client, node: str) -> list[str]:
    """Whose pods run on a node: the first part of their names."""
    found = [one for one in pods(kube, NAMESPACE) if one["spec"].get("nodeName") == node]
    return sorted(one["metadata"]["name"].partition("-")[0] for one in found)


async def test_a_drain_goes_as_fast_as_its_budget_allows_and_is_seen_through(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_node", name=FIRST, action="drain")
        assert on(kube, FIRST) == ["agent"]
        assert on(kube, SECOND) == ["agent", "web", "web", "web"]
        back = await ask(client, "k8s_undo", record=record_in(text))

    assert f"drain node/{FIRST}: cordon it and evict 3 pods" in user.asked[0]
    assert f"  {NAMESPACE}/deploy/web: 3 pods -> evicted" in user.asked[0]
    assert (
        f"pdb/web in {NAMESPACE} allows 1 of 3 evictions now (3 healthy, 2 needed)"
        in (user.asked[0])
    )
    assert "Stay on it: 1 pod of DaemonSets." in user.asked[0]
    assert f"Every running pod is here of {NAMESPACE}/deploy/web" in user.asked[0]
    assert "Room elsewhere for 3 pods: yes" in user.asked[0]
    assert text.startswith(f"Done: node/{FIRST} is drained and takes no new pods.\n  3 of 3 pods")
    assert back.startswith("Done: ")
    assert "unschedulable" not in got(kube, f"{NODES}/{FIRST}")["spec"]


async def test_what_a_budget_forbids_is_left_and_named(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    made(kube, f"{APPS}/deployments", deployment("fixed", replicas=1, **PINNED))
    made(kube, BUDGETS, budget("fixed", {"maxUnavailable": 0}))

    async def runs() -> bool:
        return "fixed" in on(kube, FIRST) + on(kube, SECOND)

    assert await until(runs)
    node = FIRST if "fixed" in on(kube, FIRST) else SECOND
    user = User()
    async with writing(lab, tmp_path, user, deadline=6.0) as client:
        text = await ask(client, "k8s_node", name=node, action="drain")
        back = await ask(client, "k8s_node", name=node, action="uncordon")

    assert f"pdb/fixed in {NAMESPACE} allows none of 1 eviction now" in user.asked[0]
    assert f"Sent, but NOT verified: node/{node} takes no new pods and is not drained yet" in text
    assert "Cannot evict pod as it would violate the pod's disruption budget" in text
    assert "The disruption budget fixed needs" in text
    assert "fixed" in on(kube, node)
    assert back.startswith("Done: ")
    dropped(kube, f"{BUDGETS}/fixed")
    dropped(kube, f"{APPS}/deployments/fixed")


async def test_pods_that_would_be_lost_need_force(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    spec: Json = {
        **PINNED,
        "nodeName": FIRST,
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "app", "image": "registry.example.net/app:1"}],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }
    made(kube, f"{CORE}/pods", {"metadata": {"name": "lonely"}, "spec": spec})

    async def runs() -> bool:
        return "lonely" in on(kube, FIRST)

    assert await until(runs)
    user = User()
    async with writing(lab, tmp_path, user) as client:
        refused = await ask(client, "k8s_node", name=FIRST, action="drain")
        assert got(kube, f"{CORE}/pods/lonely")
        text = await ask(client, "k8s_node", name=FIRST, action="drain", force=True)
        await ask(client, "k8s_node", name=FIRST, action="uncordon")

    assert f"nobody would bring 1 pod ({NAMESPACE}/lonely) back" in refused
    assert f"the emptyDir data of 1 pod ({NAMESPACE}/lonely) would be lost" in refused
    assert f"By force: nobody will bring 1 pod ({NAMESPACE}/lonely) back." in user.asked[0]
    assert text.startswith(f"Done: node/{FIRST} is drained")
    assert not got(kube, f"{CORE}/pods/lonely")
