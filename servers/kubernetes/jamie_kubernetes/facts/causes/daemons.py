"""What is wrong with DaemonSets: nodes without their pod, and pods where they should not be."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from jamie_base.text import count
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.capacity import Host, Taint
from jamie_kubernetes.client.controllers import BoundPod, Controller
from jamie_kubernetes.facts.causes.around import Around, changed_ns
from jamie_kubernetes.facts.causes.stateful import on_delete
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.causes.workloads import WorkloadCause, missing
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.room import bears
from jamie_kubernetes.facts.standing import condition_is
from jamie_signals.similar import nearest

_USUAL = ("node-role.kubernetes.io/", "node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints that keep pods away for a while, or from the control plane: nobody forgot those."""

_OWN_KEYS = ("kubernetes.io/os", "kubernetes.io/arch")


def daemon_causes(
    one: Controller, around: Around, nodes: Sequence[Host] | None
) -> Iterator[Finding]:
    """Yield what is wrong with a DaemonSet; without `nodes` nothing is said of those."""
    if around.left_alone(one) or not around.is_past(changed_ns(one.metadata)):
        return

    status = one.status
    lacking = status.desired_number_scheduled - status.current_number_scheduled
    if lacking > 0:
        yield missing(one, _owner(one), lacking)
    old = status.desired_number_scheduled - status.updated_number_scheduled
    settled = status.number_ready >= status.desired_number_scheduled
    if one.spec.update_strategy.type == "OnDelete" and old > 0 and settled:
        yield on_delete(one, _owner(one), old)
    if status.number_misscheduled:
        yield _misplaced(one)
    yield from _skipped(one, nodes or ())


def uncovered(one: Controller, pods: Sequence[BoundPod], nodes: Sequence[Host]) -> Finding | None:
    """Name the nodes where a DaemonSet's pod should be ready and is not; lost ones tell it."""
    lost = {each.metadata.name for each in nodes if not is_ready(each)}
    wanted = {each.metadata.name for each in nodes if not _barring(one, each) and _fits(one, each)}
    ready = {each.spec.node for each in pods if condition_is(each, "Ready", "True")}
    without = sorted(wanted - ready - lost)
    if not without:
        return None

    owner, namespace = _owner(one), one.metadata.namespace
    bare = [name for name in without if name not in {each.spec.node for each in pods}]
    # What is wrong with its pods is why, unless that is about those of lost nodes only.
    alone = bool(bare and lost & wanted)
    said = f"{count('node', len(without))} without a ready pod of it: {named(without)}"
    return Finding(
        cause=WorkloadCause.MISSED_NODES,
        namespace=namespace,
        owner=owner,
        severity=Harm.BROKEN if one.status.number_ready else Harm.DOWN,
        summary=f"has no pod on {named(bare)}" if alone else said,
        confidence="likely" if alone else "certain",
        evidence=() if alone else (said,),
        next=f"k8s_events object={owner} namespace={namespace}"
        if alone
        else f"k8s_pods workload={owner} namespace={namespace}",
        count=len(without),
        follows=() if alone else (key_of(namespace, owner),),
    )


def _owner(one: Controller) -> str:
    return f"ds/{one.metadata.name}"


def _fits(one: Controller, node: Host) -> bool:
    return one.spec.template.spec.node_selector.items() <= node.metadata.labels.items()


def _barring(one: Controller, node: Host) -> list[Taint]:
    """Return the taints that keep a DaemonSet from a node; it bears those of sick nodes anyway."""
    borne = one.spec.template.spec.tolerations
    return [
        taint
        for taint in node.spec.taints
        if taint.effect in ("NoSchedule", "NoExecute")
        and not taint.key.startswith("node.kubernetes.io/")
        and not any(bears(each, taint) for each in borne)
    ]


def _misplaced(one: Controller) -> Finding:
    number = one.status.number_misscheduled
    return Finding(
        cause=WorkloadCause.MISPLACED,
        namespace=one.metadata.namespace,
        owner=_owner(one),
        severity=Harm.RISK,
        summary=f"{count('pod', number)} of it {'runs' if number == 1 else 'run'} where it does not"
        " belong any more: once stopped, they do not come back",
        next="compare its nodeSelector, affinity and tolerations with the labels and taints of its"
        f" pods' nodes: k8s_pods workload={_owner(one)} namespace={one.metadata.namespace}",
        count=number,
    )


def _skipped(one: Controller, nodes: Sequence[Host]) -> Iterator[Finding]:
    spec = one.spec.template.spec
    if not one.status.desired_number_scheduled:
        yield from _nowhere(one, nodes)
    elif not spec.node_selector and not spec.affinity:
        yield from _tainted(one, nodes)


def _tainted(one: Controller, nodes: Sequence[Host]) -> Iterator[Finding]:
    """Yield the nodes whose taint keeps a DaemonSet away that is meant for every node."""
    barred: dict[str, list[str]] = defaultdict(list)
    for each in nodes:
        taints = _barring(one, each)
        if taints and not any(_is_usual(taint) for taint in taints):
            barred[_written(taints[0])].append(each.metadata.name)
    if not barred:
        return

    names = sorted(name for each in barred.values() for name in each)
    several = [f"{taint} ({named(sorted(each))})" for taint, each in sorted(barred.items())]
    said = f"taints {named(several)}" if len(several) > 1 else f"taint {next(iter(barred))}"
    yield Finding(
        cause=WorkloadCause.MISSED_NODES,
        namespace=one.metadata.namespace,
        owner=_owner(one),
        severity=Harm.RISK,
        confidence="possible",
        summary=f"it has no pod on {count('node', len(names)) if several[1:] else named(names)}:"
        f" it does not tolerate the {said}",
        next="add the toleration to its template if these nodes need it too",
        count=len(names),
    )


def _written(taint: Taint) -> str:
    return f"{taint.key}{f'={taint.value}' if taint.value else ''}:{taint.effect}"


def _is_usual(taint: Taint) -> bool:
    return taint.key.startswith(_USUAL)


def _nowhere(one: Controller, nodes: Sequence[Host]) -> Iterator[Finding]:
    """Yield a node selector that fits no node but almost does."""
    for key, value in one.spec.template.spec.node_selector.items():
        values = {each.metadata.labels[key] for each in nodes if key in each.metadata.labels}
        near = nearest(value, sorted(values), n=1)
        if key not in _OWN_KEYS and value not in values and near:
            yield Finding(
                cause=WorkloadCause.NO_NODE,
                namespace=one.metadata.namespace,
                owner=_owner(one),
                severity=Harm.DOWN,
                confidence="likely",
                summary=f"its nodeSelector {key}={value} fits no node; there are nodes with"
                f" {key}={near[0]}",
                next="correct the nodeSelector in its template, or label the nodes",
                since_ns=changed_ns(one.metadata),
            )
            return
