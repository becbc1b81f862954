"""What a change of a workload would mean, one line a consequence."""

from collections.abc import Mapping, Sequence

from jamie_base.text import count
from jamie_kubernetes.client.controllers import Autoscaler
from jamie_kubernetes.client.limits import Budget, Quota, Replacing
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.room import Need
from jamie_kubernetes.facts.selectors import selects
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, Kind

_EPSILON = 1e-9


def autoscaler_lines(found: Sequence[Autoscaler], kind: str, name: str, wanted: int) -> list[str]:
    """Say which autoscaler owns the replicas, and what it will do about it."""
    lines: list[str] = []
    for one in found:
        target = one.spec.scale_target_ref
        if (target.kind, target.name) != (kind, name):
            continue
        scaled = next(
            (ref for ref in one.metadata.owner_references if ref.kind == "ScaledObject"), None
        )
        who = f"KEDA scaledobject/{scaled.name}" if scaled else f"hpa/{one.metadata.name}"
        low, high = one.spec.min_replicas, one.spec.max_replicas
        then = (
            "it does nothing while there are 0"
            if wanted == 0
            else "it will change the number again; change its limits instead"
        )
        lines.append(f"{who} owns the replicas ({low} to {high}): {then}.")

    return lines


def budget_lines(found: Sequence[Budget], labels: Mapping[str, str], left: int) -> list[str]:
    """Say which disruption budget a scaling down would break; nothing enforces it there."""
    return [
        f"pdb/{one.metadata.name} wants {one.status.desired_healthy} healthy pods and"
        f" {count('pod', left)} would be left: scaling does not respect it."
        for one in found
        if selects(one.spec.selector, labels) and left < one.status.desired_healthy
    ]


def quota_lines(found: Sequence[Quota], need: Need, more: int) -> list[str]:
    """Say which quota leaves less than `more` pods need."""
    wants = {
        "pods": 1.0,
        "count/pods": 1.0,
        "cpu": need.cpu,
        "requests.cpu": need.cpu,
        "memory": need.memory,
        "requests.memory": need.memory,
        "limits.cpu": need.limit_cpu,
        "limits.memory": need.limit_memory,
    }
    lines: list[str] = []
    for quota in found:
        for resource, each in wants.items():
            hard = quota.status.hard.get(resource)
            used = quota.status.used.get(resource, "0")
            if hard is None or not each:
                continue
            fits = int((known(hard) - known(used)) / each + _EPSILON)
            if fits < more:
                lines.append(
                    f"quota/{quota.metadata.name} allows {max(fits, 0)} of"
                    f" {count('more pod', more)} ({resource}: {used} of {hard} used)."
                )

    return lines


def room_line(need: Need, more: int, fits: int) -> str:
    """Say whether more pods find room."""
    each = f"{need.cpu:g} CPU and {need.memory / 2**20:.0f} MiB each"
    if not (need.cpu or need.memory):
        return "The pods request nothing: they are placed whatever the nodes can bear."
    if fits >= more:
        return (
            f"Room for {count('more pod', more)}: yes ({each}; affinity and volumes not counted)."
        )

    return (
        f"Room for {fits} of {count('more pod', more)} only ({each}): the rest will stay Pending"
        " unless nodes are added."
    )


def replaced_lines(kind: Kind, strategy: Replacing, pods: int) -> list[str]:
    """Say how the pods of a workload are replaced, and what that costs meanwhile."""
    if pods == 0:
        return ["It has no pods: nothing is replaced."]
    if strategy.type == "OnDelete":
        return ["Its strategy is OnDelete: pods stay as they are until somebody deletes them."]
    if strategy.type == "Recreate":
        return [f"{count('pod', pods)} will be replaced: all stop before the first new one starts."]
    if kind == DEPLOYMENTS:
        return _rolled(strategy, pods)

    how = "node by node" if kind == DAEMON_SETS else "one at a time, the highest number first"
    return [f"{count('pod', pods)} will be replaced, {how}; each is away while it restarts."]


def surge_of(strategy: Replacing, pods: int) -> int:
    """Return how many pods more than wanted a Deployment may run while it rolls."""
    rolling = strategy.rolling_update
    return share(rolling.max_surge if rolling else None, pods, up=True)


def _rolled(strategy: Replacing, pods: int) -> list[str]:
    rolling = strategy.rolling_update
    surge = surge_of(strategy, pods)
    away = share(rolling.max_unavailable if rolling else None, pods, up=False)
    if not surge:
        away = max(away, 1)
    said = f"{count('pod', pods)} will be replaced, {surge} more and {away} fewer at a time."
    alone = pods == 1 and away > 0

    return [said, *(["A single replica: nothing of it runs meanwhile."] if alone else [])]


def share(value: int | str | None, pods: int, *, up: bool) -> int:
    """Return a number of pods that is given as such or as a percentage; 25% if not given."""
    if isinstance(value, int):
        return value

    percent = int((value or "25%").removesuffix("%"))
    return -(-pods * percent // 100) if up else pods * percent // 100
