"""Logs of a container that was started again: what its two runs share and what sets them apart."""

from collections.abc import Generator
from functools import partial
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.conftest import text_of
from tests.kubernetes.wire import ago
from tests.live.causes import KWOK, patch
from tests.live.space import IMAGE, got, made, space, writing

pytestmark = pytest.mark.live

SPACE = "jamie-test-logs"
POD = f"/api/v1/namespaces/{SPACE}/pods/web"
BEFORE = ("listening on 8080", "ERROR cannot reach cache:6379", "giving up")
NOW = ("listening on 8080", "pool of 10 connections is ready")


@pytest.fixture
def room(kube: httpx.Client) -> Generator[None]:
    with space(kube, SPACE):
        yield


@pytest.mark.usefixtures("room")
async def test_the_runs_before_and_after_a_restart_are_compared(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    restarted(kube, tmp_path)
    assert await until(partial(runs_again, kube))
    async with writing(lab, tmp_path, None) as client:
        arguments = {"name": "pod/web", "namespace": SPACE, "previous": True}
        answer = text_of(await client.call_tool("k8s_logs", arguments))

    before, _, now = answer.partition("The present run (2 lines read) shares 1 kind of entry")
    assert "(previous run): 3 lines read" in before
    assert all(line in before for line in BEFORE)
    gone, _, new = now.partition("only in the present run")
    assert all(line in gone for line in BEFORE[1:])
    assert NOW[1] in new
    assert NOW[0] not in now


def restarted(kube: httpx.Client, folder: Path) -> None:
    """Make a pod whose container runs again after it failed, and let kwok hold both logs."""
    spec = {"containers": [{"name": "app", "image": IMAGE}]}
    made(kube, f"/api/v1/namespaces/{SPACE}/pods", {"metadata": {"name": "web"}, "spec": spec})
    files = {"logsFile": written(folder / "now", NOW)}
    files["previousLogsFile"] = written(folder / "before", BEFORE)
    logs = {"apiVersion": KWOK, "kind": "Logs", "metadata": {"name": "web"}}
    made(kube, f"/apis/{KWOK}/namespaces/{SPACE}/logs", {**logs, "spec": {"logs": [files]}})


def written(file: Path, lines: tuple[str, ...]) -> str:
    """Write lines as container runtimes do; return the file's name."""
    file.write_text("".join(f"{ago(minutes=1)} stdout F {line}\n" for line in lines))
    return str(file)


async def runs_again(kube: httpx.Client) -> bool:
    """Tell whether the pod runs; say then that it did so before."""
    (*_, status) = got(kube, POD)["status"].get("containerStatuses", [{}])
    if not status.get("state", {}).get("running"):
        return False

    ended = {"exitCode": 1, "reason": "Error", "finishedAt": ago(minutes=1)}
    again = {**status, "restartCount": 1, "lastState": {"terminated": ended}}
    patch(kube, f"{POD}/status", {"containerStatuses": [again]})
    return True
