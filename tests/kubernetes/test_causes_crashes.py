"""Why containers end, as k8s_diagnose tells it."""

import time
from typing import Any

import httpx
import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import (
    POD,
    backing_off,
    crashing,
    findings,
    judged,
    ran,
    said,
    specified,
    the_finding,
)
from tests.kubernetes.wire import Api, Json, ago, container, node, pod, waiting

LIMITED = {"limits": {"memory": "256Mi"}}
PROBE = {"httpGet": {"path": "/healthz", "port": 8081}, "timeoutSeconds": 2}
KILLING = said("Killing", "Container app failed liveness probe, will be restarted", type="Normal")
OLD_KILLING = said(
    "Killing",
    "Killing container with id docker://app:Container failed liveness probe.. Container will be"
    " killed and recreated.",
    type="Normal",
)
UNHEALTHY = said("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (ran(0, "Completed"), "exits-zero"),
        (ran(1), "app-error"),
        (ran(2), "app-error"),
        (ran(126), "not-executable"),
        (ran(127), "bad-command"),
        (ran(134), "crash-signal"),
        (ran(137), "killed"),
        (ran(137, "OOMKilled"), "oom-killed"),
        (ran(139), "segfault"),
        (ran(143), "terminated"),
        (ran(159), "crash-signal"),
        (ran(255), "app-error"),
        (ran(137, "ContainerStatusUnknown"), "container-lost"),
        (ran(128, "StartError", message='exec: "x": executable file not found'), "bad-command"),
        (ran(127, "ContainerCannotRun", message="OCI runtime create failed: exec format error"),
         "wrong-architecture"),
        (ran(128, "StartError"), "start-failed"),
    ],
)  # fmt: skip
def test_an_exit_says_what_it_can(end: Json, code: str) -> None:
    assert judged(crashing(end, resources=LIMITED)).cause == code


def test_what_a_pod_may_use_as_a_whole_is_no_limit_of_a_container() -> None:
    one = crashing(ran(137, "OOMKilled", seconds=3600))
    one["spec"]["resources"] = {"limits": {"memory": "512Mi"}}

    found = judged(one)

    assert found.summary == (
        "container app needs more memory than the limit of 512Mi its pod's containers share"
        " (OOMKilled)"
    )
    assert found.next.startswith("raise limits.memory of the pod in pod/web-0,")


async def test_out_of_memory_says_the_limit_and_what_is_used_now(
    connect: Connect, api: Api
) -> None:
    usage = {"metadata": {"name": "web-0"}, "containers": [
        {"name": "app", "usage": {"memory": "200Mi"}}]}  # fmt: skip
    path = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/web-0"
    api.routes[path] = httpx.Response(200, json=usage)
    end = ran(137, "OOMKilled", seconds=3600)

    found = await the_finding(connect, api, crashing(end, resources=LIMITED))

    assert found["summary"] == (
        "container app needs more memory than its limit of 256Mi (OOMKilled)"
    )
    assert found["evidence"][0] == "container app: exit 137 OOMKilled 2m ago after 60m, 7 restarts"
    assert found["evidence"][-1] == "uses 200Mi now"


async def test_without_a_limit_it_is_the_node_that_ran_out(connect: Connect, api: Api) -> None:
    oom = said("SystemOOM", "System OOM encountered, victim process: java", "Node/node-1")
    oom["involvedObject"]["namespace"] = ""

    found = await the_finding(connect, api, crashing(ran(137, "OOMKilled")), events=[oom])

    assert (found["cause"], found.get("confidence", "certain")) == ("node-oom", "certain")
    assert found["said"] == ["System OOM encountered, victim process: java"]


@pytest.mark.parametrize("order", [KILLING, OLD_KILLING], ids=["containerd", "docker"])
async def test_a_liveness_kill_names_the_probe_and_the_port_it_misses(
    connect: Connect, api: Api, order: Json
) -> None:
    ports = [{"containerPort": 8080}]
    one = crashing(ran(137), livenessProbe=PROBE, ports=ports)

    found = await the_finding(connect, api, one, events=[order, UNHEALTHY])

    assert found["cause"] == "liveness-kill"
    assert found["summary"] == (
        "container app is killed by the kubelet: its liveness probe GET :8081/healthz fails: it"
        " answers 500; port 8081 is not one it declares (it has 8080)"
    )
    assert "liveness probe: every 10s, timeout 2s, 3 failures" in found["evidence"]


async def test_a_program_that_ends_by_itself_is_not_killed_by_a_probe_that_fails_then(
    connect: Connect, api: Api
) -> None:
    one = crashing(ran(1), livenessProbe=PROBE)

    found = await the_finding(connect, api, one, events=[UNHEALTHY], log="ERROR no such colour")

    assert (found["cause"], found["said"]) == ("app-error", ["ERROR no such colour"])


async def test_a_probe_that_failed_is_believed_where_the_order_is_forgotten(
    connect: Connect, api: Api
) -> None:
    found = await the_finding(
        connect, api, crashing(ran(143), livenessProbe=PROBE), events=[UNHEALTHY]
    )

    assert found["cause"] == "liveness-kill"


async def test_an_init_container_is_named_with_its_exit_and_its_line(
    connect: Connect, api: Api
) -> None:
    waits = container(state=waiting("PodInitializing"), ready=False)
    one = pod("web-0", containers=[waits], inits=[backing_off(ran(3), "migrate")], phase="Pending")

    found = await the_finding(connect, api, one, log='ERROR: relation "orders" does not exist')

    assert found["cause"] == "init-failed"
    assert found["summary"] == (
        "init container migrate ends with exit 3: its database does not have the schema it expects"
    )
    assert api.asked("/api/v1/namespaces/shop/pods/web-0/log")[0].url.params["container"] == (
        "migrate"
    )


async def test_a_variable_that_is_missing_finds_the_one_that_is_misspelt(
    connect: Connect, api: Api
) -> None:
    env = [{"name": "DATABSE_URL", "value": "x"}, {"name": "PORT"}, {"name": "PORT"}]

    found = await the_finding(
        connect, api, crashing(ran(1), env=env), log="KeyError: 'DATABASE_URL'"
    )

    assert found["cause"] == "env-missing"
    assert "its env has DATABSE_URL" in found["evidence"]
    assert "env PORT is set twice: the last one counts" in found["evidence"]


async def test_what_a_container_left_as_its_message_stands_for_a_log_that_is_gone(
    connect: Connect, api: Api
) -> None:
    end = ran(1, message="panic: dial tcp 10.0.0.1:5432: connect: connection refused")

    found = await the_finding(connect, api, crashing(end))

    assert found["cause"] == "dependency-unreachable"


async def test_logs_that_may_not_be_read_leave_the_exit_and_are_named(
    connect: Connect, api: Api
) -> None:
    api.routes["/api/v1/namespaces/shop/pods/web-0/log"] = httpx.Response(
        403, json={"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403}
    )

    found = await the_finding(connect, api, crashing(ran(1)))

    assert found["cause"] == "app-error"
    assert "no log line: it cannot be read" in found["evidence"]
    client: Any = await connect()
    text = (await client.call_tool("k8s_diagnose", {})).content[0].text
    assert text.endswith("(Without permission to list them, not looked at: logs)")


async def test_a_secret_in_a_last_line_is_hidden(connect: Connect, api: Api) -> None:
    line = "FATAL: cannot use password=hunter2-correct-horse"

    found = await the_finding(connect, api, crashing(ran(1)), log=line)

    assert "hunter2" not in str(found)


async def test_a_sandbox_that_is_made_anew_again_and_again_is_the_node_s_fault(
    connect: Connect, api: Api
) -> None:
    text = "Pod sandbox changed, it will be killed and re-created."
    remade = said("SandboxChanged", text, type="Normal", count=12)

    found = await the_finding(connect, api, crashing(ran(137)), events=[remade])

    assert (found["cause"], found["follows"]) == ("sandbox-failed", ["node/node-1"])


def test_a_container_whose_end_nobody_knows_still_has_a_finding() -> None:
    back_off = container(state=waiting("CrashLoopBackOff", "back-off 5m0s"), ready=False)

    found = judged(pod("web-0", containers=[back_off]))

    assert found.cause == "app-error"
    assert found.summary == (
        "container app is restarted again and again; how it ended is not known"
    )


def test_a_second_container_that_does_not_run_is_named() -> None:
    proxy = container("proxy", waiting("ImagePullBackOff", "no"), ready=False)
    one = pod("web-0", containers=[backing_off(ran(139)), proxy])

    found = judged(one)

    assert found.cause == "image-pull-failed"
    assert found.evidence[0] == "also container app: CrashLoopBackOff"


def test_an_event_about_another_container_is_no_evidence() -> None:
    proxy = container("proxy", ready=True)
    one = pod("web-0", containers=[backing_off(ran(137)), proxy])
    specified(one, livenessProbe=PROBE, resources=LIMITED)
    about = {**UNHEALTHY["involvedObject"], "fieldPath": "spec.containers{proxy}"}

    found = judged(one, [{**UNHEALTHY, "involvedObject": about}])

    assert found.cause == "killed"


async def test_a_program_that_was_killed_may_have_complained_of_anything_before(
    connect: Connect, api: Api
) -> None:
    one = crashing(ran(137), resources=LIMITED)
    log = "ERROR dial tcp 10.0.0.1:5432: connect: connection refused"

    found = await the_finding(connect, api, one, log=log)

    assert found["cause"] == "killed"
    assert found["summary"].endswith("; its log: cannot reach 10.0.0.1:5432")


async def test_what_happened_to_a_node_is_known_where_only_a_namespace_is_asked_for(
    connect: Connect, api: Api
) -> None:
    oom = said("SystemOOM", "System OOM encountered", "Node/node-1", namespace="default")
    oom["involvedObject"]["namespace"] = ""
    api.objects["events"] = [oom]
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [crashing(ran(137), resources=LIMITED)]

    (found,) = await findings(connect, namespace="shop")

    assert (found["owner"], found["cause"]) == ("node/node-1", "system-oom")
    assert found["affects"] == ["shop/pod/web-0"]


def restarting(*, up: float, lasted: int, restarts: int, ended: float = 2) -> Json:
    """A container that runs, for `up` minutes, after one that lasted so many seconds."""
    last = ran(1, seconds=lasted)
    last["terminated"] |= {
        "startedAt": ago(seconds=ended * 60 + lasted), "finishedAt": ago(minutes=ended)
    }  # fmt: skip
    state = {"running": {"startedAt": ago(minutes=up)}}
    return specified(
        pod("web-0", containers=[
            container(state=state, ready=True, restartCount=restarts, lastState=last)
        ])
    )  # fmt: skip


async def test_one_that_runs_but_restarts_again_and_again_is_degraded(
    connect: Connect, api: Api
) -> None:
    found = await the_finding(connect, api, restarting(up=1, lasted=240, restarts=14))

    assert (found["cause"], found["severity"]) == ("restarting", 2)
    assert found["summary"] == "keeps restarting: container app ends with exit 1"


async def test_two_ends_for_memory_are_enough(connect: Connect, api: Api) -> None:
    one = restarting(up=1, lasted=3600, restarts=2)
    one["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] = "OOMKilled"
    specified(one, resources=LIMITED)
    one["metadata"]["creationTimestamp"] = ago(hours=3)

    found = await the_finding(connect, api, one)

    assert (found["cause"], found["severity"]) == ("oom-killed", 2)


@pytest.mark.parametrize(
    "one",
    [
        restarting(up=50, lasted=20, restarts=4, ended=51),
        restarting(up=1, lasted=240, restarts=1),
        restarting(up=1, lasted=86400, restarts=5),
        pod("web-0"),
    ],
    ids=["settled", "a single one", "rarely", "healthy"],
)
async def test_what_recovered_is_nothing(connect: Connect, api: Api, one: Json) -> None:
    api.objects["pods"] = [one]
    api.objects["nodes"] = [node("node-1")]

    assert await findings(connect) == []


@pytest.mark.parametrize(("ready", "severity"), [(0, 0), (1, 1)])
async def test_an_owner_is_down_when_none_of_its_pods_is_ready(
    connect: Connect, api: Api, ready: int, severity: int
) -> None:
    owner = "ReplicaSet/web-66d7"
    well = [pod(f"web-66d7-a{number}", owner=owner) for number in range(ready)]

    found = await the_finding(connect, api, crashing(ran(1), owner=owner), *well)

    assert (found["owner"], found["severity"]) == ("deploy/web", severity)


async def test_a_job_that_fails_is_broken_not_down(connect: Connect, api: Api) -> None:
    one = pod("import-x", owner="Job/import", phase="Failed", containers=[container(state=ran(1))])

    found = await the_finding(connect, api, one, log="ERROR no such table: orders")

    assert (found["owner"], found["severity"]) == ("job/import", 1)
    assert found["cause"] == "schema-mismatch"


@pytest.mark.parametrize(("succeeded", "causes"), [(1, []), (60, ["app-error"])])
async def test_a_failed_run_that_a_later_one_made_good_is_nothing(
    connect: Connect, api: Api, succeeded: int, causes: list[str]
) -> None:
    about = {"name": "report", "namespace": "shop"}
    status = {"lastSuccessfulTime": ago(minutes=succeeded)}
    api.objects["cronjobs"] = [{"metadata": about, "spec": {}, "status": status}]
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [
        pod(
            "report-29384756-abcde",
            owner="Job/report-29384756",
            phase="Failed",
            containers=[container(state=ran(1))],
        )
    ]

    found = await findings(connect)
    assert [one["cause"] for one in found if one["owner"] == "cronjob/report"] == causes


async def test_beyond_the_bound_the_survey_alone_still_gives_findings(
    connect: Connect, api: Api
) -> None:
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [crashing(ran(137, "OOMKilled"), name=f"web-{n}") for n in range(60)]

    client: Any = await connect()
    text = (await client.call_tool("k8s_diagnose", {})).content[0].text

    assert text.startswith("60 findings")
    read = [one for one in api.requests if one.url.path.startswith("/api/v1/namespaces/shop/pods/")]
    assert len(read) == 40
    assert POD not in text


async def test_it_crashes_for_as_long_as_it_has_not_been_ready(connect: Connect, api: Api) -> None:
    found = await the_finding(connect, api, crashing(ran(1)))

    assert 3_500 < time.time() - found["since_ns"] / 1e9 < 3_700
