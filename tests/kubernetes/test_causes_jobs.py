"""Jobs and CronJobs that do not do their work, seen the way a model sees it."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask, Connect
from tests.kubernetes.diagnosed import findings, ran
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import Api, Json, ago, condition, container, event, meta, node, pod


def job(name: str = "load", owner: str = "", *, spec: Json | None = None, **status: Any) -> Json:
    return {"metadata": meta(name, "shop", owner), "spec": spec or {}, "status": status}


def ended(reason: str, message: str = "", **past: float) -> list[Json]:
    at = ago(**(past or {"minutes": 9}))
    return [condition("Failed", reason=reason, message=message, lastTransitionTime=at)]


@pytest.mark.parametrize(
    ("reason", "code", "said"),
    [
        ("BackoffLimitExceeded", "job-backoff-limit", "it gave up: its pods failed too often"),
        ("DeadlineExceeded", "job-deadline-exceeded", "it did not finish within 60 s"),
        ("PodFailurePolicy", "job-pod-failure-policy", "its podFailurePolicy does not forgive"),
        ("MaxFailedIndexesExceeded", "job-failed", "too many of its indexes failed"),
        ("Novel", "job-failed", "it failed"),
    ],
)
async def test_a_failed_job_says_how(ask: Ask, api: Api, reason: str, code: str, said: str) -> None:
    spec = {"activeDeadlineSeconds": 60}
    api.objects["jobs"] = [job(spec=spec, failed=3, conditions=ended(reason, "in its words"))]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/job/load: " in text
    assert said in text
    assert f"for 9m ({code})" in text
    assert f"{reason} after 3 failed tries, 0 succeeded" in text


async def test_a_job_that_failed_names_its_indexes_and_how_their_pods_ended(
    ask: Ask, api: Api
) -> None:
    failed = ended("FailedIndexes", "Job has failed indexes")
    api.objects["jobs"] = [job(failed=2, failedIndexes="1,3", conditions=failed)]
    api.objects["pods"] = [index(1)]
    api.logs["load-1-bcdfg"] = "ERROR bad checksum in part 1"

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/job/load: some of its indexes failed: 1,3 for 9m (job-failed)" in text
    assert "next: see why its pods fail: k8s_logs name=job/load namespace=shop" in text
    assert "1: Job has failed indexes\n1: ERROR bad checksum in part 1" in text


def index(number: int) -> Json:
    """A pod of an index of the Job that failed."""
    name = f"load-{number}-bcdfg"
    return pod(name, owner="Job/load", phase="Failed", containers=[container(state=ran(3))])


@pytest.mark.parametrize(
    ("most", "ends"), [(None, "once all others are done"), (3, "once more than 3 do")]
)
async def test_a_job_that_goes_on_tells_which_indexes_are_lost(
    ask: Ask, api: Api, most: int | None, ends: str
) -> None:
    spec = {"completions": 5, "backoffLimitPerIndex": 1, "maxFailedIndexes": most}
    api.objects["jobs"] = [job(spec=spec, active=2, failed=2, failedIndexes="1")]
    api.objects["pods"] = [index(1)]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/job/load: container app ends with exit 3" in text
    assert f"\n   indexes 1 of 5 failed too often; it fails {ends}\n" in text


async def test_indexes_of_which_no_pod_is_left_are_told_by_their_job(ask: Ask, api: Api) -> None:
    spec = {"completions": 5, "backoffLimitPerIndex": 1}
    api.objects["jobs"] = [job(spec=spec, active=2, failed=2, failedIndexes="1")]

    text = await ask("k8s_diagnose")

    assert "job/load: indexes 1 of 5 failed too often; it fails once all others are done" in text
    assert "(job-indexes-failed)" in text


@pytest.mark.parametrize(
    "status",
    [{"terminating": 1}, {"succeeded": 1, "conditions": [condition("SuccessCriteriaMet")]}],
    ids=["waits until a pod is gone", "its success policy is met"],
)
async def test_a_job_that_needs_no_pod_now_lacks_none(ask: Ask, api: Api, status: Json) -> None:
    offer(api, {})
    api.objects["jobs"] = [job(spec={"completions": 5}, **status)]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_job_that_failed_long_ago_is_only_left_over(ask: Ask, api: Api) -> None:
    api.objects["jobs"] = [job(conditions=ended("DeadlineExceeded", days=3))]

    assert "AT RISK shop/job/load" in await ask("k8s_diagnose")


async def test_a_job_without_a_pod_is_told_and_one_that_is_done_is_not(ask: Ask, api: Api) -> None:
    done = job("done", succeeded=1, conditions=[condition("Complete")])
    api.objects["jobs"] = [job("idle"), done, job("busy", active=1)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN shop/job/idle: it should run and has no pod" in text
    assert "(job-without-pod, likely)" in text


async def test_a_job_suspended_for_long_may_be_forgotten(ask: Ask, api: Api) -> None:
    offer(api, {})
    held = [condition("Suspended", lastTransitionTime=ago(hours=30))]
    queued = job("queued", spec={"suspend": True}, conditions=held)
    queued["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "all"}
    lately = [condition("Suspended", lastTransitionTime=ago(minutes=5))]
    api.objects["jobs"] = [
        job("held", spec={"suspend": True}, conditions=held),
        job("lately", spec={"suspend": True}, conditions=lately),
        queued,
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/job/held: it is suspended" in text
    assert "(job-suspended, possible)" in text


def cron(schedule: str = "* * * * *", *, status: Json | None = None, **spec: Any) -> Json:
    return {
        "metadata": meta("nightly", "shop"),
        "spec": {"schedule": schedule, **spec},
        "status": status or {},
    }


def run(number: int, *, born: Json | None = None, **status: Any) -> Json:
    one = job(f"nightly-{29_000_000 + number}", "CronJob/nightly", **status)
    one["metadata"]["creationTimestamp"] = ago(**(born or {"minutes": number}))

    return one


def recent() -> Json:
    return {"lastScheduleTime": ago(minutes=1)}


@pytest.mark.parametrize(
    ("schedule", "last", "spec", "code", "said"),
    [
        ("* * * * *", {}, {}, "cronjob-never-ran", "it never ran"),
        ("* * * * *", {"hours": 2}, {}, "cronjob-late", "and did not start for"),
        ("0 0 31 2 *", {"minutes": 1}, {}, "cronjob-never-due", "has not been due in five years"),
        (
            "* * * * *",
            {"minutes": 1},
            {"startingDeadlineSeconds": 5},
            "cronjob-deadline-too-short",
            "startingDeadlineSeconds 5 is shorter",
        ),
    ],
)
async def test_a_schedule_that_is_not_kept_is_told(
    ask: Ask, api: Api, schedule: str, last: Json, spec: Json, code: str, said: str
) -> None:
    status = {"lastScheduleTime": ago(**last)} if last else {}
    api.objects["cronjobs"] = [cron(schedule, status=status, **spec)]

    text = await ask("k8s_diagnose")

    assert "shop/cronjob/nightly: " in text
    assert said in text
    assert f"({code}" in text


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("TooManyMissedTimes", "cronjob-too-many-missed"),
        ("UnknownTimeZone", "cronjob-time-zone"),
        ("UnparseableSchedule", "cronjob-bad-schedule"),
    ],
)
async def test_what_the_controller_says_of_a_schedule_is_told(
    ask: Ask, api: Api, reason: str, code: str
) -> None:
    api.objects["cronjobs"] = [cron(status={"lastScheduleTime": ago(hours=5)})]
    api.objects["events"] = [event(reason, "CronJob/nightly", "in its words")]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert f"({code})" in text
    assert "1: in its words" in text


async def test_a_run_that_hangs_is_named(ask: Ask, api: Api) -> None:
    api.objects["cronjobs"] = [
        cron(concurrencyPolicy="Forbid", status={"lastScheduleTime": ago(hours=2)})
    ]
    api.objects["jobs"] = [run(1, born={"hours": 2}, active=1)]

    text = await ask("k8s_diagnose")

    assert "no run starts: job/nightly-29000001 still runs after 2h" in text
    assert "(cronjob-run-hangs)" in text


async def test_runs_that_pile_up_are_told(ask: Ask, api: Api) -> None:
    api.objects["cronjobs"] = [cron(status=recent())]
    api.objects["jobs"] = [run(number, active=1) for number in (1, 2, 30)]

    text = await ask("k8s_diagnose")

    assert "DEGRADED shop/cronjob/nightly: 3 runs of it go on at once, the oldest for 30m" in text
    assert "(cronjob-runs-pile-up)" in text


async def test_runs_that_fail_in_a_row_are_counted_up_to_the_last_good_one(
    ask: Ask, api: Api
) -> None:
    failed = ended("BackoffLimitExceeded")
    api.objects["cronjobs"] = [cron(status={**recent(), "lastSuccessfulTime": ago(hours=1)})]
    api.objects["jobs"] = [
        run(1, conditions=failed),
        run(2, conditions=failed),
        run(60, conditions=[condition("Complete")]),
        run(61, conditions=failed),
    ]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/cronjob/nightly: its last 2 runs failed: BackoffLimitExceeded" in text
    assert "last success 60m ago" in text
    assert "(cronjob-runs-fail)" in text


async def test_one_failure_that_was_made_good_is_nothing(ask: Ask, api: Api) -> None:
    offer(api, {})
    api.objects["cronjobs"] = [cron(status=recent())]
    api.objects["jobs"] = [
        run(1, conditions=[condition("Complete")]),
        run(2, conditions=ended("BackoffLimitExceeded")),
    ]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_a_suspended_cron_job_rests_on_purpose(ask: Ask, api: Api) -> None:
    offer(api, {})
    api.objects["cronjobs"] = [cron(suspend=True)]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize("codes", [(1, 1, 1), (2, 2, 1)], ids=["alike", "in another way"])
async def test_of_the_failed_runs_of_a_schedule_the_newest_is_quoted(
    connect: Connect, api: Api, codes: tuple[int, ...]
) -> None:
    runs = {"report-29000001-aaaaa": 180, "report-29000061-bbbbb": 120, "report-29000121-ccccc": 60}
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [
        pod(
            name,
            owner=f"Job/{name[:15]}",
            phase="Failed",
            containers=[container(state=ran(code))],
            metadata={"creationTimestamp": ago(minutes=minutes)},
        )
        for code, (name, minutes) in zip(codes, runs.items(), strict=True)
    ]
    api.logs = {name: f"ERROR of {name}" for name in runs}

    (found,) = await findings(connect)

    assert found["owner"] == "cronjob/report"
    assert found["said"] == ["ERROR of report-29000121-ccccc"]
    assert "exit 1" in found["evidence"][0]
