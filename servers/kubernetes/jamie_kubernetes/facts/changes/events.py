"""What events tell of changes: scaling, pods replaced, evicted, stopped, nodes, and what is gone.

Most events are noise here; the server leaves out the commonest, by `QUIET`.
"""

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.changes.told import Key
from jamie_kubernetes.facts.happenings import seen, times
from jamie_kubernetes.facts.owners import owner_by_name

QUIET = ",".join(
    f"reason!={reason}"
    for reason in (
        "Pulled", "Pulling", "Created", "Started", "Scheduled", "BackOff", "Unhealthy",
        "FailedScheduling", "FailedMount", "LeaderElection", "Completed",
    )
)  # fmt: skip
"""Asks the server for all other events."""

_SCALED = re.compile(r"Scaled (?:up|down) replica set (\S+) (?:from (\d+) )?to (\d+)")
_RESCALED = re.compile(r"New size: (\d+)(?:; reason: (.*))?")

NODE_WORDS = {
    "NodeNotReady": "not ready",
    "NodeReady": "ready",
    "NodeNotSchedulable": "cordoned",
    "NodeSchedulable": "uncordoned",
    "RegisteredNode": "registered",
    "RemovingNode": "removed",
    "DeletingNode": "deleted",
    "Rebooted": "rebooted",
    "NodeHasDiskPressure": "has disk pressure",
    "NodeHasInsufficientMemory": "has memory pressure",
    "NodeHasInsufficientPID": "has PID pressure",
}
_LOST = {
    "Evicted": "evicted",
    "Preempted": "preempted",
    "TaintManagerEviction": "evicted for a taint",
    "EvictionByEvictionAPI": "evicted",
    "Killing": "stopped",
}


class Scaling(msgspec.Struct, frozen=True):
    """One step of a ReplicaSet; `before` is -1 where it is not told."""

    at_ns: Nanoseconds
    replica_set: str
    before: int
    after: int


class Rescaling(msgspec.Struct, frozen=True):
    """What an autoscaler did, and why."""

    at_ns: Nanoseconds
    size: int
    reason: str = ""


class Heard:
    """What events tell of one owner: how it was scaled, pods it made, pods that were lost."""

    def __init__(self) -> None:
        self.last: Nanoseconds = 0
        self.scalings: list[Scaling] = []
        self.rescalings: list[Rescaling] = []
        self.made = 0
        self.moved_at: Nanoseconds = 0
        self.lost: dict[str, int] = {}
        self.lost_at: Nanoseconds = 0
        self.node: list[tuple[Nanoseconds, str]] = []

    def join(self, other: "Heard") -> None:
        """Take in what was heard of the same owner by another name: of its pods by theirs."""
        self.last = max(self.last, other.last)
        self.scalings += other.scalings
        self.rescalings += other.rescalings
        self.made += other.made
        self.moved_at = max(self.moved_at, other.moved_at)
        self.lost = dict(Counter(self.lost) + Counter(other.lost))
        self.lost_at = max(self.lost_at, other.lost_at)
        self.node += other.node


class EventChanges:
    """Takes events, keeps what they tell of changes by owner.

    Those before the window, from `back_ns` on, tell only which objects there were.
    """

    def __init__(self, since_ns: Nanoseconds, back_ns: Nanoseconds) -> None:
        self._since = since_ns
        self._back = back_ns
        self.heard: dict[Key, Heard] = {}

    def add(self, page: Sequence[Event]) -> None:
        """Take one page of events."""
        for event in page:
            at = seen(event)[1]
            if at >= self._back:
                one = self._of(event)
                one.last = max(one.last, at)
                if at >= self._since:
                    _take(one, event, at)

    def _of(self, event: Event) -> Heard:
        about = event.involved_object
        namespace = "" if about.kind == "Node" else about.namespace
        return self.heard.setdefault((namespace, str(owner_by_name(about))), Heard())


def _take(one: Heard, event: Event, at: Nanoseconds) -> None:
    kind = event.involved_object.kind
    match event.reason:
        case "ScalingReplicaSet":
            one.scalings += _scaling(event, at)
        case "SuccessfulRescale":
            one.rescalings += _rescaling(event, at)
        case "SuccessfulCreate" if kind not in ("Job", "CronJob"):
            one.made += times(event)
            one.moved_at = max(one.moved_at, at)
        case "SuccessfulDelete" if kind not in ("Job", "CronJob"):
            one.moved_at = max(one.moved_at, at)
        case reason if reason in NODE_WORDS and kind == "Node":
            one.node.append((at, NODE_WORDS[reason]))
        case reason if reason in _LOST and kind == "Pod" and not _probed(event):
            one.lost[_LOST[reason]] = one.lost.get(_LOST[reason], 0) + times(event)
            one.lost_at = max(one.lost_at, at)
        case _:
            pass


def _probed(event: Event) -> bool:
    """Tell whether a container is killed to be started again, which is no change."""
    return event.reason == "Killing" and "probe" in event.message


def _scaling(event: Event, at: Nanoseconds) -> list[Scaling]:
    found = _SCALED.search(event.message)
    if found is None:
        return []

    return [Scaling(at, found[1], int(found[2] or -1), int(found[3]))]


def _rescaling(event: Event, at: Nanoseconds) -> list[Rescaling]:
    found = _RESCALED.search(event.message)
    return [Rescaling(at, int(found[1]), found[2] or "")] if found else []
