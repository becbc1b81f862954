"""What refuses pods, and what will refuse the next ones."""

from collections.abc import Awaitable, Callable, Container, Iterator, Mapping
from functools import cache, partial
from itertools import islice

from jamie_base.together import together
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.control import WebhookConfiguration
from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.client.limits import LimitRange, Quota
from jamie_kubernetes.client.objects import ObjectReference
from jamie_kubernetes.facts.causes.admission import (
    MADE_FAILED,
    Refused,
    refusal_findings,
    refused,
    refused_cron_job,
    refused_set,
)
from jamie_kubernetes.facts.causes.quotas import Bounds, full_quota, refused_ahead
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.owners import owner_by_name, owner_of
from jamie_kubernetes.facts.spenders import spenders
from jamie_kubernetes.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    LIMIT_RANGES,
    MUTATING_WEBHOOKS,
    QUOTAS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    VALIDATING_WEBHOOKS,
    Kind,
)
from jamie_kubernetes.tools.diagnosing.round import Report, Round

CONTROLLED = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS)
STRAY_SETS = 10
"""How many ReplicaSets of no Deployment are looked at."""


async def examine(round_: Round, report: Report) -> None:
    """Report workloads whose pods are refused, then quotas and limits that will refuse."""
    asked: list[Callable[[], Awaitable[object]]] = [
        round_.events,
        *(partial(round_.listed, kind, Controller) for kind in CONTROLLED),
        partial(round_.listed, CRON_JOBS, CronJob),
        partial(round_.listed, QUOTAS, Quota),
        partial(round_.listed, LIMIT_RANGES, LimitRange),
    ]
    await together(*asked)
    controllers = [
        (kind, one) for kind in CONTROLLED for one in await round_.listed(kind, Controller) or ()
    ]
    wanting = await _refused(round_, controllers)
    hooks: Mapping[str, str] = await _hooks(round_) if wanting else {}
    survey = await round_.pods() if wanting else None

    @cache
    def used_by(namespace: str, counted: str) -> str:
        pods = survey.labels.get(namespace, {}).values() if survey else ()
        return spenders(pods, counted)

    found = refusal_findings(wanting, hooks, round_.now_ns, used_by)
    for told in found:
        report(told)

    for told in await _ahead(round_, controllers, {key for one in found for key in _named(one)}):
        report(told)


def _named(one: Finding) -> tuple[str, ...]:
    return (one.key, *one.follows)


async def _hooks(round_: Round) -> Mapping[str, str]:
    """Return the configurations of webhooks by their names."""
    return {
        hook.name: one.metadata.name
        for kind in (VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS)
        for one in await round_.listed(kind, WebhookConfiguration) or ()
        for hook in one.webhooks
    }


async def _refused(round_: Round, controllers: list[tuple[Kind, Controller]]) -> list[Refused]:
    events = await round_.events()
    crons = await round_.listed(CRON_JOBS, CronJob) or ()
    maybe = [
        *(refused(kind, one, events) for kind, one in controllers),
        *(refused_cron_job(one, events) for one in crons),
    ]
    known = {
        key_of(one.metadata.namespace, f"{kind.short}/{one.metadata.name}")
        for kind, one in controllers
    }
    strays = [await _stray(round_, *each) for each in islice(_strays(events, known), STRAY_SETS)]

    return [one for one in (*maybe, *strays) if one]


def _strays(
    events: EventIndex | None, known: Container[str]
) -> Iterator[tuple[Kind, str, str, Happening]]:
    """Yield what makes pods, fails to, and belongs to no workload we have listed."""
    for (namespace, kind, name), event in events.of_reason(MADE_FAILED) if events else ():
        made = {"ReplicaSet": REPLICA_SETS, "ReplicationController": REPLICATION_CONTROLLERS}
        about = ObjectReference(kind=kind, name=name, namespace=namespace)
        if kind in made and key_of(namespace, str(owner_by_name(about))) not in known:
            yield made[kind], namespace, name, event


async def _stray(
    round_: Round, kind: Kind, namespace: str, name: str, event: Happening
) -> Refused | None:
    one = await round_.one(kind, namespace, name, Controller)
    if one is None:
        return None

    owner = owner_of(one.metadata)
    return refused_set(one, str(owner) if owner else f"{kind.short}/{name}", event)


async def _ahead(
    round_: Round, controllers: list[tuple[Kind, Controller]], told: Container[str]
) -> list[Finding]:
    quotas = await round_.listed(QUOTAS, Quota) or []
    ranges = await round_.listed(LIMIT_RANGES, LimitRange) or []
    here: dict[str, Bounds] = {}
    for quota in quotas:
        here.setdefault(quota.metadata.namespace, Bounds()).quotas.append(quota)
    for limits in ranges:
        here.setdefault(limits.metadata.namespace, Bounds()).ranges.append(limits)
    maybe = [
        *(full_quota(one) for one in quotas),
        *(
            refused_ahead(kind, one, here[one.metadata.namespace])
            for kind, one in controllers
            if one.metadata.namespace in here
        ),
    ]
    return [one for one in maybe if one and one.key not in told]
