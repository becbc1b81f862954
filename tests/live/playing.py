"""Pods as real kubelets would report them, where kwok plays the kubelets."""

from collections.abc import Sequence
from typing import Any

from tests.kubernetes.wire import Json, ago, condition, container, waiting
from tests.live.causes import Cause, Made, Said

IMAGE = "example.net/app:1"
PROBE = {"httpGet": {"path": "/healthz", "port": 8080}, "timeoutSeconds": 2}
PORTS = [{"containerPort": 8080}]
INITIALISING = "PodInitializing"


def main(**fields: Any) -> Json:
    """The one container of a pod, as specified."""
    return {"name": "app", "image": IMAGE, **fields}


def pod(name: str, *containers: Json, **spec: Any) -> Json:
    """A pod that goes at once when it is deleted."""
    every = list(containers or (main(),))
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": every, "terminationGracePeriodSeconds": 0, **spec},
    }


def state(
    *mains: Json,
    inits: Sequence[Json] = (),
    phase: str = "Running",
    ready: str = "False",
    **status: Any,
) -> Json:
    """The status of a pod that has been like this for an hour."""
    return {
        "phase": phase,
        "conditions": [condition("PodScheduled"), condition("Ready", ready)],
        "containerStatuses": list(mains),
        **({"initContainerStatuses": list(inits)} if inits else {}),
        **status,
    }


def ends(code: int, reason: str = "Error", *, ran: int = 20, message: str = "") -> Json:
    """How a container ended two minutes ago, after `ran` seconds."""
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": ago(seconds=120 + ran),
            "finishedAt": ago(seconds=120),
            **({"message": message} if message else {}),
        }
    }


def running(name: str = "app", **fields: Any) -> Json:
    """A container that runs for an hour, or since what is given."""
    since = {"running": {"startedAt": fields.pop("since", ago(hours=1))}}
    return container(name, since, **{"ready": True, "started": True, **fields})


def backing_off(end: Json, restarts: int = 7, name: str = "app") -> Json:
    """A container that ends again and again."""
    reason = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container")
    return container(name, reason, restartCount=restarts, lastState=end)


def cause(
    code: str,
    checklist: str,
    body: Json,
    status: Json,
    events: Sequence[Said] = (),
    log: str = "",
    *more: Made,
) -> Cause:
    """A pod of nobody's, played."""
    made = Made("v1/pods", body, pods=status, events=events, log=log)
    return Cause(code, checklist, f"pod/{made.name}", "played", (*more, made))


def crash(
    code: str,
    checklist: str,
    name: str,
    exit_code: int,
    reason: str = "Error",
    *,
    log: str = "",
    events: Sequence[Said] = (),
    message: str = "",
    **spec: Any,
) -> Cause:
    """A container that ends like this again and again."""
    status = state(backing_off(ends(exit_code, reason, message=message)))
    return cause(code, checklist, pod(name, main(**spec)), status, events, log)


def waits(code: str, checklist: str, name: str, reason: str, message: str, **spec: Any) -> Cause:
    """A container that is held back for a reason which its status tells."""
    status = state(container(state=waiting(reason, message)), phase="Pending")
    return cause(code, checklist, pod(name, main(**spec)), status)


def stays(code: str, checklist: str, name: str, *events: Said, **spec: Any) -> Cause:
    """A pod that stays in ContainerCreating."""
    status = state(container(state=waiting("ContainerCreating")), phase="Pending")
    return cause(code, checklist, pod(name, **spec), status, events)


def unready(code: str, checklist: str, name: str, *events: Said, **spec: Any) -> Cause:
    """A container that runs for an hour and is not ready."""
    started = not spec.get("startupProbe")
    status = state(running(ready=False, started=started))
    return cause(code, checklist, pod(name, main(**spec)), status, events)


def resizing(code: str, checklist: str, name: str, kind: str, reason: str, said: str) -> Cause:
    """A pod that is well, and does not get the resources it was given since."""
    asked = condition(kind, reason=reason, message=said)
    conditions = [condition("PodScheduled"), condition("Ready"), asked]
    return cause(code, checklist, pod(name), state(running(), conditions=conditions))


def failed(code: str, checklist: str, name: str, reason: str, message: str) -> Cause:
    """A pod that failed as a whole."""
    return cause(code, checklist, pod(name), state(phase="Failed", reason=reason, message=message))


def elsewhere(code: str, checklist: str, why: str) -> Cause:
    """What cannot be had on the lab."""
    return Cause(code, checklist, how="elsewhere", why=why)
