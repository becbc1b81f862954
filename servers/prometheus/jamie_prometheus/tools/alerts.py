"""What is firing."""

import time as clock
from collections.abc import Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError, InvalidArgument, TimedOut, Unreachable
from jamie_base.together import together
from jamie_prometheus import alerting
from jamie_prometheus.alertmanager import Delivery
from jamie_prometheus.answers import Alert, AlertsAnswer
from jamie_prometheus.client import Prometheus
from jamie_prometheus.promql import selector
from jamie_prometheus.render.alerts import alerts_answer
from jamie_prometheus.structure import Matcher, matchers_of
from jamie_prometheus.tools.arguments import AlertLimit, Backend, Match, State, tools
from jamie_prometheus.wire import RuleGroup, Vector, WireSeries

MOST_ALERTS = 10_000


class Seen(msgspec.Struct):
    """What came of the questions an answer is made of."""

    groups: Sequence[RuleGroup] = ()
    told: Sequence[WireSeries] = ()
    delivery: Delivery | None = None
    gaps: tuple[str, ...] = ()


@tools.reads(alerts_answer)
async def prom_alerts(
    prometheus: Backend, state: State = "all", match: Match = "", limit: AlertLimit = 30
) -> AlertsAnswer:
    """List firing and pending alerts, worst severity first.

    Each with since when, its value, its rule and annotations, and whether it is silenced (where an
    Alertmanager is set). Names rules that cannot be evaluated. None firing: how many were checked.
    """
    now = clock.time()
    matchers = _matchers(match)
    seen = await _seen(prometheus, matchers, now)
    alerts = alerting.worst_first(_alerts(seen, filtered=bool(matchers), now=now))
    wanted = [one for one in alerts if state in ("all", one.state)]

    return AlertsAnswer(
        now=now,
        alerts=tuple(wanted[:limit]),
        firing=sum(one.state == "firing" for one in alerts),
        pending=sum(one.state == "pending" for one in alerts),
        rules=sum(len(group.rules) for group in seen.groups),
        groups=len(seen.groups),
        evaluated_at=alerting.evaluated_at(seen.groups, now),
        state=state,
        match=match,
        hidden=len(wanted[limit:]),
        others=alerting.other_kinds(wanted[:limit], wanted[limit:]),
        broken=alerting.broken_rules(seen.groups),
        gaps=seen.gaps,
        notes=alerting.late_groups(seen.groups, now),
    )


def _matchers(match: str) -> tuple[Matcher, ...]:
    if not match.strip():
        return ()

    found = matchers_of(match)
    if found is None:
        raise InvalidArgument(
            f"match = {match[:80]!r} is not a list of label matchers; write for example"
            ' severity="critical", namespace=~"shop|pay".'
        )

    return found


async def _seen(prometheus: Prometheus, matchers: tuple[Matcher, ...], now: float) -> Seen:
    """Ask for rules, Alertmanager and, where it is needed, the series ALERTS."""
    seen = Seen()
    await together(
        partial(_read_rules, prometheus, seen),
        partial(_read_delivery, prometheus, seen),
    )
    if matchers or not seen.groups:
        # Prometheus judges the matchers, so its own regular expressions count.
        answer = await prometheus.query(selector("ALERTS", matchers), now, limit=MOST_ALERTS)
        seen.told = answer.data.result if isinstance(answer.data, Vector) else ()
    if seen.told and not seen.groups and not seen.gaps:
        seen.gaps = ("rules: none are listed here, so values and annotations are unknown",)

    return seen


async def _read_rules(prometheus: Prometheus, seen: Seen) -> None:
    try:
        groups = await prometheus.rules()
    except (Unreachable, TimedOut):
        raise
    except (BackendError, InvalidArgument) as exc:
        seen.gaps += (f"rules: {exc} Values and annotations are unknown.",)
        return

    alerting_only = (
        msgspec.structs.replace(
            group, rules=tuple(rule for rule in group.rules if rule.type == "alerting")
        )
        for group in groups
    )
    seen.groups = [group for group in alerting_only if group.rules]


async def _read_delivery(prometheus: Prometheus, seen: Seen) -> None:
    if prometheus.alertmanager is None:
        return

    try:
        seen.delivery = await prometheus.alertmanager.delivery()
    except BackendError as exc:
        seen.gaps += (f"Alertmanager: {exc} Silences and receivers are unknown.",)


def _alerts(seen: Seen, *, filtered: bool, now: float) -> list[Alert]:
    if not seen.groups:
        alerts = alerting.alerts_of_series(seen.told)
    elif filtered:
        alerts = alerting.matching(alerting.alerts_of(seen.groups), seen.told)
    else:
        alerts = alerting.alerts_of(seen.groups)

    return alerting.delivered(alerts, seen.delivery, now) if seen.delivery else alerts
