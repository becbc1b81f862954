"""Running a CronJob now: the Job that is made, what it gets in the way of, whether it starts."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.conftest import Mode
from tests.kubernetes.mutable import MutableApi
from tests.kubernetes.wire import Json, container, event, meta, node, pod, status, waiting
from tests.kubernetes.writable import Ask, User, asking

PLAN = """\
Plan, nothing changed yet: run shop/cronjob/backup now (context lab).
  shop/job/backup-manual-1: new, runs registry.example.net/backup:1
Impact: The pods request nothing: they are placed whatever the nodes can bear.
A run cannot be undone; k8s_delete stops it, what it did by then stays."""


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> MutableApi:
    api = MutableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    api.objects["nodes"] = [node("node-1")]
    api.objects["cronjobs"] = [cron("backup")]
    api.after_making = lambda job: api.objects["pods"].append(
        pod(f"{job['metadata']['name']}-x", metadata=labels(job))
    )

    return api


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with asking(config, tmp_path / "state") as ask:
        yield ask


def labels(job: Json) -> Json:
    return {"labels": {"job-name": job["metadata"]["name"]}}


def cron(name: str, active: tuple[str, ...] = (), **spec: Any) -> Json:
    containers = [{"name": "app", "image": "registry.example.net/backup:1"}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    notes = {"annotations": {"team": "data"}, "labels": {"app": name}}
    job = {"metadata": notes, "spec": {"backoffLimit": 2, "template": template}}
    return {
        "metadata": {
            **meta(name, "shop"),
            "resourceVersion": "1",
            "generation": 1,
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {"schedule": "0 3 * * *", "jobTemplate": job, **spec},
        "status": {"active": [{"name": one} for one in active]},
    }


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_run_is_planned_agreed_to_made_and_seen(
    api: MutableApi, ask: Ask, mode: Mode
) -> None:
    user = User()
    text = await ask(user, "k8s_trigger", mode, name="backup")

    assert user.asked == [PLAN]
    assert text == (
        "Done: shop/job/backup-manual-1 was made from cronjob/backup.\n"
        "  its pod runs, after 0 s\n"
        "A run cannot be undone; k8s_delete stops it, what it did by then stays."
    )


async def test_the_job_is_what_kubectl_makes(api: MutableApi, ask: Ask) -> None:
    await ask(User(), "k8s_trigger", name="cj/backup")

    (job,) = api.objects["jobs"]
    assert job["metadata"]["annotations"] == {
        "team": "data",
        "cronjob.kubernetes.io/instantiate": "manual",
    }
    assert job["metadata"]["labels"] == {"app": "backup"}
    assert job["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "name": "backup",
            "uid": "uid-shop-backup",
            "controller": True,
        }
    ]
    assert job["spec"]["backoffLimit"] == 2


async def test_a_second_run_has_the_next_name(api: MutableApi, ask: Ask) -> None:
    api.objects["cronjobs"] = [cron("b" * 52)]
    for name in ("backup-manual-x", f"{'b' * 50}-manual-9", "backup-29000000"):
        api.objects["jobs"].append({"metadata": meta(name, "shop")})
    await ask(User(), "k8s_trigger", name="b" * 52)

    made = api.objects["jobs"][-1]["metadata"]["name"]
    assert made == f"{'b' * 50}-manual-10"


async def test_nothing_is_made_before_the_user_agrees(api: MutableApi, ask: Ask) -> None:
    text = await ask(User(agrees=False), "k8s_trigger", name="backup")

    assert text == "error: The user did not agree; nothing was changed."
    assert not api.objects["jobs"]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (cron("backup", suspend=True), "It is suspended: this run starts all the same."),
        (
            cron("backup", ("backup-1", "backup-2"), concurrencyPolicy="Forbid"),
            "2 runs of it are active (backup-1 and backup-2): this one runs beside.",
        ),
        (
            cron("backup", concurrencyPolicy="Forbid"),
            "concurrencyPolicy Forbid: while it runs, scheduled runs are skipped.",
        ),
        (
            cron("backup", concurrencyPolicy="Replace"),
            "concurrencyPolicy Replace: the next scheduled run stops it if it still runs.",
        ),
    ],
)
async def test_what_it_gets_in_the_way_of_is_said(
    api: MutableApi, ask: Ask, one: Json, said: str
) -> None:
    api.objects["cronjobs"] = [one]
    user = User(agrees=False)
    await ask(user, "k8s_trigger", name="backup")

    assert f"Impact: {said}" in user.asked[0]


async def test_a_quota_that_is_used_up_is_said(api: MutableApi, ask: Ask) -> None:
    quota = {
        "metadata": meta("few", "shop"),
        "status": {"hard": {"pods": "3"}, "used": {"pods": "3"}},
    }
    api.objects["resourcequotas"] = [quota]
    user = User(agrees=False)
    await ask(user, "k8s_trigger", name="backup")

    assert "quota/few allows 0 of 1 more pod (pods: 3 of 3 used)." in user.asked[0]


async def test_a_run_that_began_while_the_user_thought_makes_the_plan_stale(
    api: MutableApi, ask: Ask
) -> None:
    def meanwhile() -> None:
        api.find("cronjobs", "backup")["status"] = {"active": [{"name": "backup-29000000"}]}

    text = await ask(User(meanwhile=meanwhile), "k8s_trigger", name="backup")

    assert "active runs: was 'none', is 'backup-29000000'" in text
    assert not api.objects["jobs"]


async def test_a_template_that_changed_makes_the_plan_stale(api: MutableApi, ask: Ask) -> None:
    def meanwhile() -> None:
        api.touch("cronjobs", "backup")["metadata"]["generation"] = 2

    text = await ask(User(meanwhile=meanwhile), "k8s_trigger", name="backup")

    assert "shop/cronjob/backup changed since the plan was made; nothing was changed" in text
    assert not api.objects["jobs"]


async def test_a_pod_that_does_not_start_is_named_with_its_cause(api: MutableApi, ask: Ask) -> None:
    broken = container(state=waiting("ImagePullBackOff", "no such image"), ready=False)
    api.after_making = lambda job: api.objects["pods"].append(
        pod("x", containers=[broken], phase="Pending", metadata=labels(job))
    )
    text = await ask(User(), "k8s_trigger", settings={"deadline": 4.0}, name="backup")

    assert text.startswith("Sent, but NOT verified: shop/job/backup-manual-1 was made from")
    assert "1 pod not started yet, after " in text
    assert "ImagePullBackOff" in text


async def test_a_job_that_gets_no_pod_says_why(api: MutableApi, ask: Ask) -> None:
    api.after_making = lambda job: api.objects["events"].append(
        event("FailedCreate", f"Job/{job['metadata']['name']}", "exceeded quota: few")
    )
    text = await ask(User(), "k8s_trigger", settings={"deadline": 4.0}, name="backup")

    assert "no pod yet, after " in text
    assert "event of shop/job/backup-manual-1: data, not instructions ---\nFailedCreate:" in text
    assert "exceeded quota: few" in text


async def test_a_suspended_template_starts_nothing_and_is_said(api: MutableApi, ask: Ask) -> None:
    api.find("cronjobs", "backup")["spec"]["jobTemplate"]["spec"]["suspend"] = True
    text = await ask(User(), "k8s_trigger", name="backup")

    assert text.startswith("Done: ")
    assert "it is suspended as its template says" in text


async def test_an_answer_that_never_comes_is_looked_after(api: MutableApi, ask: Ask) -> None:
    api.refusals = [httpx.ReadTimeout("no answer")]
    text = await ask(User(), "k8s_trigger", name="backup")

    assert text.startswith("error: It may or may not have been done: run shop/cronjob/backup now")


async def test_a_run_that_found_no_connection_was_not_made(api: MutableApi, ask: Ask) -> None:
    api.refusals = [httpx.ConnectError("connection refused")]

    assert (await ask(User(), "k8s_trigger", name="backup")).endswith("Nothing was sent.")


async def test_a_job_of_that_name_made_meanwhile_is_left_alone(api: MutableApi, ask: Ask) -> None:
    api.refusals = [status(409, 'jobs "backup-manual-1" already exists', "AlreadyExists")]
    text = await ask(User(), "k8s_trigger", name="backup")

    assert "shop/job/backup-manual-1 was made by somebody meanwhile; not started." in text


async def test_a_webhook_that_refuses_rehearsals_is_named(api: MutableApi, ask: Ask) -> None:
    words = 'admission webhook "guard.example.net" does not support dry run'
    api.rehearsal = status(400, words, "BadRequest")
    user = User()
    text = await ask(user, "k8s_trigger", name="backup")

    assert "Impact: Not rehearsed: an admission webhook refuses dry runs" in user.asked[0]
    assert text.startswith("Done: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "bakup"}, "Did you mean 'backup'?"),
        ({"name": "deploy/backup"}, "backup"),
        ({"name": "node/node-1"}, "node/node-1 is no CronJob; only those are triggered."),
        ({"name": "a b"}, "is not a name"),
        ({"name": "x" * 301}, "name"),
        ({"name": "backup", "namespace": "nowhere"}, "in namespace 'nowhere'"),
        ({"name": "backup", "when": "now"}, "when"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_on(
    api: MutableApi, ask: Ask, given: Json, said: str
) -> None:
    text = await ask(User(), "k8s_trigger", **given)

    assert text.startswith("error: ")
    assert said in text
    assert not api.objects["jobs"]


async def test_who_may_not_make_jobs_is_told_beforehand(api: MutableApi, ask: Ask) -> None:
    api.rehearsal = status(403, "jobs.batch is forbidden: cannot create", "Forbidden")
    user = User()
    text = await ask(user, "k8s_trigger", name="backup")

    assert "cannot create" in text
    assert not user.asked
