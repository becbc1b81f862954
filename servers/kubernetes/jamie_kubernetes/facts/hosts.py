"""Nodes judged and grouped: sick, out of service, hot, full, or fine, by shape."""

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum

import msgspec

from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.answers import Usage
from jamie_kubernetes.answers_nodes import NodeGroup
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.facts.nodes import BAD
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.requests import RequestTally, Room
from jamie_kubernetes.facts.standing import word

NAMES_KEPT = 5
HOT = 0.9
FULL = 0.95
OLDEST_SKEW = 3
_MINOR = re.compile(r"v?(\d+)\.(\d+)")
_INSTANCE = "node.kubernetes.io/instance-type"
_ROLE = "node-role.kubernetes.io/"
# Kubernetes puts these taints itself; the conditions say the same.
_ECHOES = re.compile(
    r"node\.kubernetes\.io/(not-ready|unreachable|unschedulable|\w+-pressure|network-unavailable)"
)


class Condition(IntEnum):
    """How bad, worst first; from CORDONED on nobody is hurt."""

    DOWN = 0
    PRESSED = 1
    SKEWED = 2
    HOT = 3
    CORDONED = 4
    FULL = 6
    WELL = 9


class Verdict(msgspec.Struct, frozen=True):
    """What is wrong with a node, if anything."""

    severity: Condition = Condition.WELL
    what: str = ""
    message: str = ""
    since_ns: Nanoseconds = 0


class Survey(msgspec.Struct, frozen=True):
    """What is known about the nodes beside themselves; None where it could not be had."""

    api_version: str
    requests: RequestTally | None
    usage: Mapping[str, Usage] | None


def verdict(host: Host, survey: Survey) -> Verdict:
    """Judge one node."""
    ready = next((one for one in host.status.conditions if one.type == "Ready"), None)
    bad = [one for one in host.status.conditions if one.status == "True" and BAD.search(one.type)]
    down = ready is None or ready.status != "True"
    worst = [*([ready] if ready and down else []), *bad]
    skewed = skew(host.status.node_info.kubelet_version, survey.api_version)
    hot, full = _hot(host, survey), _full(host, survey)
    found = [
        *([(Condition.DOWN, _not_ready(ready.reason if ready else ""))] if down else []),
        *((Condition.PRESSED, word(one.type)) for one in bad),
        *([(Condition.SKEWED, skewed)] if skewed else []),
        *([(Condition.HOT, hot)] if hot else []),
        *([(Condition.CORDONED, "cordoned")] if host.spec.unschedulable else []),
        *([(Condition.FULL, full)] if full else []),
    ]
    moments = [one.last_transition_time for one in worst if one.last_transition_time]
    return Verdict(
        severity=min((level for level, _ in found), default=Condition.WELL),
        what=", ".join(said for _, said in found),
        message=next((one.message for one in worst if one.message), ""),
        since_ns=nanoseconds(min(moments)) if moments else 0,
    )


def offers(host: Host) -> Usage:
    """Return CPU and memory for pods."""
    given = host.status.allocatable
    return Usage(known(given.get("cpu", "0")), known(given.get("memory", "0")))


def max_pods(host: Host) -> int:
    """Return how many pods a node takes."""
    return int(known(host.status.allocatable.get("pods", "0")))


def grouped(hosts: Sequence[Host], survey: Survey) -> list[NodeGroup]:
    """Put alike nodes together."""
    members: dict[tuple[object, ...], list[tuple[Host, Verdict]]] = {}
    for host in hosts:
        judged = verdict(host, survey)
        key = (judged.what, _shape(host), host.status.node_info.kubelet_version, _taints(host))
        members.setdefault(key, []).append((host, judged))

    return [_group(alike, survey) for alike in members.values()]


def rank(group: NodeGroup) -> tuple[int, int, str]:
    """Order groups: the worst first, then the largest; unique for each."""
    return (group.severity, -group.count, group.names[0])


def _group(alike: Sequence[tuple[Host, Verdict]], survey: Survey) -> NodeGroup:
    hosts = [host for host, _ in alike]
    first, judged = min(alike, key=lambda one: one[1].since_ns or 2**63)
    rooms = [survey.requests.of(one.metadata.name) for one in hosts] if survey.requests else None
    usage = survey.usage or {}
    used = [usage[one.metadata.name] for one in hosts if one.metadata.name in usage]
    return NodeGroup(
        names=tuple(sorted(one.metadata.name for one in hosts)[:NAMES_KEPT]),
        count=len(hosts),
        severity=judged.severity,
        shape=_shape(first),
        version=word(first.status.node_info.kubelet_version),
        what=judged.what,
        message=judged.message,
        since_ns=judged.since_ns,
        taints=_taints(first),
        allocatable=total([offers(one) for one in hosts]),
        requested=total([room.usage for room in rooms]) if rooms else None,
        used=total(used) if used else None,
        pods=sum(room.pods for room in rooms) if rooms else None,
        max_pods=sum(map(max_pods, hosts)),
        fullest=_fullest(hosts, rooms) if rooms and len(hosts) > 1 else "",
    )


def total(parts: Sequence[Usage]) -> Usage:
    """Return the sum of several."""
    return Usage(sum(one.cpu for one in parts), sum(one.memory for one in parts))


def _fullest(hosts: Sequence[Host], rooms: Sequence[Room]) -> str:
    shares = [
        (share, host.metadata.name, what)
        for host, room in zip(hosts, rooms, strict=True)
        for what, share in _shares(room.usage, offers(host))
    ]
    share, name, what = max(shares, default=(0.0, "", ""))

    return f"{name} {what} {share:.0%}" if share else ""


def _shares(part: Usage, whole: Usage) -> list[tuple[str, float]]:
    pairs = (("cpu", part.cpu, whole.cpu), ("memory", part.memory, whole.memory))
    return [(what, some / most) for what, some, most in pairs if most]


def _hot(host: Host, survey: Survey) -> str:
    used = (survey.usage or {}).get(host.metadata.name)
    shares = _shares(used, offers(host)) if used else []

    return ", ".join(f"{what} hot" for what, share in shares if share >= HOT)


def _full(host: Host, survey: Survey) -> str:
    if survey.requests is None:
        return ""

    room, most = survey.requests.of(host.metadata.name), max_pods(host)
    if most and room.pods >= most:
        return "no pod slot left"

    shares = _shares(room.usage, offers(host))
    return ", ".join(f"{what} all requested" for what, share in shares if share >= FULL)


def skew(kubelet: str, server: str) -> str:
    """Say how far a kubelet is from the API server, where that is not supported."""
    ours, theirs = _MINOR.match(kubelet), _MINOR.match(server)
    if not ours or not theirs or ours[1] != theirs[1]:
        return ""

    behind = int(theirs[2]) - int(ours[2])
    if behind < 0:
        return f"kubelet newer than the API server {word(server)}"

    return f"kubelet {behind} minors behind {word(server)}" if behind > OLDEST_SKEW else ""


def _not_ready(reason: str) -> str:
    return f"not ready ({word(reason) or 'never reported'})"


def _shape(host: Host) -> str:
    labels, given = host.metadata.labels, offers(host)
    roles = sorted(label.removeprefix(_ROLE) for label in labels if label.startswith(_ROLE))
    extended = [
        f"{known(amount):g} {name}"
        for name, amount in host.status.allocatable.items()
        if "/" in name and known(amount)
    ]
    size = f"{given.cpu:.3g} cpu {given.memory / 2**30:.3g}Gi"

    return " ".join(part for part in (*roles, labels.get(_INSTANCE, ""), size, *extended) if part)


def _taints(host: Host) -> tuple[str, ...]:
    return tuple(str(one) for one in host.spec.taints if not _ECHOES.fullmatch(one.key))
