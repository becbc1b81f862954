"""Autoscalers and disruption budgets that do not do what they are for."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from jamie_base.together import together
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client.controllers import Autoscaler, Controller
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.vertical import Vertical
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.causes.budgets import budget_causes, overlapping
from jamie_kubernetes.facts.causes.scaling import (
    autoscaler_causes,
    fixed,
    no_api,
    rivals_by_target,
)
from jamie_kubernetes.facts.causes.scaling_reasons import target_key
from jamie_kubernetes.facts.causes.vertical import EVICTED, vertical_causes
from jamie_kubernetes.facts.causes.vertical import target_key as vertical_target
from jamie_kubernetes.kinds import AUTOSCALERS, BUDGETS, DEPLOYMENTS, STATEFUL_SETS
from jamie_kubernetes.tools.diagnosing.places import landscape, surroundings
from jamie_kubernetes.tools.diagnosing.round import Report, Round

SCALED = (DEPLOYMENTS, STATEFUL_SETS)


async def examine(round_: Round, report: Report) -> None:
    """Report what keeps replicas, requests and evictions from being as they should be."""
    around = await surroundings(round_)
    looks: list[Callable[[Round, Around], Awaitable[Sequence[Finding]]]]
    looks = [_autoscalers, _verticals, _budgets]

    async def tell(look: Callable[[Round, Around], Awaitable[Sequence[Finding]]]) -> None:
        for told in await look(round_, around):
            report(told)

    await together(*(partial(tell, look) for look in looks))


async def _autoscalers(round_: Round, around: Around) -> list[Finding]:
    scalers = await round_.listed(AUTOSCALERS, Autoscaler) or []
    rivals = rivals_by_target(scalers)
    found = [
        told for one in scalers for told in autoscaler_causes(one, rivals[target_key(one)], around)
    ]
    targets = {
        key_of(each.metadata.namespace, f"{kind.short}/{each.metadata.name}"): (kind, each)
        for kind in (SCALED if scalers else ())
        for each in await round_.listed(kind, Controller) or ()
    }
    told = [
        fixed(one, targets[key][1], targets[key][0].short)
        for one in scalers
        if (key := target_key(one)) in targets
    ]
    return [*found, *(one for one in (no_api(found), *told) if one)]


async def _verticals(round_: Round, around: Around) -> list[Finding]:
    kind = await round_.offered("verticalpodautoscalers", "autoscaling.k8s.io")
    verticals = await round_.listed(kind, Vertical) or [] if kind else []
    if not verticals:
        return []

    rivals = rivals_by_target(await round_.listed(AUTOSCALERS, Autoscaler) or [])
    evictions = await round_.notes(EVICTED)
    found: list[Finding] = []
    for one in verticals:
        target = vertical_target(one)
        owner = target.removeprefix(f"{one.metadata.namespace}/")
        said = evictions.of_owner(one.metadata.namespace, owner) if evictions else []
        evicted = next((each for each in said if each.reason == EVICTED), None)
        found += vertical_causes(one, rivals.get(target, ()), evicted, around)

    return found


async def _budgets(round_: Round, around: Around) -> list[Finding]:
    budgets = await round_.listed(BUDGETS, Budget) or []
    if not budgets:
        return []

    land = await landscape(round_)
    cordoned = frozenset(
        one.metadata.name for one in await round_.nodes() or () if one.spec.unschedulable
    )
    return [
        *(told for one in budgets for told in budget_causes(one, land, around, cordoned)),
        *overlapping(budgets, land),
    ]
