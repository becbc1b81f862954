"""k8s_delete against the lab: real garbage collection, finalizers and namespaces."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child
from tests.kubernetes.conftest import Mode
from tests.kubernetes.writable import User
from tests.live.space import changed, deployment, dropped, got, made, pods, serves, space, writing

NAMESPACE = "jamie-test-delete"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "delete.jamie-test.example.net"


pytestmark = pytest.mark.live


@pytest.fixture(scope="module", autouse=True)
def home(kube: httpx.Client) -> Generator[None]:
    with space(kube, NAMESPACE):
        yield


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_workload_goes_with_what_it_owns(
    lab: LabState, kube: httpx.Client, tmp_path: Path, mode: Mode
) -> None:
    made(kube, f"{APPS}/deployments", deployment(f"web-{mode}"))

    async def runs() -> bool:
        return len(pods(kube, NAMESPACE)) == 2

    assert await until(runs)
    user = User()
    write = {"JAMIE_KUBERNETES_WRITE": "true"}
    async with child(lab.kubernetes.kubeconfig, tmp_path, mode, user, **write) as client:
        given = {"name": f"deploy/web-{mode}", "namespace": NAMESPACE}
        text = await ask(client, "k8s_delete", **given)

    assert "Impact: Goes with it: 2 pods and 1 replicaset." in user.asked[0]
    assert "A deletion cannot be undone" in user.asked[0]
    assert text.startswith(f"Done: {NAMESPACE}/deploy/web-{mode} was deleted.\n  gone, after ")
    assert not got(kube, f"{APPS}/deployments/web-{mode}")

    async def collected() -> bool:
        return not got(kube, f"{CORE}/pods")["items"]

    assert await until(collected)


async def test_a_rehearsal_and_a_no_delete_nothing(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    made(kube, f"{CORE}/configmaps", {"metadata": {"name": "kept"}})
    user = User(agrees=False)
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_delete", name="cm/kept", namespace=NAMESPACE)

    assert text == "error: The user did not agree; nothing was changed."
    assert "deletionTimestamp" not in got(kube, f"{CORE}/configmaps/kept")["metadata"]


async def test_a_finalizer_that_holds_it_is_named(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    about = {"name": "held", "finalizers": ["example.net/guard"]}
    made(kube, f"{CORE}/configmaps", {"metadata": about})
    user = User()
    async with writing(lab, tmp_path, user, deadline=4.0) as client:
        text = await ask(client, "k8s_delete", name="cm/held", namespace=NAMESPACE)
        again = await ask(client, "k8s_delete", name="cm/held", namespace=NAMESPACE)

    assert "It has finalizer example.net/guard: it stays until" in user.asked[0]
    assert text.startswith(
        f"Sent, but NOT verified: {NAMESPACE}/cm/held is being deleted and is not gone yet.\n"
        "  held by finalizer example.net/guard, after "
    )
    assert "is being deleted already; held by finalizer example.net/guard" in again
    changed(kube, f"{CORE}/configmaps/held", {"metadata": {"finalizers": None}})


async def test_what_was_changed_while_the_user_thought_stays(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    made(kube, f"{CORE}/configmaps", {"metadata": {"name": "moving"}, "data": {"mode": "old"}})

    def meanwhile() -> None:
        changed(kube, f"{CORE}/configmaps/moving", {"data": {"mode": "new"}})

    user = User(meanwhile=meanwhile)
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_delete", name="cm/moving", namespace=NAMESPACE)

    assert "changed since the plan was made; nothing was changed. data: was" in text
    assert got(kube, f"{CORE}/configmaps/moving")["data"] == {"mode": "new"}


async def test_a_pod_comes_back_by_its_controller(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    made(kube, f"{APPS}/deployments", deployment("one", replicas=1))

    async def runs() -> bool:
        return len(pods(kube, NAMESPACE)) == 1

    assert await until(runs)
    name = pods(kube, NAMESPACE)[0]["metadata"]["name"]
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_delete", name=f"pod/{name}", namespace=NAMESPACE)

    assert (
        f"ReplicaSet {name.rpartition('-')[0]} controls it and will make a new one."
        in (user.asked[0])
    )
    assert text.startswith(f"Done: {NAMESPACE}/pod/{name} was deleted.")
    assert await until(runs)
    dropped(kube, f"{APPS}/deployments/one")


async def test_a_namespace_is_counted_and_waited_for(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    other = f"{NAMESPACE}-whole"
    made(kube, "/api/v1/namespaces", {"metadata": {"name": other}})
    for name in ("a", "b", "c"):
        made(kube, f"/api/v1/namespaces/{other}/secrets", {"metadata": {"name": name}})
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_delete", name=f"ns/{other}")

    assert "Impact: Everything in it goes: 3 secrets" in user.asked[0]
    assert text.startswith(f"Done: ns/{other} was deleted.\n  gone, after ")
    assert not got(kube, f"/api/v1/namespaces/{other}")


async def test_a_protected_namespace_is_refused_before_anybody_is_asked(
    lab: LabState, tmp_path: Path
) -> None:
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_delete", name="ns/kube-system")

    assert text.startswith("error: ")
    assert "this namespace may not be deleted" in text
    assert not user.asked


async def test_a_definition_takes_its_objects_along(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    name = f"guards.{GROUP}"
    made(kube, DEFINITIONS, definition(name))
    try:
        path = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/guards"

        async def served() -> bool:
            return serves(kube, path)

        assert await until(served)
        for one in ("a", "b"):
            body = {"apiVersion": f"{GROUP}/v1", "kind": "Guard", "metadata": {"name": one}}
            made(kube, path, body)
        user = User()
        async with writing(lab, tmp_path, user) as client:
            one = await ask(client, "k8s_delete", name="guard/a", namespace=NAMESPACE)
            all_ = await ask(client, "k8s_delete", name=f"crd/{name}")

        assert one.startswith(f"Done: {NAMESPACE}/guard/a was deleted.")
        assert "Every Guard in the cluster goes with it: 1 object." in user.asked[1]
        assert all_.startswith(f"Done: crd/{name} was deleted.")
    finally:
        dropped(kube, f"{DEFINITIONS}/{name}")


def definition(name: str) -> dict[str, object]:
    names = {"plural": "guards", "singular": "guard", "kind": "Guard"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    return {
        "metadata": {"name": name},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }
