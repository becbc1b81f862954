"""Why a pod does not get the resources it was given while it runs."""

from msgspec.structs import replace

from jamie_base.when import instant
from jamie_kubernetes.facts.causes.cases import Case, Clue, events_call
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.unrest import resize_trouble

_OLD = "it runs on with what it had"
_ANEW = "or set it in the template: new pods go where it is to be had"


def clue(case: Case) -> Clue | None:
    """Tell what the kubelet has against a change of a pod's resources."""
    found = resize_trouble(case.pod, case.now_ns)
    if found is None:
        return None

    return replace(
        _told(case, found.reason),
        said=(found.message,) if found.message else (),
        since_ns=instant(found.last_transition_time),
    )


def _told(case: Case, reason: str) -> Clue:
    match reason:
        case "Deferred":
            return Clue(
                ContainerCause.RESIZE_DEFERRED,
                f"its resize waits for room on node {case.node}; {_OLD}",
                next=f"k8s_nodes node={case.node}: make room there, {_ANEW}",
                harm=Harm.RISK,
            )
        case "Infeasible":
            return Clue(
                ContainerCause.RESIZE_INFEASIBLE,
                f"its resize is not possible on node {case.node}; {_OLD}",
                next=f"ask for less, {_ANEW}",
                harm=Harm.DEGRADED,
            )
        case _:
            return Clue(
                ContainerCause.RESIZE_FAILED,
                f"its resize fails on node {case.node}",
                next=events_call(case),
                harm=Harm.DEGRADED,
            )
