"""A cluster with 300 CRDs more than the lab has: discovery stays quick, one request, bounded."""

import time
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from mcp import Client
from mcp.types import ResourceTemplateReference

from jamie_base.answer import ANSWER_BYTES
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes.child import ask, child
from tests.kubernetes.wire import Json
from tests.live.space import made

pytestmark = pytest.mark.live

NUMBER = 300
RUN = time.time_ns()
GROUP = f"many-{RUN}.jamie.test"
"""Its own in each run: the kinds of the run before may still be on their way out."""

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MINE = {"labelSelector": f"jamie.test/many=run-{RUN}"}
DISCOVERY_SECONDS = 3.0


def definition(number: int) -> Json:
    name = f"widget{number:03}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}s.{GROUP}", "labels": {"jamie.test/many": f"run-{RUN}"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": f"{name}s", "singular": name, "kind": name.title()},
            "versions": [version],
        },
    }


@pytest.fixture(scope="module")
def many(kube: httpx.Client) -> Generator[None]:
    """300 kinds of one group, each served; gone after the module."""
    try:
        with ThreadPoolExecutor(8) as pool:
            assert {*pool.map(partial(define, kube), range(NUMBER))} == {201}
        wait_until(lambda: served(kube) >= NUMBER, "not all kinds are served")
        yield
    finally:
        kube.delete(CRDS, params=MINE).raise_for_status()


def define(kube: httpx.Client, number: int) -> int:
    return kube.post(CRDS, json=definition(number)).status_code


def served(kube: httpx.Client) -> int:
    reply = kube.get(f"/apis/{GROUP}/v1")
    if not reply.is_success:
        return 0

    return sum("/" not in one["name"] for one in reply.json()["resources"])


@pytest.fixture
async def client(many: None, lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


async def test_one_of_them_is_found_in_a_moment(client: Client, kube: httpx.Client) -> None:
    about = {"metadata": {"name": "one"}, "apiVersion": f"{GROUP}/v1", "kind": "Widget142"}
    path = f"/apis/{GROUP}/v1/namespaces/default/widget142s"
    made(kube, path, {**about, "colour": "green"})

    began = time.monotonic()
    answer = await ask(client, "k8s_get", what="Widget142", fields="colour")
    seconds = time.monotonic() - began
    again = time.monotonic()
    other = await ask(client, "k8s_get", what=f"widget007s.{GROUP}")
    kept = time.monotonic() - again

    assert "green" in answer
    assert other.startswith("No widget007s in ")
    assert seconds < DISCOVERY_SECONDS
    assert kept < seconds


async def test_kinds_are_listed_within_the_budget(client: Client) -> None:
    began = time.monotonic()
    answer = await ask(client, "k8s_get", what="kinds")
    seconds = time.monotonic() - began
    ours = await ask(client, "k8s_get", what="kinds widget29", limit=200)

    assert len(answer.encode()) <= ANSWER_BYTES
    assert "cursor=" in answer
    assert seconds < DISCOVERY_SECONDS
    assert all(f"widget29{n}s" in ours for n in range(10))


async def test_a_misspelt_kind_is_answered_with_the_nearest(client: Client) -> None:
    assert "'widget150s'" in await ask(client, "k8s_get", what="widgget150s")


async def test_they_do_not_slow_down_what_does_not_need_them(client: Client) -> None:
    began = time.monotonic()
    await ask(client, "k8s_get", what="cm", namespace="kube-system")
    assert time.monotonic() - began < DISCOVERY_SECONDS


async def test_kinds_are_completed_from_them(client: Client) -> None:
    template = ResourceTemplateReference(uri="k8s://{context}/{namespace}/{kind}/{name}")
    found = await client.complete(template, {"name": "kind", "value": "widget"})

    assert len(found.completion.values) == 100
    assert found.completion.has_more
