"""What the scheduler itself said: how many nodes failed it, and why."""

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from jamie_kubernetes.facts.placing.obstacles import Barrier
from jamie_kubernetes.facts.placing.table import Table

_HEAD = re.compile(r"0/(\d+) nodes are available:? ?(.*)", re.DOTALL)
_COUNTED = re.compile(r"(?:^|, )(\d+) (?=[A-Za-z])")
_TAIL = re.compile(r"\.(?: preemption:| no new claims| ?$)")

_WORDS: tuple[tuple[str, Barrier], ...] = (
    ("Too many pods", Barrier.PODS),
    ("were unschedulable", Barrier.CORDONED),
    ("untolerated taint", Barrier.TAINT),
    ("taints that the pod didn't tolerate", Barrier.TAINT),
    ("[NodeAffinity]", Barrier.PINNED),
    ("requested node name", Barrier.PINNED),
    ("node affinity/selector", Barrier.SELECTION),
    ("node selector", Barrier.SELECTION),
    ("enforced node affinity", Barrier.SELECTION),
    ("free ports", Barrier.PORT),
    ("max volume count", Barrier.VOLUME_LIMIT),
    ("volume node affinity", Barrier.VOLUME_PLACE),
    ("PersistentVolume's node affinity", Barrier.VOLUME_PLACE),
    ("[VolumeBinding]", Barrier.VOLUME_PLACE),
    ("persistent volumes to bind", Barrier.VOLUME_NONE),
    ("enough free storage", Barrier.VOLUME_NONE),
    ("volume zone", Barrier.VOLUME_ZONE),
    ("topology spread", Barrier.SPREAD),
    ("existing pods anti-affinity", Barrier.SHUNNED),
    ("pod anti-affinity", Barrier.APART),
    ("pod affinity", Barrier.NEAR),
)
_SAME = {Barrier.NOT_READY: Barrier.TAINT, Barrier.PRESSED: Barrier.TAINT}

Reason = tuple[Barrier, str]
"""A filter, and of resources which; the taints, labels and ports it does not always name."""


class Verdict(msgspec.Struct, frozen=True):
    """What the scheduler counted over how many nodes; `why` where it asked no node."""

    nodes: int = 0
    counts: Mapping[Reason, int] = {}
    unknown: tuple[str, ...] = ()
    why: str = ""


def verdict_of(message: str) -> Verdict:
    """Read the scheduler's message."""
    found = _HEAD.match(message)
    if not found:
        return Verdict(why=message)

    said = _TAIL.split(found[2], maxsplit=1)[0]
    pieces = _COUNTED.split(said)
    if len(pieces) < 3:
        return Verdict(int(found[1]), why=said)

    counts: Counter[Reason] = Counter()
    unknown: list[str] = []
    for number, words in zip(pieces[1::2], pieces[2::2], strict=True):
        reason = _reason(words)
        if reason is None:
            unknown.append(words)
        else:
            counts[reason] += int(number)

    return Verdict(int(found[1]), counts, tuple(unknown))


def counted(table: Table) -> Counter[Reason]:
    """Count the nodes of a table as the scheduler does."""
    counts: Counter[Reason] = Counter()
    for (barrier, what), standings in table.by_first().items():
        counts[plain(barrier, what)] += len(standings)

    return counts


def plain(barrier: Barrier, what: str) -> Reason:
    """Return an obstacle as the scheduler names it."""
    barrier = _SAME.get(barrier, barrier)
    return (barrier, what if barrier is Barrier.RESOURCE else "")


def _reason(words: str) -> Reason | None:
    if (name := words.removeprefix("Insufficient ")) != words:
        return (Barrier.RESOURCE, name.rstrip("."))

    return next(((barrier, "") for known, barrier in _WORDS if known in words), None)
