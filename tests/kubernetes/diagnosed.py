"""A diagnosis of a few objects, as the data it answers."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.objects import Event, Pod
from jamie_kubernetes.client.whole_pods import WholePod
from jamie_kubernetes.facts.causes.cases import Case
from jamie_kubernetes.facts.causes.containers import clue_of, finding_of
from jamie_kubernetes.facts.event_index import EventIndex
from jamie_kubernetes.facts.grouping import PodTally
from tests.kubernetes.conftest import WITH_DATA, Connect
from tests.kubernetes.wire import Api, Json, ago, container, ended, event, node, pod, waiting

POD = "Pod/web-0"
IMAGE = "registry.example.net/shop/web:1.4.3"


async def findings(connect: Connect, **arguments: str) -> list[Json]:
    """Diagnose, and return what was found."""
    client = await connect()
    result = await client.call_tool("k8s_diagnose", arguments, meta=WITH_DATA)
    assert not result.is_error, result.content
    assert result.structured_content is not None

    return result.structured_content["findings"]


async def the_finding(
    connect: Connect, api: Api, *pods: Json, events: Sequence[Json] = (), log: str = ""
) -> Json:
    """Diagnose pods, of which one thing must be found."""
    api.objects["pods"] = list(pods)
    api.objects["events"] = list(events)
    api.objects["nodes"] = api.objects["nodes"] or [node("node-1")]
    for one in pods:
        api.logs[one["metadata"]["name"]] = log
    (found,) = await findings(connect)

    return found


def ran(code: int, reason: str = "Error", *, seconds: int = 20, **fields: str) -> Json:
    """How a container ended two minutes ago, after so many seconds."""
    end = ended(code, reason, minutes=2)
    end["terminated"] |= {"startedAt": ago(seconds=120 + seconds), **fields}

    return end


def backing_off(end: Json, name: str = "app", restarts: int = 7) -> Json:
    """A container that ends again and again."""
    state = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container")
    return container(name, state, ready=False, restartCount=restarts, lastState=end)


def crashing(end: Json, *, owner: str = "", name: str = "web-0", **spec: object) -> Json:
    """A pod whose one container ends again and again; `spec` is of the container."""
    return specified(pod(name, owner=owner, containers=[backing_off(end)]), **spec)


def held(reason: str, message: str = "", **spec: object) -> Json:
    """A pod whose one container is held back."""
    one = container(state=waiting(reason, message), ready=False)
    return specified(pod("web-0", phase="Pending", containers=[one]), **spec)


def creating(**spec: object) -> Json:
    """A pod that stays in ContainerCreating; `spec` is of the pod."""
    one = container(state=waiting("ContainerCreating"), ready=False)
    return pod("web-0", phase="Pending", containers=[one], spec=spec)


def unready(**spec: object) -> Json:
    """A pod whose one container runs for an hour and is not ready."""
    running = {"running": {"startedAt": ago(hours=1)}}
    one = container(state=running, ready=False, started=not spec.get("startupProbe"))
    return specified(pod("web-0", containers=[one]), **spec)


def specified(one: Json, **spec: object) -> Json:
    """Specify the first container of a pod."""
    first, *others = one["spec"]["containers"]
    one["spec"]["containers"] = [{**first, "image": IMAGE, **spec}, *others]

    return one


def judged(one: Json, events: Sequence[Json] = ()) -> Finding:
    """Judge a pod by itself and what was said of it, without asking anybody."""
    tally = PodTally("sick", time.time_ns())
    tally.add([msgspec.convert(one, Pod)])
    index = EventIndex(0)
    index.add(msgspec.convert(list(events), list[Event]))
    case = Case(
        group=tally.groups()[0],
        owner=None,
        pod=msgspec.convert(one, WholePod),
        now_ns=time.time_ns(),
        whole=True,
        events=tuple(index.about("shop", "Pod", one["metadata"]["name"])),
    )
    clue = clue_of(case)
    assert clue is not None

    return finding_of(case, clue)


def said(reason: str, message: str, about: str = POD, **fields: Any) -> Json:
    """What the kubelet said of a pod."""
    return event(reason, about, message, **fields)
