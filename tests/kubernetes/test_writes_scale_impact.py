"""What scaling would lead to is said in its plan: who changes it again, room, callers."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.wire import Json
from tests.kubernetes.writable import Ask, User, WritableApi, asking, deployment, scalable_api


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> WritableApi:
    return scalable_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


async def test_who_will_revert_it_is_said(api: WritableApi, ask: Ask) -> None:
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    notes = {"meta.helm.sh/release-name": "shop-web"}
    about = {"metadata": {"labels": labels, "annotations": notes}}
    api.objects["deployments"] = [deployment("web")]
    api.find("deployments", "web")["metadata"].update(about["metadata"])
    user = User(agrees=False)
    await ask(user, "k8s_scale", name="web", replicas="5")

    assert "Helm owns it (release shop-web): its next upgrade will revert this." in user.asked[0]


REPLICAS = [
    ("k8s_scale", {"name": "web", "replicas": "5"}),
    ("k8s_patch", {"name": "deploy/web", "patch": "{spec: {replicas: 5}}"}),
]


@pytest.mark.parametrize(("tool", "given"), REPLICAS, ids=["scale", "patch"])
async def test_an_autoscaler_that_owns_the_replicas_is_named(
    api: WritableApi, ask: Ask, tool: str, given: Json
) -> None:
    scaler = {
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 9,
        },
    }
    path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
    api.routes[path] = httpx.Response(200, text=json.dumps({"items": [scaler]}))
    user = User(agrees=False)
    await ask(user, tool, **given)

    assert "hpa/web owns the replicas (2 to 9): it will change the number again" in user.asked[0]


async def test_pods_that_find_no_room_are_counted(api: WritableApi, ask: Ask) -> None:
    requests = {"cpu": "3", "memory": "1Gi"}
    spec = {"containers": [{"name": "app", "image": "x", "resources": {"requests": requests}}]}
    api.objects["deployments"] = [deployment("web", template={"spec": spec})]
    user = User(agrees=False)
    await ask(user, "k8s_scale", name="web", replicas="+4")

    assert "Room for 2 of 4 more pods only (3 CPU and 1024 MiB each)" in user.asked[0]


async def test_scaling_to_nothing_says_whose_callers_get_no_answer(
    api: WritableApi, ask: Ask
) -> None:
    labels = {"app": "web"}
    spec = {"containers": [{"name": "app", "image": "x"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    api.objects["deployments"] = [deployment("web", template=template)]
    api.objects["services"] = [
        {"metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": labels}}
        for name in ("web", "web-admin")
    ]
    user = User(agrees=False)
    await ask(user, "k8s_scale", name="web", replicas="0")

    assert "spec.replicas: 2 -> 0" in user.asked[0]
    assert (
        "Impact: svc/web and svc/web-admin lead to it: whoever calls them gets no answer,"
        " unless others answer." in user.asked[0]
    )


async def test_what_may_not_be_read_is_not_called_safe(api: WritableApi, ask: Ask) -> None:
    api.denied = {"nodes"}
    user = User(agrees=False)
    await ask(user, "k8s_scale", name="web", replicas="5")

    assert "Not checked: room on the nodes (not allowed to list)." in user.asked[0]
