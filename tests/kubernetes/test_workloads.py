"""k8s_workloads, seen the way a model sees it."""

from typing import Any

import pytest

from jamie_base.answer import ANSWER_BYTES
from tests.kubernetes.conftest import Ask
from tests.kubernetes.wire import Api, Json, ago, condition, crashing, event, meta, pod

QUOTA = 'pods "web-1" is forbidden: exceeded quota: compute'


def deploy(name: str, desired: int = 2, ready: int = 2, **more: Any) -> Json:
    spec, status = more.pop("spec", {}), more.pop("status", {})
    return {
        "metadata": meta(name, "shop", generation=2, **more),
        "spec": {
            "replicas": desired,
            "template": {"spec": {"containers": [{"name": "app", "image": "reg/x/app:1.2"}]}},
            **spec,
        },
        "status": {
            "observedGeneration": 2,
            "replicas": desired,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "updatedReplicas": desired,
            **status,
        },
    }


def daemon_set(name: str, desired: int, ready: int) -> Json:
    status = {
        "observedGeneration": 1,
        "desiredNumberScheduled": desired,
        "currentNumberScheduled": desired,
        "updatedNumberScheduled": desired,
        "numberReady": ready,
        "numberAvailable": ready,
    }
    return {"metadata": meta(name, "shop"), "spec": {}, "status": status}


def job(name: str, owner: str = "", **more: Any) -> Json:
    about = more.pop("metadata", {})
    return {"metadata": {**meta(name, "shop", owner), **about}, **more}


def failed_job(name: str, owner: str = "", **more: Any) -> Json:
    why = condition("Failed", reason="BackoffLimitExceeded", message="Job has reached the limit")
    return job(name, owner, status={"failed": 7, "conditions": [why]}, **more)


def cron(name: str, schedule: str = "*/5 * * * *", **more: Any) -> Json:
    spec, status = more.pop("spec", {}), more.pop("status", {})
    return {
        "metadata": meta(name, "shop"),
        "spec": {"schedule": schedule, **spec},
        "status": {"lastScheduleTime": ago(minutes=1), **status},
    }


def scaler(name: str, target: str, *conditions: Json, wants: int = 3, has: int = 3) -> Json:
    return {
        "metadata": meta(name, "shop"),
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": target},
            "minReplicas": 1,
            "maxReplicas": 5,
        },
        "status": {
            "currentReplicas": has,
            "desiredReplicas": wants,
            "conditions": list(conditions)
            or [condition("AbleToScale"), condition("ScalingActive")],
        },
    }


async def test_an_autoscaler_that_cannot_reckon_wants_nothing_else(ask: Ask, api: Api) -> None:
    blind = condition("ScalingActive", "False", reason="FailedGetResourceMetric")
    api.objects["horizontalpodautoscalers"] = [scaler("web", "web", blind, wants=0, has=2)]

    answer = await ask("k8s_workloads")

    assert "shop/hpa/web" in answer
    assert "FailedGetResourceMetric" in answer
    assert "wants 0" not in answer


async def test_healthy_workloads_are_counted_and_no_more(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [deploy("web"), deploy("off", desired=0, ready=0)]
    api.objects["daemonsets"] = [daemon_set("agent", 3, 3)]
    api.objects["jobs"] = [
        job("done", status={"succeeded": 1, "conditions": [condition("Complete")]})
    ]
    api.objects["cronjobs"] = [cron("tick")]
    api.objects["horizontalpodautoscalers"] = [
        scaler("web", "web"),
        scaler("off", "off", condition("ScalingActive", "False", reason="ScalingDisabled")),
        scaler("low", "low", condition("ScalingLimited", reason="TooFewReplicas")),
    ]

    assert await ask("k8s_workloads") == (
        "2 deploys, 1 ds, 1 job, 1 cronjob, 3 hpas in lab: none blocked, 8 healthy.\n"
        "(8 healthy not shown; status=all lists them)"
    )


async def test_a_quota_that_refuses_pods_is_named(ask: Ask, api: Api) -> None:
    refused = condition("ReplicaFailure", reason="FailedCreate", message=QUOTA)
    late = condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="late")
    api.objects["deployments"] = [deploy("web", 2, 1, status={"conditions": [late, refused]})]

    answer = await ask("k8s_workloads")

    assert "shop/deploy/web  1/2 ready  3d  app:1.2  FailedCreate for 60m" in answer
    assert f"deploy/web: {QUOTA}" in answer


async def test_a_stuck_rollout_is_told_with_what_its_pods_suffer(ask: Ask, api: Api) -> None:
    late = condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="timed out")
    api.objects["deployments"] = [
        deploy("pay", 2, 2, status={"updatedReplicas": 1, "replicas": 3, "conditions": [late]})
    ]
    api.objects["pods"] = [crashing("pay-59b78675bc-bl5m4", "ReplicaSet/pay-59b78675bc", code=127)]

    answer = await ask("k8s_workloads")

    assert "2/2 ready, 1 updated" in answer
    assert (
        "ProgressDeadlineExceeded, 1 pod CrashLoopBackOff (last exit 127 command not found)"
        in answer
    )
    assert "1 blocked or short" in answer


async def test_a_rollout_under_way_is_not_blocked(ask: Ask, api: Api) -> None:
    going = condition("Progressing", reason="ReplicaSetUpdated")
    api.objects["deployments"] = [
        deploy("web", 3, 2, status={"updatedReplicas": 1, "conditions": [going]})
    ]

    assert (await ask("k8s_workloads")).startswith(
        "1 deploy in lab: none blocked, 1 under way, 0 healthy."
    )


async def test_a_paused_deployment_with_a_waiting_rollout_is_noted(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [
        deploy("web", spec={"paused": True}, status={"updatedReplicas": 0})
    ]

    assert "1 healthy (1 of them paused, suspended or held)" in await ask("k8s_workloads")
    assert "paused, a rollout waits, 0 of 2 updated" in await ask("k8s_workloads", status="all")


async def test_an_ordered_statefulset_names_the_pod_it_waits_for(ask: Ask, api: Api) -> None:
    api.objects["statefulsets"] = [deploy("db", 4, 1)]
    api.objects["pods"] = [
        pod("db-0", owner="StatefulSet/db"),
        crashing("db-1", "StatefulSet/db"),
    ]

    answer = await ask("k8s_workloads")

    assert (
        "db-1 is not ready, 2 pods wait behind it, 1 pod CrashLoopBackOff (last exit 1)" in answer
    )


async def test_a_daemonset_names_the_nodes_it_misses(ask: Ask, api: Api) -> None:
    api.objects["daemonsets"] = [daemon_set("agent", 3, 1)]
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-3"]}]}]
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    full = condition("PodScheduled", "False", reason="Unschedulable", message="Insufficient cpu")
    api.objects["pods"] = [
        pod("agent-a2b3c", owner="DaemonSet/agent"),
        crashing("agent-d4f5g", "DaemonSet/agent", node="node-2"),
        pod(
            "agent-h6j7k",
            owner="DaemonSet/agent",
            phase="Pending",
            node="",
            containers=[],
            conditions=[full],
            spec={"affinity": {"nodeAffinity": rule}},
        ),
    ]

    answer = await ask("k8s_workloads")

    assert "not ready on node-2, node-3" in answer
    assert "ds/agent: Insufficient cpu" in answer


async def test_pods_that_are_refused_by_events_only_are_explained(ask: Ask, api: Api) -> None:
    api.objects["statefulsets"] = [deploy("db", 1, 0)]
    api.objects["events"] = [
        event("FailedCreate", "StatefulSet/db", QUOTA),
        event("Unhealthy", "StatefulSet/db", "something else"),
    ]

    answer = await ask("k8s_workloads")

    assert "FailedCreate, db-0 does not exist" in answer
    assert f"sts/db: {QUOTA}" in answer
    assert "something else" not in answer


async def test_a_failed_job_says_why(ask: Ask, api: Api) -> None:
    api.objects["jobs"] = [failed_job("migrate")]

    answer = await ask("k8s_workloads")

    assert "shop/job/migrate  0/1 done  3d  failed: BackoffLimitExceeded 60m ago" in " ".join(
        answer.replace("      ", "  ").split("\n")
    ).replace("    ", "  ")
    assert "job/migrate: Job has reached the limit" in answer


async def test_a_cronjob_is_judged_by_its_newest_runs(ask: Ask, api: Api) -> None:
    api.objects["cronjobs"] = [cron("bad"), cron("mended")]
    done = {"succeeded": 1, "conditions": [condition("Complete")]}
    old, new = {"creationTimestamp": ago(hours=2)}, {"creationTimestamp": ago(hours=1)}
    api.objects["jobs"] = [
        failed_job("bad-29600000", "CronJob/bad", metadata=new),
        failed_job("bad-29599940", "CronJob/bad", metadata=old),
        failed_job("mended-29599940", "CronJob/mended", metadata=old),
        job("mended-29600000", "CronJob/mended", status=done, metadata=new),
    ]

    answer = await ask("k8s_workloads")

    assert "1 blocked or short, 1 healthy" in answer
    assert "last run failed: BackoffLimitExceeded, 2 failed in a row" in answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": {"lastScheduleTime": ago(hours=3)}}, "missed: due "),
        (
            {
                "status": {"lastScheduleTime": ago(hours=3), "active": [{"name": "tick-1"}]},
                "spec": {"concurrencyPolicy": "Forbid"},
            },
            "skipped: tick-1 still runs (Forbid)",
        ),
    ],
)
async def test_a_late_cronjob_is_found(ask: Ask, api: Api, given: Json, said: str) -> None:
    api.objects["cronjobs"] = [
        cron("tick", "0 * * * *", **given),
        cron("off", spec={"suspend": True}),
    ]

    answer = await ask("k8s_workloads")

    assert said in answer
    assert "1 blocked or short" in answer


async def test_autoscalers_that_cannot_work_are_found(ask: Ask, api: Api) -> None:
    no_metrics = condition(
        "ScalingActive", "False", reason="FailedGetResourceMetric", message="no metrics server"
    )
    gone = condition("AbleToScale", "False", reason="FailedGetScale", message="not found")
    over = condition("ScalingLimited", reason="TooManyReplicas", message="more than the maximum")
    api.objects["horizontalpodautoscalers"] = [
        scaler("a", "one", no_metrics),
        scaler("b", "two", gone),
        scaler("c", "three", condition("AbleToScale"), over),
        scaler("d", "same"),
        scaler("e", "same"),
    ]

    answer = await ask("k8s_workloads")

    assert "5 blocked or short" in answer
    assert "deploy/one 1-5; has no metrics to go by: FailedGetResourceMetric" in answer
    assert "cannot scale: FailedGetScale" in answer
    assert "wants more than its maximum of 5" in answer
    assert answer.count("2 autoscalers fight over deploy/same") == 2


async def test_one_workload_is_shown_with_its_autoscaler(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [deploy("web"), deploy("other")]
    api.objects["horizontalpodautoscalers"] = [scaler("web", "web"), scaler("x", "other")]

    answer = await ask("k8s_workloads", workload="deploy/web")

    assert "1 deploy, 1 hpa named deploy/web in namespace shop" in answer
    assert "shop/hpa/web" in answer
    assert "hpa/x" not in answer


async def test_what_may_not_be_read_is_named(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [deploy("web", 2, 1)]
    api.denied = {"jobs", "pods"}

    answer = await ask("k8s_workloads")

    assert "shop/deploy/web" in answer
    assert "Missing: jobs, pods: not allowed to list" in answer


async def test_many_workloads_fit_and_go_on(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [deploy(f"web-{at:04}", 3, 1) for at in range(500)]

    answer = await ask("k8s_workloads")

    assert len(answer.encode()) <= ANSWER_BYTES
    assert "more workloads; go on with cursor=" in answer


async def test_a_kind_that_is_no_workload_is_refused(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("db-0")]

    assert (await ask("k8s_workloads", workload="po/db-0")).startswith(
        "error: pod/db-0 is no workload"
    )
