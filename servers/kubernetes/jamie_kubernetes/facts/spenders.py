"""Who uses up what a quota counts."""

from collections import defaultdict
from collections.abc import Iterable

from jamie_base.text import join_words
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.quantities import written
from jamie_kubernetes.facts.requests import asked

SPENDERS_TOLD = 3
_PODS = ("pods", "count/pods")


def spenders(pods: Iterable[LabelSet], counted: str) -> str:
    """Name who uses most of what a quota counts as `requests.cpu`; empty where pods do not tell."""
    side, _, resource = counted.rpartition(".")
    by_owner: dict[str, float] = defaultdict(float)
    for each in pods:
        amounts = asked(each.first.spec, "limits" if side == "limits" else "requests")
        one = 1.0 if counted in _PODS else amounts.get(resource, 0.0)
        by_owner[each.owner] += one * each.total

    most = sorted(by_owner, key=lambda owner: (-by_owner[owner], owner))[:SPENDERS_TOLD]
    told = [f"{owner} ({written(resource, by_owner[owner])})" for owner in most if by_owner[owner]]
    return f"{counted} is used by {join_words(told)}" if told else ""
