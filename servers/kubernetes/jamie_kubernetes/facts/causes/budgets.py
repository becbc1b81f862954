"""What is wrong with PodDisruptionBudgets: evictions that can never be, or protect nothing."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.backing import NearMiss
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.findings import Harm, finding_about, told_by
from jamie_kubernetes.facts.landscape import Landscape

_finding = partial(finding_about, "pdb")


class BudgetCause(StrEnum):
    """Why a budget hinders or does not help."""

    BLOCKS = "pdb-blocks-evictions"
    WAITS = "pdb-waits-for-pods"
    NOTHING = "pdb-selects-nothing"
    OVERLAPS = "pdb-overlaps"
    FAILED = "pdb-sync-failed"


def budget_causes(
    one: Budget, land: Landscape, around: Around, cordoned: frozenset[str]
) -> Iterator[Finding]:
    """Yield what is wrong with a budget; `cordoned` nodes wait to be drained."""
    if one.metadata.deletion_timestamp or not around.is_past(one.metadata.created_ns):
        return

    pods = land.pods(one.metadata.namespace).selected(one.spec.selector)
    failed = next((each for each in one.status.conditions if each.reason == "SyncFailed"), None)
    status = one.status
    if failed or _are_strays(one, pods):
        yield _uncounted(one, failed)
    elif not status.expected_pods and not pods and around.sees(one.metadata.namespace):
        yield from _nothing(one, land)
    elif status.expected_pods and not status.disruptions_allowed:
        yield from _blocked(one, pods, around, cordoned)


def overlapping(budgets: Sequence[Budget], land: Landscape) -> Iterator[Finding]:
    """Yield budgets that share pods, which then cannot be evicted at all."""
    holders: dict[int, tuple[LabelSet, list[Budget]]] = {}
    for one in sorted(budgets, key=lambda each: (each.metadata.namespace, each.metadata.name)):
        for pods in land.pods(one.metadata.namespace).selected(one.spec.selector):
            holders.setdefault(id(pods), (pods, []))[1].append(one)

    told: set[tuple[str, ...]] = set()
    for pods, found in holders.values():
        names = tuple(f"pdb/{one.metadata.name}" for one in found)
        space = found[0].metadata.namespace
        if len(found) > 1 and (space, *names) not in told:
            told.add((space, *names))
            yield _finding(
                found[0],
                BudgetCause.OVERLAPS,
                Harm.RISK,
                f"pods of {pods.owner} are also those of {named(names[1:])}: evicting a pod of"
                " several budgets fails always",
                "keep one of them for these pods",
                affects=tuple(key_of(space, name) for name in names[1:]),
            )


def _are_strays(one: Budget, pods: Sequence[LabelSet]) -> bool:
    """Tell whether no controller stands behind its pods, whose number then is not known."""
    unmanaged = bool(pods) and all(each.owner.startswith("pod/") for each in pods)
    return unmanaged and not one.status.expected_pods and not one.status.disruptions_allowed


def _uncounted(one: Budget, failed: Condition | None) -> Finding:
    return _finding(
        one,
        BudgetCause.FAILED,
        Harm.RISK,
        "how many pods it should have cannot be reckoned, so it refuses every eviction",
        "its pods need a controller with a scale (Deployment, StatefulSet), or minAvailable as a"
        " plain number",
        **told_by(failed),
    )


def _blocked(
    one: Budget, pods: Sequence[LabelSet], around: Around, cordoned: frozenset[str]
) -> Iterator[Finding]:
    status = one.status
    wants = f"wants {status.desired_healthy} healthy of {count('pod', status.expected_pods)}"
    waiting = sorted({node for each in pods for node in each.nodes} & cordoned)
    drained = (f"{named(waiting)} cordoned: a drain waits for it",) if waiting else ()
    nodes = tuple(f"node/{name}" for name in waiting)
    if status.desired_healthy >= status.expected_pods:
        yield _finding(
            one,
            BudgetCause.BLOCKS,
            Harm.DEGRADED if waiting else Harm.RISK,
            f"it allows no eviction, ever: it {wants} ({_asked(one)})",
            "run one more replica, or let minAvailable be less than the replicas: a node cannot be"
            " drained otherwise",
            evidence=drained,
            affects=nodes,
        )
        return

    space = one.metadata.namespace
    sick = [key for each in pods if around.sick(key := key_of(space, each.owner))]
    if sick:
        yield _finding(
            one,
            BudgetCause.WAITS,
            Harm.RISK,
            f"it allows no eviction now: {status.current_healthy} healthy, it {wants}",
            "mend its pods",
            evidence=drained,
            affects=nodes,
            follows=tuple(dict.fromkeys(sick)),
        )


def _nothing(one: Budget, land: Landscape) -> Iterator[Finding]:
    space, selector = one.metadata.namespace, one.spec.selector
    if selector is None or land.templates(space).selected(selector):
        return

    near = NearMiss()
    for labels, pods in land.pods(space).all:
        near.add(labels, selector.match_labels, pods.total)
    almost = near.but_for or near.nearest(selector.match_labels)
    yield _finding(
        one,
        BudgetCause.NOTHING,
        Harm.RISK,
        f"its selector {_pairs(selector.match_labels)} matches no pod, so it protects none",
        "correct its selector, or delete it",
        evidence=(almost,) if almost else (),
    )


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _asked(one: Budget) -> str:
    spec = one.spec
    if spec.max_unavailable is not None:
        return f"maxUnavailable {spec.max_unavailable}"

    return f"minAvailable {spec.min_available}"
