"""Pods as neighbours: those a pod must be near or far from, and those it is spread among."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from jamie_kubernetes.client.affinity import PodTerm, Spread
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.objects import LabelSelector, Requirement
from jamie_kubernetes.client.placing import PlacingPod, PlacingSpec
from jamie_kubernetes.facts.crowd import Crowd, LabelSet, owner_name
from jamie_kubernetes.facts.placing.choice import unchosen, untolerated
from jamie_kubernetes.facts.placing.obstacles import Barrier, Obstacle
from jamie_kubernetes.facts.selectors import selects

OWN = "its own replicas"

Check = Callable[[Host], Iterator[Obstacle]]
"""What keeps a pod off a node, by one rule."""

Spaces = Mapping[str, Mapping[str, str]]
"""The labels of namespaces, by name."""


class Neighbourhood(msgspec.Struct, frozen=True):
    """Nodes by name, the pods on them, and the labels of namespaces where a rule asks for them."""

    nodes: Mapping[str, Host]
    crowd: Crowd
    spaces: Spaces


def neighbour_checks(pod: PlacingPod, around: Neighbourhood) -> list[Check]:
    """Return the rules a pod's neighbours must keep, in the scheduler's order."""
    spec = pod.spec
    near, apart = spec.affinity.near, spec.affinity.apart
    hard = [
        one for one in spec.topology_spread_constraints if one.when_unsatisfiable == "DoNotSchedule"
    ]
    return [
        *([_spread(pod, one, hard, around) for one in hard]),
        *([_near(pod, near, around)] if near else []),
        *([_apart(pod, one, around) for one in apart]),
        *_shunned(pod, around),
    ]


def _near(pod: PlacingPod, terms: Sequence[PodTerm], around: Neighbourhood) -> Check:
    """Want a domain in which a pod is that all terms mean; the first of its kind may go first."""
    own = pod.metadata
    places = [node for _, found in _meant(terms, own.namespace, around) for node in found.nodes]
    first = not places and all(
        _covers(one, own.namespace, own.namespace, around.spaces)
        and selects(one.label_selector, own.labels)
        for one in terms
    )
    domains = {one.topology_key: set(_domains(one.topology_key, places, around)) for one in terms}

    def check(host: Host) -> Iterator[Obstacle]:
        for key, held in domains.items():
            here = host.metadata.labels.get(key)
            if here is None or not (first or here in held):
                yield Obstacle(Barrier.NEAR, key, holder="" if places else "nobody")

    return check


def _apart(pod: PlacingPod, term: PodTerm, around: Neighbourhood) -> Check:
    """Want a domain in which no pod is that the term means."""
    holders: dict[str, str] = {}
    for space, found in _meant([term], pod.metadata.namespace, around):
        for domain in _domains(term.topology_key, found.nodes, around):
            own = (space, found.owner) == (pod.metadata.namespace, owner_name(pod))
            holders[domain] = OWN if own else f"{space}/{found.owner}"

    def check(host: Host) -> Iterator[Obstacle]:
        here = host.metadata.labels.get(term.topology_key)
        if here is not None and here in holders:
            yield Obstacle(Barrier.APART, term.topology_key, holder=holders[here])

    return check


def _shunned(pod: PlacingPod, around: Neighbourhood) -> list[Check]:
    """Want a domain in which no pod is whose anti-affinity means this one."""
    found: dict[str, dict[str, str]] = {}
    for one in around.crowd.shunning:
        space, key = pod.metadata.namespace, one.term.topology_key
        if not _covers(one.term, one.namespace, space, around.spaces):
            continue
        if selects(one.term.label_selector, pod.metadata.labels):
            for domain in _domains(key, one.nodes, around):
                found.setdefault(key, {})[domain] = f"{one.namespace}/{one.owner}"

    def rule(key: str, holders: Mapping[str, str]) -> Check:
        def check(host: Host) -> Iterator[Obstacle]:
            here = host.metadata.labels.get(key)
            if here is not None and here in holders:
                yield Obstacle(Barrier.SHUNNED, key, holder=holders[here])

        return check

    return [rule(key, holders) for key, holders in found.items()]


def _spread(pod: PlacingPod, rule: Spread, rules: Sequence[Spread], around: Neighbourhood) -> Check:
    """Want a domain that has not more than its share already."""
    keys = {one.topology_key for one in rules}
    eligible = {
        name
        for name, host in around.nodes.items()
        if keys <= host.metadata.labels.keys() and _counts(host, pod.spec, rule)
    }
    selector = _with_keys(rule, pod.metadata.labels)
    counted = Counter({around.nodes[one].metadata.labels[rule.topology_key]: 0 for one in eligible})
    for found in _peers(around.crowd, pod.metadata.namespace, selector):
        counted.update(
            around.nodes[node].metadata.labels[rule.topology_key]
            for node in found.nodes
            if node in eligible
        )
    scarce = len(counted) < rule.min_domains
    least = 0 if scarce else min(counted.values(), default=0)
    few = f"{len(counted)} of at least {rule.min_domains}" if scarce else ""
    itself = 1 if selects(selector, pod.metadata.labels) else 0

    def check(host: Host) -> Iterator[Obstacle]:
        here = host.metadata.labels.get(rule.topology_key)
        if here is None:
            yield Obstacle(Barrier.SPREAD, f"{rule.topology_key}, a label it lacks")
        elif counted[here] + itself - least > rule.max_skew:
            yield Obstacle(
                Barrier.SPREAD,
                rule.topology_key,
                wanted=float(counted[here]),
                free=float(least),
                offered=float(rule.max_skew),
                holder=here,
                few=few,
            )

    return check


def _counts(host: Host, spec: PlacingSpec, rule: Spread) -> bool:
    """Tell whether a node is one of those a spread goes over."""
    chosen = rule.node_affinity_policy == "Ignore" or not unchosen(host, spec)
    borne = rule.node_taints_policy != "Honor" or not any(untolerated(host, spec.tolerations))
    return chosen and borne


def _with_keys(rule: Spread, labels: Mapping[str, str]) -> LabelSelector | None:
    """Add what `matchLabelKeys` adds: the pod's own values; newer servers write them themselves."""
    selector = rule.label_selector
    known = {one.key for one in selector.match_expressions} if selector else set[str]()
    more = [
        Requirement(key, "In", (labels[key],))
        for key in rule.match_label_keys
        if key in labels and key not in known
    ]
    if selector is None:
        return None

    return LabelSelector(selector.match_labels, (*selector.match_expressions, *more))


def _covers(term: PodTerm, own: str, space: str, spaces: Spaces) -> bool:
    """Tell whether a term of a pod in `own` is about pods in `space`."""
    covered = term.covers(space, own)
    return selects(term.namespace_selector, spaces.get(space, {})) if covered is None else covered


def _meant(
    terms: Sequence[PodTerm], own: str, around: Neighbourhood
) -> Iterator[tuple[str, LabelSet]]:
    """Find the pods that all terms of a pod in `own` mean, and their namespaces."""
    for space, sets in around.crowd.labels.items():
        if all(_covers(one, own, space, around.spaces) for one in terms):
            for worn, found in sets.items():
                labels = dict(worn)
                if all(selects(one.label_selector, labels) for one in terms):
                    yield space, found


def _peers(crowd: Crowd, space: str, selector: LabelSelector | None) -> Iterator[LabelSet]:
    for worn, found in crowd.labels.get(space, {}).items():
        if selects(selector, dict(worn)):
            yield found


def _domains(key: str, nodes: Iterable[str], around: Neighbourhood) -> Iterator[str]:
    for node in nodes:
        host = around.nodes.get(node)
        if host and key in host.metadata.labels:
            yield host.metadata.labels[key]
