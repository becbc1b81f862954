"""k8s_diagnose on pods whose place others of a higher priority took."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.placing import homeless, host, seated
from tests.kubernetes.wire import Api, Json, ago, event

TOOK = "pay-55d4c-bcdfg"
WORDS = "0/1 nodes are available: 1 Insufficient cpu."
UID = "7c0e9c1e-2b9e-4f0e-9c62-6f1d6d3f0a11"
SAID = f"Preempted by pod {UID} on node node-1"


def preempted(name: str, message: str = SAID, minutes: float = 2, **fields: Any) -> Json:
    at = ago(minutes=minutes)
    times = {"firstTimestamp": at, "lastTimestamp": at}
    return event("Preempted", f"Pod/{name}", message, type="Normal", **times, **fields)


def full(api: Api, came: Json, *events: Json) -> None:
    """A node that a pod of a high priority fills, and one that came instead of another."""
    spec = {"priority": 1000, "priorityClassName": "critical"}
    took = seated(TOOK, "node-1", {"cpu": "2"}, owner="ReplicaSet/pay-55d4c", spec=spec)
    took["metadata"] |= {"namespace": "prod", "uid": UID}
    api.objects["nodes"] = [host("node-1", cpu="2")]
    api.objects["pods"] = [took, came]
    api.objects["events"] = list(events)


def web(**fields: Any) -> Json:
    return homeless("web-66d7c-vwxz2", WORDS, {"cpu": "1"}, owner="ReplicaSet/web-66d7c", **fields)


@pytest.mark.parametrize(
    "message",
    [SAID, f"Preempted by prod/{TOOK} on node node-1"],
    ids=["by its uid", "by its name, as older schedulers say"],
)
async def test_who_took_the_place_is_named_with_its_priority(
    ask: Ask, api: Api, message: str
) -> None:
    full(api, web(), preempted("web-66d7c-bcdfg", message))

    text = await ask("k8s_diagnose")

    assert text.partition("\n")[2].startswith(
        "1. DOWN shop/deploy/web: 1 pod unschedulable: prod/deploy/pay (priority 1000 of class"
        " critical, its own is 0) took their place, and no node has 1 cpu free for 2m"
        " (displaced-by-priority)\n"
        "   1 node: cpu short by 1 (best node-1: 0m of 2 free, 1 wanted)\n"
        "   event Preempted x1, last 2m ago\n"
        "   next: add one more node like node-1; or give it a priorityClassName of a higher value"
        " than 0"
    )


async def test_who_is_gone_is_told_by_name(ask: Ask, api: Api) -> None:
    message = "Preempted by prod/pay-55d4c-zzzzz on node node-1"
    full(api, web(), preempted("web-66d7c-bcdfg", message))

    assert "1 pod unschedulable: prod/deploy/pay took their place" in await ask("k8s_diagnose")


async def test_who_is_not_told_is_of_a_higher_priority(ask: Ask, api: Api) -> None:
    full(api, web(), preempted("web-66d7c-bcdfg", SAID.replace("7c", "8c")))

    assert "pods of a higher priority took their place" in await ask("k8s_diagnose")


async def test_the_pods_of_a_stateful_set_keep_their_names(ask: Ask, api: Api) -> None:
    came = homeless("db-0", WORDS, {"cpu": "1"}, owner="StatefulSet/db")
    full(api, came, preempted("db-0"))

    assert "shop/sts/db: 1 pod unschedulable: prod/deploy/pay (prio" in await ask("k8s_diagnose")


async def test_what_happened_long_before_a_pod_came_is_not_why(ask: Ask, api: Api) -> None:
    full(api, web(), preempted("web-66d7c-bcdfg", minutes=30))

    text = await ask("k8s_diagnose")

    assert "no node has 1 cpu free for 2m (insufficient-cpu)" in text
    assert "Preempted" not in text


async def test_what_no_priority_helps_against_is_told_as_it_is(ask: Ask, api: Api) -> None:
    choosy = {"nodeSelector": {"disktype": "nvme"}}
    words = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    came = homeless("web-66d7c-vwxz2", words, owner="ReplicaSet/web-66d7c", spec=choosy)
    full(api, came, preempted("web-66d7c-bcdfg"))

    assert "(no-node-matches)" in await ask("k8s_diagnose")
