"""What is wrong with StatefulSets, beside what their pods say."""

from collections.abc import Iterator, Mapping

import msgspec

from jamie_base.text import count
from jamie_base.when import age
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.client.storage import Claim
from jamie_kubernetes.facts.causes.around import Around, changed_ns
from jamie_kubernetes.facts.causes.workloads import WorkloadCause, missing
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.quantities import known
from jamie_signals.similar import nearest

POD_NAME = "statefulset.kubernetes.io/pod-name"
REVISION = "controller-revision-hash"

LONG_SECONDS = 300
"""What a pod has to be ready for longer looks like standing still."""

Services = Mapping[tuple[str, str], NetService]


class Numbered(msgspec.Struct, frozen=True):
    """One pod of a StatefulSet."""

    name: str
    ready: bool
    revision: str


def stateful_causes(
    one: Controller, around: Around, services: Services | None
) -> Iterator[Finding]:
    """Yield what is wrong with a StatefulSet; without `services` nothing is said of those."""
    if around.left_alone(one) or not one.spec.replicas:
        return

    key = key_of(one.metadata.namespace, _owner(one))
    pods = {each.name: each for each in _numbered(key, around)}
    status = one.status
    late = status.ready_replicas < one.spec.replicas and around.is_past(changed_ns(one.metadata))
    if late and around.sees(one.metadata.namespace):
        yield from _unready(one, pods)
    yield from _old_pods(one)
    if services is not None and one.spec.service_name:
        yield from _headless(one, services)


def first_missing(one: Controller, around: Around) -> str:
    """Name the first pod that a StatefulSet wants and does not have; nothing if it has all."""
    key = key_of(one.metadata.namespace, _owner(one))
    there = {each.name for each in _numbered(key, around)}
    return next((name for name in _names(one) if name not in there), "")


def taken(one: Controller, pod: str) -> Finding:
    """Return that a pod of somebody else has the name that a StatefulSet needs."""
    namespace = one.metadata.namespace
    return Finding(
        cause=WorkloadCause.NAME_TAKEN,
        namespace=namespace,
        owner=_owner(one),
        severity=Harm.BROKEN if one.status.ready_replicas else Harm.DOWN,
        summary=f"it cannot make {pod}: a pod of that name is there which is not its own",
        next=f"see whose it is, then remove it: k8s_get what=pod/{pod} namespace={namespace}",
        since_ns=changed_ns(one.metadata),
    )


def first_claims(one: Controller) -> list[tuple[str, str]]:
    """Name the claims of the first pod, each with what its template asks for by now."""
    pod = _names(one)[0]
    return [
        (f"{each.metadata.name}-{pod}", each.spec.resources.requests.get("storage", "0"))
        for each in one.spec.volume_claim_templates
    ]


def outgrown(one: Controller, claim: Claim, wants: str) -> Finding | None:
    """Tell whether claims were made when their template asked for less; larger ones do no harm."""
    if claim.metadata.deletion_timestamp or known(claim.wants) >= known(wants):
        return None

    namespace, name = one.metadata.namespace, claim.metadata.name
    return Finding(
        cause=WorkloadCause.OLD_CLAIMS,
        namespace=namespace,
        owner=_owner(one),
        severity=Harm.RISK,
        summary=f"its template asks for {wants}, but pvc/{name} was made for {claim.wants}: claims"
        " that are there do not grow with the template",
        next="raise spec.resources.requests.storage of each claim, if its class allows expansion:"
        f" k8s_get what=pvc namespace={namespace}",
        affects=(key_of(namespace, f"pvc/{name}"),),
    )


def _owner(one: Controller) -> str:
    return f"sts/{one.metadata.name}"


def _names(one: Controller) -> list[str]:
    start = one.spec.ordinals.start
    return [f"{one.metadata.name}-{number}" for number in range(start, start + one.spec.replicas)]


def _numbered(key: str, around: Around) -> Iterator[Numbered]:
    for labels, pods in around.pods(key):
        if name := labels.get(POD_NAME):
            yield Numbered(name, bool(pods.ready), labels.get(REVISION, ""))


def _unready(one: Controller, pods: Mapping[str, Numbered]) -> Iterator[Finding]:
    """Yield the pod that an ordered StatefulSet waits for, or how many it does not make."""
    names = _names(one)
    first = next((name for name in names if name not in pods or not pods[name].ready), "")
    lacking = [name for name in names if name not in pods]
    behind = [name for name in lacking if name != first]
    ordered = one.spec.pod_management_policy != "Parallel"
    if ordered and first in pods and (stale := _stale(one, pods[first])):
        yield stale
    if ordered and behind and first in pods:
        yield _blocked(one, first, behind)
    elif ordered and lacking and first not in pods and _ripens(one):
        yield from _ripening(one, first)
    elif lacking:
        yield missing(one, _owner(one), len(lacking))


def _ripens(one: Controller) -> bool:
    """Tell whether a pod is ready and not yet for as long as the next one wants it to be."""
    return bool(
        one.spec.min_ready_seconds and one.status.available_replicas < one.status.ready_replicas
    )


def _ripening(one: Controller, following: str) -> Iterator[Finding]:
    """Yield that each pod has to be ready for so long that somebody may take it for stuck."""
    seconds = one.spec.min_ready_seconds
    if seconds < LONG_SECONDS:
        return

    yield Finding(
        cause=WorkloadCause.ORDERED,
        namespace=one.metadata.namespace,
        owner=_owner(one),
        severity=Harm.DEGRADED,
        summary=f"{following} is made only once the pod before it has been ready for {age(seconds)}"
        f" (minReadySeconds {seconds})",
        next="wait, or lower spec.minReadySeconds",
    )


def _stale(one: Controller, pod: Numbered) -> Finding | None:
    """Tell whether the pod that is waited for is of a revision that was taken back."""
    update, strategy = one.status.update_revision, one.spec.update_strategy
    partition = strategy.rolling_update.partition if strategy.rolling_update else 0
    kept = strategy.type == "OnDelete" or int(pod.name.rpartition("-")[2]) < partition
    if kept or not update or pod.revision in ("", update):
        return None

    return Finding(
        cause=WorkloadCause.OLD_REVISION,
        namespace=one.metadata.namespace,
        owner=_owner(one),
        severity=Harm.BROKEN if one.status.ready_replicas else Harm.DOWN,
        summary=f"{pod.name} is not ready and of an older revision: its StatefulSet waits for it"
        " instead of replacing it, so a corrected template does not reach it",
        evidence=(f"{pod.name} has revision {pod.revision}, wanted is {update}",),
        next=f"delete {pod.name}, it comes back with the corrected template: kubectl -n"
        f" {one.metadata.namespace} delete pod {pod.name}",
        leads=True,
    )


def _blocked(one: Controller, first: str, behind: list[str]) -> Finding:
    key = key_of(one.metadata.namespace, _owner(one))
    waits = f"{count('pod', len(behind))} {'waits' if len(behind) == 1 else 'wait'} behind it"
    return Finding(
        cause=WorkloadCause.ORDERED,
        namespace=one.metadata.namespace,
        owner=_owner(one),
        severity=Harm.BROKEN if one.status.ready_replicas else Harm.DOWN,
        summary=f"{first} is not ready, and {waits}: pods start in order",
        evidence=(f"{first} is not ready; {waits} (OrderedReady)",),
        next=f"mend {first}: k8s_logs name={first} namespace={one.metadata.namespace}",
        follows=(key,),
    )


def _old_pods(one: Controller) -> Iterator[Finding]:
    """Yield what keeps pods of an older revision, as its strategy says."""
    strategy, status = one.spec.update_strategy, one.status
    old = one.spec.replicas - status.updated_replicas
    partition = strategy.rolling_update.partition if strategy.rolling_update else 0
    if not old or status.ready_replicas < one.spec.replicas:
        return
    if strategy.type == "OnDelete":
        yield on_delete(one, _owner(one), old)
    elif 0 < old <= partition:
        yield Finding(
            cause=WorkloadCause.PARTITION,
            namespace=one.metadata.namespace,
            owner=_owner(one),
            severity=Harm.RISK,
            summary=f"partition {partition} keeps {count('pod', old)} at an older revision",
            next="set updateStrategy.rollingUpdate.partition to 0 when the new one has proved good",
            count=old,
        )


def on_delete(one: Controller, owner: str, old: int) -> Finding:
    """Return that pods stay old until somebody deletes them."""
    return Finding(
        cause=WorkloadCause.ON_DELETE,
        namespace=one.metadata.namespace,
        owner=owner,
        severity=Harm.RISK,
        summary=f"{count('pod', old)} of an older revision stay until deleted (OnDelete)",
        next="delete them one by one for the new template to reach them",
        count=old,
    )


def _headless(one: Controller, services: Services) -> Iterator[Finding]:
    name, namespace = one.spec.service_name, one.metadata.namespace
    found = services.get((namespace, name))
    if found is None:
        near = nearest(name, [each for space, each in services if space == namespace], n=1)
        yield Finding(
            cause=WorkloadCause.NO_HEADLESS,
            namespace=namespace,
            owner=_owner(one),
            severity=Harm.DEGRADED,
            summary=f"its Service {name} does not exist: its pods have no names in DNS",
            evidence=(f"nearest: svc/{near[0]}",) if near else (),
            next=f"make a headless Service {name} (clusterIP: None) that selects its pods",
        )
    elif (
        # A single pod has nobody to call by name.
        one.spec.replicas > 1 and found.spec.type == "ClusterIP" and found.spec.cluster_ip != "None"
    ):
        yield Finding(
            cause=WorkloadCause.NOT_HEADLESS,
            namespace=namespace,
            owner=_owner(one),
            severity=Harm.RISK,
            summary=f"its Service {name} is not headless: {_names(one)[0]}.{name} and its"
            " siblings do not resolve",
            next=f"make svc/{name} anew with clusterIP: None, if its pods call each other by name",
        )
