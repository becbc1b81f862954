"""Workloads that are not what they should be, their pods' own causes aside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import islice

import anyio

from jamie_base.together import pair, together
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import BoundPod, Controller, CronJob
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.storage import Claim
from jamie_kubernetes.client.volumes import AccessedClaim
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.cronjobs import cron_causes, cron_of, runs_by_cron
from jamie_kubernetes.facts.causes.daemons import daemon_causes, uncovered
from jamie_kubernetes.facts.causes.intentions import intention, schedule_intention
from jamie_kubernetes.facts.causes.jobs import job_causes
from jamie_kubernetes.facts.causes.stateful import (
    Services,
    first_claims,
    first_missing,
    outgrown,
    stateful_causes,
    taken,
)
from jamie_kubernetes.facts.causes.workloads import (
    DOUBTED,
    WorkloadCause,
    asleep,
    claims_of,
    deployment_causes,
    lost_all,
    missing,
    orphaned,
    shared_claim,
    shared_selectors,
    strays,
    unseen,
)
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.kinds import (
    CLAIMS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
)
from jamie_kubernetes.tools.diagnosing.places import surroundings
from jamie_kubernetes.tools.diagnosing.round import Report, Round

LASTING = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
LOOKED_UP = 10
"""How many objects of a kind are read one by one."""

MOMENT_SECONDS = 1.0
"""How long controllers get to do what they seem not to have done."""


async def examine(round_: Round, report: Report) -> None:
    """Report what is wrong with workloads, then what needs a closer look at single objects."""
    asked: list[Callable[[], Awaitable[object]]] = [
        round_.pods,
        round_.events,
        round_.nodes,
        *(partial(round_.listed, kind, Controller) for kind in (*LASTING, JOBS)),
        partial(round_.listed, CRON_JOBS, CronJob),
        partial(round_.listed, SERVICES, NetService),
    ]
    await together(*asked)
    around = await surroundings(round_)
    await _lasting(round_, around, report)
    await _runs(round_, around, report)
    await _intentions(round_)
    for look in (_claims, _sizes, _strays, _names, _nodes):
        for told in await look(round_, around):
            report(told)


async def _lasting(round_: Round, around: Around, report: Report) -> None:
    services = _by_name(await round_.listed(SERVICES, NetService))
    nodes = await round_.nodes()

    def judged(kind: Kind, one: Controller) -> list[Finding]:
        late = unseen(kind, one, around)
        found = [late] if late else []
        if kind == DEPLOYMENTS:
            return [*found, *deployment_causes(one, around)]
        if kind == STATEFUL_SETS:
            return [*found, *stateful_causes(one, around, services)]

        return [*found, *daemon_causes(one, around, nodes)]

    everyone = await _everyone(round_)
    doubted: list[tuple[Kind, Controller]] = []
    for kind, one in everyone:
        found = judged(kind, one)
        doubted += [(kind, one)] if any(told.cause in DOUBTED for told in found) else []
        for told in found:
            if told.cause not in DOUBTED:
                report(told)

    again = [told for kind, one in await _again(round_, doubted) for told in judged(kind, one)]
    sure = [told for told in again if told.cause in DOUBTED]
    overlooked = [told for told in sure if told.cause == WorkloadCause.UNSEEN]
    unnoticed = asleep(overlooked)
    lost = await _lost(round_, around) if unnoticed else []
    for told in (*sure, *lost, *shared_selectors(everyone), *([unnoticed] if unnoticed else [])):
        report(told)


async def _everyone(round_: Round) -> list[tuple[Kind, Controller]]:
    return [(kind, one) for kind in LASTING for one in await round_.listed(kind, Controller) or ()]


async def _again(
    round_: Round, doubted: Sequence[tuple[Kind, Controller]]
) -> list[tuple[Kind, Controller]]:
    """Read objects anew after a moment, in which their controllers may have done their work."""
    if not doubted:
        return []

    await anyio.sleep(MOMENT_SECONDS)

    async def read(kind: Kind, one: Controller) -> tuple[Kind, Controller] | None:
        about = one.metadata
        fresh = await round_.one(kind, about.namespace, about.name, Controller)
        return (kind, fresh) if fresh else None

    looks = [partial(read, kind, one) for kind, one in doubted[:LOOKED_UP]]
    found = [each for each in await together(*looks) if each]
    return [*found, *doubted[LOOKED_UP:]]


def _by_name(services: list[NetService] | None) -> Services | None:
    if services is None:
        return None

    return {(one.metadata.namespace, one.metadata.name): one for one in services}


async def _runs(round_: Round, around: Around, report: Report) -> None:
    jobs = await round_.listed(JOBS, Controller) or []
    for one in jobs:
        for told in job_causes(one, around) if not cron_of(one) else ():
            report(told)

    runs = runs_by_cron(jobs)
    for cron in await round_.listed(CRON_JOBS, CronJob) or ():
        key = key_of(cron.metadata.namespace, f"cronjob/{cron.metadata.name}")
        for told in cron_causes(cron, runs.get(key, ()), around):
            report(told)


async def _intentions(round_: Round) -> None:
    """Note what does not run because somebody wants it so."""
    said = [
        (f"{kind.short}/{one.metadata.name}", one.metadata.namespace, intention(kind, one))
        for kind in (*LASTING, JOBS)
        for one in await round_.listed(kind, Controller) or ()
    ]
    said += [
        (f"cronjob/{one.metadata.name}", one.metadata.namespace, schedule_intention(one))
        for one in await round_.listed(CRON_JOBS, CronJob) or ()
    ]
    round_.intentions |= {key_of(space, owner): why for owner, space, why in said if why}


async def _claims(round_: Round, _: Around) -> list[Finding]:
    """Look at the claims that several pods of one Deployment mount."""
    sharing = [
        (one, claim)
        for one in await round_.listed(DEPLOYMENTS, Controller) or ()
        if one.spec.replicas > 1
        for claim in claims_of(one)
    ]
    found: list[Finding] = []
    for one, name in sharing[:LOOKED_UP]:
        claim = await round_.one(CLAIMS, one.metadata.namespace, name, AccessedClaim)
        if claim and (told := shared_claim(one, claim)):
            found.append(told)

    return found


async def _sizes(round_: Round, around: Around) -> list[Finding]:
    """Look whether the claims of StatefulSets were made when their templates asked for less."""
    wanted = [
        (one, *each)
        for one in await round_.listed(STATEFUL_SETS, Controller) or ()
        if one.spec.replicas and not around.left_alone(one)
        for each in first_claims(one)
    ]
    found: list[Finding] = []
    for one, name, wants in wanted[:LOOKED_UP]:
        claim = await round_.one(CLAIMS, one.metadata.namespace, name, Claim)
        if claim and (told := outgrown(one, claim, wants)):
            found.append(told)

    return found


async def _strays(round_: Round, _: Around) -> list[Finding]:
    """Look at the ReplicaSets whose pods no Deployment selects."""
    survey, deployments = await pair(round_.pods, partial(round_.listed, DEPLOYMENTS, Controller))
    if survey is None or deployments is None:
        return []

    known = {
        key_of(one.metadata.namespace, f"deploy/{one.metadata.name}"): one for one in deployments
    }
    found = [
        await round_.one(REPLICA_SETS, *place, Controller)
        for place in islice(dict.fromkeys(strays(survey, known)), LOOKED_UP)
    ]
    return [told for one in found if one and (told := orphaned(one))]


async def _lost(round_: Round, around: Around) -> list[Finding]:
    """Where changes are overlooked, look for pods that are gone and that a status still counts."""
    found: list[Finding] = []
    gone = [each for each in await _everyone(round_) if lost_all(*each, around)]
    for kind, one in gone[:LOOKED_UP]:
        labels = one.spec.selector.match_labels if one.spec.selector else {}
        if not await _pods_with(round_, one.metadata.namespace, labels):
            counted = one.status.replicas or one.status.current_number_scheduled
            found.append(missing(one, f"{kind.short}/{one.metadata.name}", counted))

    return found


async def _pods_with(round_: Round, namespace: str, labels: Mapping[str, str]) -> list[BoundPod]:
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    found = await round_.listed(PODS, BoundPod, labels=selector) or []
    return [each for each in found if each.metadata.namespace == namespace]


async def _names(round_: Round, around: Around) -> list[Finding]:
    """Look whether somebody else's pod has the name that a StatefulSet needs next."""
    short = [
        (one, pod)
        for one in await round_.listed(STATEFUL_SETS, Controller) or ()
        if one.status.replicas < one.spec.replicas and not around.left_alone(one)
        if around.sees(one.metadata.namespace)
        if (pod := first_missing(one, around))
    ]
    found: list[Finding] = []
    for one, name in short[:LOOKED_UP]:
        pod = await round_.one(PODS, one.metadata.namespace, name, Named)
        owner = owner_of(pod.metadata) if pod else None
        if pod and str(owner) != f"sts/{one.metadata.name}":
            found.append(taken(one, name))

    return found


async def _nodes(round_: Round, around: Around) -> list[Finding]:
    """Look where the pods of DaemonSets are that are short of some."""
    nodes = await round_.nodes() or []
    short = [
        one
        for one in await round_.listed(DAEMON_SETS, Controller) or ()
        if one.status.number_ready < one.status.desired_number_scheduled
        if around.sees(one.metadata.namespace) and not around.left_alone(one)
    ]
    found: list[Finding] = []
    for one in short[:LOOKED_UP] if nodes else ():
        labels = one.spec.selector.match_labels if one.spec.selector else {}
        pods = await _pods_with(round_, one.metadata.namespace, labels)
        if told := uncovered(one, pods, nodes):
            found.append(told)

    return found
