"""k8s_trigger against the lab: a real Job, made from a CronJob, whose pod starts."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask
from tests.kubernetes.conftest import Mode
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User
from tests.live.space import IMAGE, dropped, got, made, space, writing

NAMESPACE = "jamie-test-trigger"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
BATCH = f"/apis/batch/v1/namespaces/{NAMESPACE}"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", autouse=True)
def home(kube: httpx.Client) -> Generator[None]:
    with space(kube, NAMESPACE):
        yield


def cron(name: str, **spec: object) -> Json:
    containers = [{"name": "app", "image": IMAGE}]
    pod = {"containers": containers, "restartPolicy": "Never"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"template": {"spec": pod}}}
    return {
        "metadata": {"name": name},
        # Never by itself while the test runs.
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": template, **spec},
    }


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_suspended_cronjob_runs_by_hand(
    lab: LabState, kube: httpx.Client, tmp_path: Path, mode: Mode
) -> None:
    name = f"backup-{mode}"
    made(kube, f"{BATCH}/cronjobs", cron(name, suspend=True))
    user = User()
    async with writing(lab, tmp_path, user, mode) as client:
        text = await ask(client, "k8s_trigger", name=f"cj/{name}", namespace=NAMESPACE)

    job = got(kube, f"{BATCH}/jobs/{name}-manual-1")
    uid = got(kube, f"{BATCH}/cronjobs/{name}")["metadata"]["uid"]
    assert f"  {NAMESPACE}/job/{name}-manual-1: new, runs {IMAGE}" in user.asked[0]
    assert "Impact: It is suspended: this run starts all the same." in user.asked[0]
    assert text.startswith(f"Done: {NAMESPACE}/job/{name}-manual-1 was made from cronjob/{name}.")
    assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert job["metadata"]["ownerReferences"][0]["uid"] == uid

    async def through() -> bool:
        return got(kube, f"{BATCH}/jobs/{name}-manual-1")["status"].get("succeeded") == 1

    assert await until(through)


async def test_a_quota_keeps_the_pod_away_and_is_named(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    made(kube, f"{BATCH}/cronjobs", cron("hungry"))
    hard = {"pods": "0"}
    made(kube, f"{CORE}/resourcequotas", {"metadata": {"name": "none"}, "spec": {"hard": hard}})

    async def counted() -> bool:
        return got(kube, f"{CORE}/resourcequotas/none").get("status", {}).get("hard") == hard

    assert await until(counted)
    user = User()
    async with writing(lab, tmp_path, user, deadline=5.0) as client:
        text = await ask(client, "k8s_trigger", name="cj/hungry", namespace=NAMESPACE)

    assert "quota/none allows 0 of 1 more pod" in user.asked[0]
    assert text.startswith(f"Sent, but NOT verified: {NAMESPACE}/job/hungry-manual-1 was made")
    assert "no pod yet, after" in text
    assert "exceeded quota: none" in text
    dropped(kube, f"{CORE}/resourcequotas/none")
