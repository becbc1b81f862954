"""Nodes reduced while they come: how many are ready, what is wrong with the others."""

import re
from collections.abc import Sequence
from typing import Protocol

from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.answers import Nodes, NodeTrouble, Usage
from jamie_kubernetes.client.objects import Condition, Node
from jamie_kubernetes.client.usage import NodeUsage
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.standing import word

NODES_KEPT = 200

# Distributions and problem detectors add conditions of their own, some of them good news
# (EtcdIsVoter): only names that say trouble are trouble.
BAD = re.compile(
    r"Pressure|Unavailable|Unhealthy|Deadlock|Problem|Readonly|Corrupt|Frequent|Failure|Fail(ed|ing)"
)


class NodeTally:
    """Counts nodes and keeps those with trouble."""

    def __init__(self) -> None:
        self.total = 0
        self.ready = 0
        self.troubled: list[NodeTrouble] = []
        self.cpu = 0.0
        self.memory = 0.0

    def add(self, page: Sequence[Node]) -> None:
        """Take one page of nodes."""
        for node in page:
            self.total += 1
            self.ready += is_ready(node)
            self.cpu += known(node.status.allocatable.get("cpu", "0"))
            self.memory += known(node.status.allocatable.get("memory", "0"))
            if trouble := trouble_of(node):
                self.troubled.append(trouble)

    def done(self) -> Nodes:
        """Return what was counted; the nodes that are not ready first, then the newest trouble."""
        worst = sorted(
            self.troubled,
            key=lambda one: (not one.what.startswith("not ready"), -one.since_ns, one.name),
        )
        return Nodes(
            self.total, self.ready, tuple(worst[:NODES_KEPT]), Usage(self.cpu, self.memory)
        )


class UsageTally:
    """Adds up what nodes use."""

    def __init__(self) -> None:
        self.measured = 0
        self.cpu = 0.0
        self.memory = 0.0

    def add(self, page: Sequence[NodeUsage]) -> None:
        """Take one page of measurements."""
        for one in page:
            self.measured += 1
            self.cpu += known(one.usage.get("cpu", "0"))
            self.memory += known(one.usage.get("memory", "0"))

    def done(self) -> Usage | None:
        """Return the sums; None where nothing is measured."""
        return Usage(self.cpu, self.memory) if self.measured else None


class _Conditioned(Protocol):
    @property
    def conditions(self) -> Sequence[Condition]: ...


class _Reporting(Protocol):
    @property
    def status(self) -> _Conditioned: ...


def is_ready(node: _Reporting) -> bool:
    """Tell whether a node takes part."""
    return any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)


def trouble_of(node: Node) -> NodeTrouble | None:
    """Say what is wrong with a node: not ready, under pressure, or taken out of service."""
    ready = next((one for one in node.status.conditions if one.type == "Ready"), None)
    wrong = [one for one in node.status.conditions if one.status == "True" and BAD.search(one.type)]
    parts = [
        *([] if is_ready(node) else [_not_ready(ready)]),
        *(word(one.type) for one in wrong),
        *(["cordoned"] if node.spec.unschedulable else []),
    ]
    if not parts:
        return None

    return NodeTrouble(node.metadata.name, ", ".join(parts), _since(ready, wrong))


def _not_ready(ready: Condition | None) -> str:
    if ready is None:
        return "not ready (never reported)"

    return f"not ready ({word(ready.reason) or ready.status})"


def _since(ready: Condition | None, wrong: list[Condition]) -> Nanoseconds:
    bad = [*wrong, *([ready] if ready and ready.status != "True" else [])]
    moments = [one.last_transition_time for one in bad if one.last_transition_time]

    return nanoseconds(min(moments)) if moments else 0
