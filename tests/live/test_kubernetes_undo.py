"""Undo on the lab: it restores what was, refuses what others touched, and outlives the server."""

import time
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client, MCPError

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User, record_in
from tests.live.writing import (
    Space,
    as_caller,
    at_home,
    do,
    namespace,
    outcomes,
    over_stdio,
    serving,
    settle,
    two_contexts,
)

pytestmark = pytest.mark.live

NODE = f"jamie-test-back-{time.time_ns()}"


@pytest.fixture(scope="module")
def space(kube: httpx.Client) -> Generator[Space]:
    with namespace(kube, f"jamie-test-back-{time.time_ns()}") as space:
        space.deployment("web")
        space.deployment("rolled")
        settle(space, "web", "rolled")
        yield space


@pytest.fixture(scope="module")
def served(lab: LabState, space: Space, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = tmp_path_factory.mktemp("undo")
    with serving(two_contexts(lab, folder, space.name), folder) as served:
        yield served.url


@pytest.fixture
async def client(served: str) -> AsyncGenerator[Client]:
    """A client whose user agrees to everything."""
    async with as_caller(served, "ada", User()) as client:
        yield client


ENV = "{spec: {template: {spec: {containers: [{name: app, env: [{name: A, value: b}]}]}}}}"
GRACE = "/spec/template/spec/terminationGracePeriodSeconds"

CHANGES: dict[str, tuple[str, Json]] = {
    "scale": ("k8s_scale", {"replicas": "1"}),
    "image": ("k8s_set", {"image": ["example.net/app:2"]}),
    "labels": ("k8s_set", {"label": ["tier=api", "new=yes"]}),
    "annotations": ("k8s_set", {"annotation": ["example.net/a.b=Ada, on call", "old-"]}),
    "pause": ("k8s_roll", {"action": "pause"}),
    "merge": (
        "k8s_patch",
        {"patch": "{spec: {minReadySeconds: 1, template: {metadata: {labels: {x: z}}}}}"},
    ),
    "strategic": ("k8s_patch", {"type": "strategic", "patch": ENV}),
    "json": (
        "k8s_patch",
        {"type": "json", "patch": f'[{{"op": "add", "path": "{GRACE}", "value": 7}}]'},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_undo_restores_exactly_what_was(client: Client, space: Space, change: str) -> None:
    tool, given = CHANGES[change]
    space.patch("web", {"metadata": {"labels": {"tier": "web"}, "annotations": {"old": "yes"}}})
    before = kept(space.get("web"))
    done = await do(client, tool, name="deploy/web", **given)
    during = kept(space.get("web"))
    back = await do(client, "k8s_undo", record=record_in(done))

    assert done.startswith("Done: "), done
    assert during != before
    assert back.startswith(f"Done: {space.name}/deploy/web is as it was before undo-"), back
    assert kept(space.get("web")) == before


def kept(one: Json) -> Json:
    """What people write of an object: no status, no versions, no notes of controllers."""
    about = one["metadata"]
    notes = {k: v for k, v in about["annotations"].items() if "deployment.kubernetes" not in k}
    return {"labels": about.get("labels"), "annotations": notes, "spec": one["spec"]}


async def test_a_rollout_goes_back_to_a_revision_and_undo_brings_it_forth(
    client: Client, space: Space
) -> None:
    for number in (2, 3):
        await do(client, "k8s_set", name="deploy/rolled", image=[f"example.net/app:{number}"])
    done = await do(client, "k8s_roll", name="deploy/rolled", action="undo", revision=1)
    image = space.image("rolled")
    back = await do(client, "k8s_undo", record=record_in(done))

    assert done.startswith(
        f"Done: {space.name}/deploy/rolled has the template of revision 1 again."
    )
    assert image == "example.net/app:1"
    assert back.startswith("Done: ")
    assert space.image("rolled") == "example.net/app:3"


async def test_a_pause_is_undone_and_a_resume_too(client: Client, space: Space) -> None:
    paused = await do(client, "k8s_roll", name="deploy/web", action="pause")
    resumed = await do(client, "k8s_roll", name="deploy/web", action="resume")
    again = await do(client, "k8s_undo", record=record_in(resumed))
    held = space.get("web")["spec"].get("paused", False)
    await do(client, "k8s_undo", record=record_in(paused))

    assert again.startswith("Done: ")
    assert held is True
    assert "paused" not in space.get("web")["spec"]


@pytest.fixture
def node(kube: httpx.Client) -> Generator[str]:
    """A node of the test's own: no kubelet, no pods."""
    kube.post("/api/v1/nodes", json={"metadata": {"name": NODE}}).raise_for_status()
    yield NODE
    kube.delete(f"/api/v1/nodes/{NODE}").raise_for_status()


async def test_a_cordon_is_undone(client: Client, kube: httpx.Client, node: str) -> None:
    def closed() -> bool:
        return kube.get(f"/api/v1/nodes/{node}").json()["spec"].get("unschedulable", False)

    done = await do(client, "k8s_node", name=node, action="cordon")
    during = closed()
    back = await do(client, "k8s_undo", record=record_in(done))

    assert done.startswith(f"Done: node/{node} takes no new pods.")
    assert during is True
    assert back.startswith("Done: ")
    assert closed() is False


async def test_undo_refuses_what_somebody_else_changed_since(client: Client, space: Space) -> None:
    done = await do(client, "k8s_scale", name="deploy/web", replicas="3")
    space.patch("web", {"spec": {"replicas": 1}})
    text = await do(client, "k8s_undo", record=record_in(done))

    assert text.startswith(f"error: {record_in(done)} cannot be undone: spec.replicas of ")
    assert "was changed by somebody else since; nothing was changed" in text
    assert space.replicas("web") == 1


async def test_undo_leaves_what_others_changed_beside_it(client: Client, space: Space) -> None:
    space.patch("web", {"spec": {"replicas": 2}})
    done = await do(client, "k8s_scale", name="deploy/web", replicas="3")
    space.patch("web", {"metadata": {"labels": {"by": "bob"}}, "spec": {"minReadySeconds": 2}})
    text = await do(client, "k8s_undo", record=record_in(done))

    assert text.startswith("Done: "), text
    assert space.replicas("web") == 2
    assert space.get("web")["metadata"]["labels"]["by"] == "bob"
    assert space.get("web")["spec"]["minReadySeconds"] == 2


async def test_undo_refuses_for_an_object_that_was_made_anew(client: Client, space: Space) -> None:
    path = f"{space.apps}/deployments/anew"
    space.deployment("anew", 0)
    done = await do(client, "k8s_set", name="deploy/anew", label=["x=y"])
    space.kube.delete(path).raise_for_status()
    gone = await do(client, "k8s_undo", record=record_in(done))
    space.deployment("anew", 0)
    another = await do(client, "k8s_undo", record=record_in(done))

    assert "is gone: there is nothing to undo" in gone
    assert "is another object of that name now; not undone" in another


async def test_an_object_changed_while_the_user_thinks_about_undoing_is_left_alone(
    served: str, space: Space
) -> None:
    user = User()
    async with as_caller(served, "ada", user) as client:
        done = await do(client, "k8s_set", name="deploy/web", label=["shift=day"])
        user.meanwhile = lambda: space.patch("web", {"metadata": {"labels": {"shift": "night"}}})
        text = await do(client, "k8s_undo", record=record_in(done))

    assert text.startswith("error: ")
    assert "nothing was changed" in text
    assert space.get("web")["metadata"]["labels"]["shift"] == "night"


async def test_a_record_outlives_the_server_and_is_used_once(
    lab: LabState, space: Space, tmp_path: Path
) -> None:
    config = at_home(lab, tmp_path, space.name)
    async with over_stdio(config, tmp_path, User()) as client:
        done = await do(client, "k8s_set", name="deploy/web", label=["round=one"])
    record = record_in(done)
    async with over_stdio(config, tmp_path, User()) as client:
        back = await do(client, "k8s_undo", record=record)
        twice = await do(client, "k8s_undo", record=record)

    assert back.startswith("Done: ")
    assert "round" not in space.get("web")["metadata"]["labels"]
    assert "it may be used already" in twice


async def test_a_record_is_for_its_context(client: Client) -> None:
    done = await do(client, "k8s_set", name="deploy/web", label=["c=1"], context="one")
    text = await do(client, "k8s_undo", record=record_in(done), context="two")

    assert f"{record_in(done)} belongs to context 'one', not 'two'." in text


async def test_a_server_that_dies_right_after_consent_leaves_the_way_back(
    lab: LabState, space: Space, tmp_path: Path
) -> None:
    config = at_home(lab, tmp_path, space.name)
    before = space.replicas("web")
    with serving(config, tmp_path) as served:
        async with anyio.create_task_group() as calls:
            calls.start_soon(scaled_in_vain, served.url, before + 1)
            await until_acting(tmp_path)
            served.process.kill()
    (record,) = (tmp_path / "undo").iterdir()
    async with over_stdio(config, tmp_path, User()) as client:
        text = await do(client, "k8s_undo", record=record.stem)

    # Whether the change got through is up to the moment; what was is there either way.
    assert text.startswith("Done: ") or "was changed by somebody else since" in text, text
    assert space.replicas("web") == before


async def scaled_in_vain(url: str, replicas: int) -> None:
    with suppress(MCPError, ExceptionGroup):
        async with as_caller(url, "ada", User()) as client:
            await do(client, "k8s_scale", name="deploy/web", replicas=str(replicas))


async def until_acting(state: Path) -> None:
    async def acting() -> bool:
        log = state / "audit" / "jamie-kubernetes.jsonl"
        return log.exists() and any(one.startswith("acting") for one in outcomes(state))

    assert await until(acting, 20, poll=0.005)
