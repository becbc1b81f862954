"""Many findings that say the same, told as one."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from msgspec.structs import replace

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding

TOLD_ALONE = 3
"""Up to how many that say the same are told one by one."""


def stand_for(
    found: Sequence[Finding], noun: str, key: Callable[[Finding], Hashable]
) -> list[Finding]:
    """Let one finding stand for many of the same key; the others follow from it."""
    alike: dict[Hashable, list[Finding]] = defaultdict(list)
    for one in found:
        alike[key(one)].append(one)

    told: list[Finding] = []
    for several in alike.values():
        told += several if len(several) <= TOLD_ALONE else _grouped(several, noun)

    return told


def _grouped(several: Sequence[Finding], noun: str) -> list[Finding]:
    first = min(several, key=lambda one: (-one.count, one.since_ns, one.namespace, one.owner))
    lead = replace(
        first,
        summary=f"{count(noun, len(several))}, this one among them: {first.summary}",
        count=sum(one.count for one in several),
        since_ns=min((one.since_ns for one in several if one.since_ns), default=0),
    )
    return [lead, *(replace(one, follows=(first.key,)) for one in several if one is not first)]
