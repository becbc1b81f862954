"""What plans say on the lab, and what is said when a change does not become what it should."""

import time
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User, record_in
from tests.live.writing import Space, as_caller, at_home, do, namespace, serving, settle

pytestmark = pytest.mark.live

ASKS = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
NOWHERE = {"nodeSelector": {"jamie.test/nowhere": "yes"}}
LATE_AT_ONCE = {"progressDeadlineSeconds": 1}
DEADLINE_SECONDS = 6


@pytest.fixture(scope="module")
def space(kube: httpx.Client) -> Generator[Space]:
    with namespace(kube, f"jamie-test-plans-{time.time_ns()}") as space:
        helm = {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "shop"},
        }
        argo = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/argo"}}
        for name, metadata in (("web", {}), ("helm", helm), ("argo", argo)):
            space.deployment(name, 1, metadata=metadata, container=ASKS)
        for name in ("stuck", "late"):
            space.deployment(name, 1, container=ASKS)
        settle(space, "web", "stuck", "late")
        yield space


@pytest.fixture(scope="module")
def url(lab: LabState, space: Space, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = tmp_path_factory.mktemp("plans")
    config = at_home(lab, folder, space.name)
    with serving(config, folder, "--deadline", str(DEADLINE_SECONDS)) as served:
        yield served.url


async def plan_of(url: str, tool: str, **given: Any) -> str:
    """Ask for a plan and decline it."""
    user = User(agrees=False)
    async with as_caller(url, "ada", user) as client:
        text = await do(client, tool, **given)

    assert text == "error: The user did not agree; nothing was changed."
    return user.asked[0]


@pytest.fixture
def scaler(space: Space) -> Generator[None]:
    path = f"/apis/autoscaling/v2/namespaces/{space.name}/horizontalpodautoscalers"
    of = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": of, "minReplicas": 1, "maxReplicas": 4}
    space.make(path, {"metadata": {"name": "web"}, "spec": spec})
    yield
    space.kube.delete(f"{path}/web").raise_for_status()


async def test_an_autoscaler_that_owns_the_replicas_is_named(url: str, scaler: None) -> None:
    plan = await plan_of(url, "k8s_scale", name="deploy/web", replicas="3")

    assert "Impact: hpa/web owns the replicas (1 to 4): it will change the number again" in plan


async def test_who_will_revert_it_is_named(url: str) -> None:
    scale = await plan_of(url, "k8s_scale", name="deploy/helm", replicas="2")
    image = await plan_of(url, "k8s_set", name="deploy/argo", image=["example.net/app:2"])

    assert "Impact: Helm owns it (release shop): its next upgrade will revert this." in scale
    assert "Impact: Argo CD (shop:apps/Deployment:x/argo) owns it: this will be reverted" in image


async def test_who_controls_it_is_named(url: str, space: Space) -> None:
    name = f"rs/{replica_set(space, 'web')}"
    plan = await plan_of(url, "k8s_scale", name=name, replicas="2")

    assert "Impact: Deployment web controls it: this may be reverted, change that instead." in plan


@pytest.fixture
def quota(space: Space) -> Generator[str]:
    """A quota that lets two pods more of ours in."""
    path = f"{space.home}/resourcequotas"
    used = len(space.kube.get(f"{space.home}/pods").json()["items"])
    space.make(path, {"metadata": {"name": "small"}, "spec": {"hard": {"pods": str(used + 2)}}})
    settle_quota(space, f"{path}/small")
    yield f"{used} of {used + 2}"
    space.kube.delete(f"{path}/small").raise_for_status()


def settle_quota(space: Space, path: str) -> None:
    wait_until(
        lambda: bool(space.kube.get(path).json().get("status", {}).get("used")),
        "the quota was never counted",
    )


async def test_a_quota_that_refuses_is_said_before_and_after(
    url: str, space: Space, quota: str
) -> None:
    plan = await plan_of(url, "k8s_scale", name="deploy/web", replicas="+4")
    async with as_caller(url, "ada", User()) as client:
        text = await do(client, "k8s_scale", name="deploy/web", replicas="+4")
        back = await do(client, "k8s_undo", record=record_in(text))

    assert f"Impact: quota/small allows 2 of 4 more pods (pods: {quota} used)." in plan
    assert text.startswith(f"Sent, but NOT verified: {space.name}/deploy/web is set to 5 replicas")
    assert "it failed: pods are refused (FailedCreate)" in text
    assert back.startswith("Done: "), back
    assert space.replicas("web") == 1


FAILS: dict[str, tuple[str, Json, str, str]] = {
    "a rollout past its deadline": (
        "late",
        LATE_AT_ONCE,
        "it failed: it exceeded its progress deadline: 1 of 1 updated, 1 available, 1 old left",
        "1 pod: ",
    ),
    "no time left": (
        "stuck",
        {},
        "not there yet: 1 of 1 updated, 1 available, 1 old left",
        "1 pod: ",
    ),
}


@pytest.mark.parametrize("case", FAILS)
async def test_a_rollout_that_gets_nowhere_says_so_and_offers_the_way_back(
    url: str, space: Space, case: str
) -> None:
    name, spec, said, cause = FAILS[case]
    space.patch(name, {"spec": spec})
    before = space.get(name)["spec"]
    patch = {"spec": {"template": {"spec": NOWHERE}}}
    async with as_caller(url, "ada", User()) as client:
        text = await do(client, "k8s_patch", name=f"deploy/{name}", patch=str(patch))
        back = await do(client, "k8s_undo", record=record_in(text))

    assert text.startswith(f"Sent, but NOT verified: {space.name}/deploy/{name} was patched.")
    assert said in text
    assert cause in text
    assert "k8s_undo puts " in text
    assert back.startswith("Done: "), back
    assert space.get(name)["spec"] == before


async def test_a_change_that_is_reverted_at_once_is_not_called_done(url: str, space: Space) -> None:
    name = replica_set(space, "web")
    async with as_caller(url, "ada", User()) as client:
        text = await do(client, "k8s_scale", name=f"rs/{name}", replicas="2")

    assert text.startswith(f"Sent, but NOT verified: {space.name}/rs/{name} is set to 2 replicas")
    assert "changed again at once by somebody else: spec.replicas" in text


def replica_set(space: Space, name: str) -> str:
    """The name of a Deployment's only ReplicaSet."""
    found = space.kube.get(f"{space.apps}/replicasets", params={"labelSelector": f"app={name}"})
    (one,) = found.raise_for_status().json()["items"]

    return one["metadata"]["name"]


async def test_what_the_api_server_refuses_is_said_instead_of_asked(url: str) -> None:
    user = User()
    async with as_caller(url, "ada", user) as client:
        invalid = await do(client, "k8s_patch", name="deploy/web", patch="{spec: {replicas: -1}}")
        unknown = await do(client, "k8s_patch", name="deploy/web", patch="{spec: {replics: 1}}")

    assert not user.asked
    assert "must be greater than or equal to 0" in invalid
    assert 'unknown field "spec.replics"' in unknown
