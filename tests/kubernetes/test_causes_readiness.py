"""Why pods run and are not ready, as k8s_diagnose tells it."""

import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import (
    findings,
    judged,
    ran,
    said,
    specified,
    the_finding,
    unready,
)
from tests.kubernetes.wire import Api, ago, condition, container, node, pod
from tests.live import said_by_kubelets as words

PORTS = [{"containerPort": 8080, "name": "http"}]
HTTP = {"httpGet": {"path": "/healthz", "port": 8080}}
EXEC = {"exec": {"command": ["cat", "/tmp/healthy"]}}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (words.refused("Readiness"), "the connection is refused"),
        (words.status("Readiness", 404), "it answers 404: there is no such path"),
        (words.status("Readiness", 503), "it answers 503"),
        ('Readiness probe failed: Get "http://10.0.0.7:8080/healthz": context deadline exceeded'
         " (Client.Timeout exceeded while awaiting headers)", "no answer within its 1s"),
        ('Readiness probe failed: Get "https://10.0.0.7:8080/": http: server gave HTTP response to'
         " HTTPS client", "HTTP and HTTPS are mixed up (scheme), or its certificate is not"
         " accepted"),
        ('Readiness probe failed: Get "http://10.0.0.7:8080/": read tcp 10.0.0.1:1->10.0.0.7:8080:'
         " read: connection reset by peer", "the connection is cut"),
        ('Readiness probe failed: service unhealthy (responded with "NOT_SERVING")',
         "it says that it does not serve"),
        ('Readiness probe error: Get "http://10.0.0.7:8080/healthz": dial tcp 10.0.0.7:8080:'
         " connect: connection refused\nbody: ", "the connection is refused"),
    ],
)  # fmt: skip
async def test_a_readiness_probe_says_how_it_is_answered(
    connect: Connect, api: Api, text: str, answer: str
) -> None:
    one = unready(readinessProbe=HTTP, ports=PORTS)

    found = await the_finding(connect, api, one, events=[said("Unhealthy", text)])

    assert found["cause"] == "readiness-failing"
    assert found["summary"] == (f"container app: readiness probe GET :8080/healthz fails: {answer}")


async def test_a_sidecar_has_to_be_ready_as_well(connect: Connect, api: Api) -> None:
    proxy = container("proxy", {"running": {"startedAt": ago(hours=1)}}, ready=False, started=True)
    one = pod(
        "web-0", inits=[proxy], conditions=[condition("PodScheduled"), condition("Ready", "False")]
    )
    beside = {"name": "proxy", "restartPolicy": "Always", "readinessProbe": HTTP}
    one["spec"]["initContainers"] = [beside]

    found = await the_finding(
        connect, api, one, events=[said("Unhealthy", words.refused("Readiness"))]
    )

    assert found["summary"] == (
        "sidecar proxy: readiness probe GET :8080/healthz fails: the connection is refused"
    )


async def test_the_words_of_a_command_are_quoted(connect: Connect, api: Api) -> None:
    text = "Readiness probe failed: cat: can't open '/tmp/healthy': No such file or directory"

    found = await the_finding(
        connect, api, unready(readinessProbe=EXEC), events=[said("Unhealthy", text)]
    )

    assert found["summary"].startswith("container app: readiness probe `cat /tmp/healthy` fails")
    assert found["said"] == [text]


async def test_a_port_that_is_not_declared_and_refused_is_the_wrong_one(
    connect: Connect, api: Api
) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8081}}
    text = words.refused("Readiness", 8081)

    found = await the_finding(
        connect, api, unready(readinessProbe=probe, ports=PORTS), events=[said("Unhealthy", text)]
    )

    assert (found["cause"], found["confidence"]) == ("probe-wrong-port", "likely")
    assert found["summary"].endswith("port 8081 is not one it declares (it has 8080)")


async def test_a_port_that_is_not_declared_but_answers_is_no_fault_of_the_probe(
    connect: Connect, api: Api
) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8081}}
    text = words.status("Readiness", 500)

    found = await the_finding(
        connect, api, unready(readinessProbe=probe, ports=PORTS), events=[said("Unhealthy", text)]
    )

    assert found["cause"] == "readiness-failing"


async def test_a_named_port_that_does_not_exist_is_certain(connect: Connect, api: Api) -> None:
    probe = {"tcpSocket": {"port": "web"}}
    text = 'Readiness probe errored: strconv.Atoi: parsing "web": invalid syntax'

    found = await the_finding(
        connect, api, unready(readinessProbe=probe, ports=PORTS), events=[said("Unhealthy", text)]
    )

    assert found["cause"] == "probe-wrong-port"
    assert found["summary"].endswith("its container has no port named web (it has http)")


@pytest.mark.parametrize(
    ("log", "summary"),
    [
        ("INFO Listening on http://0.0.0.0:3000", "its log says it listens at port 3000"),
        ("Server running at http://127.0.0.1:8080/",
         "its log says it listens at localhost:8080 only"),
        ("Tomcat started on port(s): 8090 (http)", "its log says it listens at port 8090"),
        ("ERROR dial tcp 10.0.0.5:5432: connect: connection refused",
         "its log: cannot reach 10.0.0.5:5432"),
    ],
)  # fmt: skip
async def test_the_log_says_where_it_listens_or_what_it_waits_for(
    connect: Connect, api: Api, log: str, summary: str
) -> None:
    one = unready(readinessProbe=HTTP)
    events = [said("Unhealthy", words.refused("Readiness"))]

    found = await the_finding(connect, api, one, events=events, log=log)

    assert found["summary"].endswith(f"the connection is refused; {summary}")


async def test_a_startup_probe_that_has_not_passed_is_told_apart(
    connect: Connect, api: Api
) -> None:
    one = unready(startupProbe=HTTP, readinessProbe=HTTP, ports=PORTS)
    events = [said("Unhealthy", words.refused("Startup"))]

    found = await the_finding(connect, api, one, events=events)

    assert found["cause"] == "startup-failing"


async def test_a_gate_is_named(connect: Connect, api: Api) -> None:
    ready = condition("Ready", "False", reason="ReadinessGatesNotReady", message=words.NO_GATE)
    one = pod("web-0", conditions=[condition("PodScheduled"), ready])
    one["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = ago(hours=1)

    found = await the_finding(connect, api, one)

    assert found["cause"] == "readiness-gate"
    assert found["summary"].endswith("readiness gate example.net/routed is not met")


async def test_a_job_whose_work_is_done_names_what_runs_on(connect: Connect, api: Api) -> None:
    done = container(state=ran(0, "Completed"), ready=False)
    proxy = container("proxy", {"running": {"startedAt": ago(hours=1)}}, ready=True)
    one = pod("import-x", owner="Job/import", containers=[done, proxy])

    found = await the_finding(connect, api, one)

    assert (found["owner"], found["cause"]) == ("job/import", "job-sidecar-runs")
    assert found["summary"].startswith("app is done, but proxy runs on")


def test_a_pod_whose_node_does_not_answer_follows_from_it() -> None:
    lost = condition("Ready", "Unknown", reason="NodeStatusUnknown")
    one = pod("web-0", conditions=[condition("PodScheduled"), lost])

    found = judged(one)

    assert (found.cause, found.follows) == ("node-lost", ("node/node-1",))


async def test_what_just_started_is_given_time(connect: Connect, api: Api) -> None:
    young = container(state={"running": {"startedAt": ago(seconds=5)}}, ready=False)
    api.objects["pods"] = [pod("web-0", containers=[young])]
    api.objects["nodes"] = [node("node-1")]

    assert await findings(connect) == []


async def test_a_container_that_is_killed_before_it_is_ready_is_told_to_be_killed(
    connect: Connect, api: Api
) -> None:
    again = container(
        state={"running": {"startedAt": ago(seconds=70)}},
        ready=False,
        started=True,
        restartCount=9,
        lastState=ran(143, seconds=41),
    )
    probes = {"readinessProbe": HTTP, "livenessProbe": HTTP}
    one = specified(pod("web-0", containers=[again]), ports=PORTS, **probes)
    order = "Container app failed liveness probe, will be restarted"

    found = await the_finding(
        connect,
        api,
        one,
        events=[
            said("Unhealthy", words.refused("Readiness")),
            said("Unhealthy", words.refused("Liveness")),
            said("Killing", order, type="Normal"),
        ],
    )

    assert found["cause"] == "liveness-kill"
    assert found["severity"] == 0
    assert not found.get("also")
