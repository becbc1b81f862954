"""From rules and what Alertmanager holds to a ranked list of alerts; no I/O."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_base.text import count, shorten
from jamie_base.when import age, parse_time, to_seconds
from jamie_prometheus.alertmanager import Delivery, SentAlert
from jamie_prometheus.answers import Alert, BrokenRule, Silenced, figure
from jamie_prometheus.wire import Rule, RuleAlert, RuleGroup, WireSeries
from jamie_signals.units import unit_of

Labels = Mapping[str, str]
Kind = tuple[str, ...]

SEVERITIES = (
    ("critical", "crit", "page", "fatal", "emergency", "disaster", "p0", "p1", "sev0", "sev1"),
    ("error", "high", "major", "severe", "urgent", "alert", "p2", "sev2"),
    ("warning", "warn", "medium", "minor", "ticket", "p3", "sev3"),
    ("info", "information", "informational", "notice", "low", "p4", "sev4"),
    ("none", "debug", "p5", "sev5"),
)
"""Words for how bad an alert is, the worst first."""

UNNAMED_SEVERITY = 2
"""An alert without a known severity stands with the warnings."""

SEVERITY_LABELS = ("severity", "priority", "level")
LATE_EVALUATIONS = 5
LATE_SECONDS = 300.0
LONGEST_ANNOTATION = 600

_BELOW = re.compile(r"<=?\s*\S+\s*$")


class Labelled:
    """Label sets by the alert they name, to find the ones that hold all of another set."""

    def __init__(self, sets: Iterable[Labels]) -> None:
        self._places: dict[str, list[tuple[int, Labels]]] = {}
        for place, labels in enumerate(sets):
            self._places.setdefault(labels.get("alertname", ""), []).append((place, labels))

    def place_of(self, labels: Labels) -> int | None:
        """Return the place of the first set that holds `labels`; others may have been added."""
        named = self._places.get(labels.get("alertname", ""), [])

        return next((at for at, other in named if labels.items() <= other.items()), None)


def alerts_of(groups: Iterable[RuleGroup]) -> list[Alert]:
    """Return the alerts of all rules."""
    return [
        _alert(group, rule, alert)
        for group in groups
        for rule in group.rules
        for alert in rule.alerts
        if alert.state in ("firing", "pending")
    ]


def alerts_of_series(series: Iterable[WireSeries]) -> list[Alert]:
    """Return the alerts that the series ALERTS tells of, where the rules cannot be read."""
    return [
        Alert(
            name=one.metric.get("alertname", ""),
            state=one.metric.get("alertstate", "firing"),
            labels=told_labels(one.metric),
            severity=severity_of(one.metric),
        )
        for one in series
    ]


def told_labels(labels: Labels) -> dict[str, str]:
    """Return an alert's labels without those that the series ALERTS adds."""
    return {key: text for key, text in labels.items() if key not in ("__name__", "alertstate")}


def matching(alerts: Iterable[Alert], series: Iterable[WireSeries]) -> list[Alert]:
    """Keep the alerts that are among the series of ALERTS."""
    among = Labelled(one.metric for one in series)

    return [one for one in alerts if among.place_of(one.labels) is not None]


def delivered(alerts: Iterable[Alert], delivery: Delivery, now: float) -> list[Alert]:
    """Add to each alert what Alertmanager did with it."""
    held = Labelled(one.labels for one in delivery.alerts)
    placed = ((one, held.place_of(one.labels)) for one in alerts)

    return [
        one if place is None else _handled(one, delivery.alerts[place], delivery, now)
        for one, place in placed
    ]


def worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    """Sort kinds: silenced and inhibited last, else by severity, state, and what is newest.

    Alerts of one kind stay together, the one whose value is worst first.
    """
    newest: dict[Kind, float] = {}
    for one in alerts:
        newest[kind_of(one)] = max(newest.get(kind_of(one), 0.0), one.since)
    alike = Counter(map(kind_of, alerts))

    return sorted(
        (msgspec.structs.replace(one, alike=alike[kind_of(one)]) for one in alerts),
        key=lambda one: (
            is_suppressed(one),
            severity_rank(one.severity),
            one.state,
            -newest[kind_of(one)],
            kind_of(one),
            -_badness(one),
            -one.since,
            sorted(one.labels.items()),
        ),
    )


def kind_of(alert: Alert) -> Kind:
    """Return what alerts shown together have in common."""
    return alert.name, alert.state, alert.severity, alert.group, str(is_suppressed(alert))


def kind_text(alert: Alert) -> str:
    """Name an alert's kind and how many there are."""
    times = f" x{alert.alike}" if alert.alike > 1 else ""

    return f"{alert.name}{times} ({', '.join(filter(None, [alert.severity, alert.state]))})"


def other_kinds(shown: Iterable[Alert], hidden: Iterable[Alert]) -> tuple[str, ...]:
    """Name the kinds of which none is shown."""
    seen = {kind_of(one) for one in shown}
    unseen = {kind_of(one): one for one in hidden if kind_of(one) not in seen}

    return tuple(map(kind_text, unseen.values()))


def is_suppressed(alert: Alert) -> bool:
    """Tell whether nobody is told of it."""
    return bool(alert.silenced) or alert.inhibited


def severity_of(labels: Labels) -> str:
    """Return the word for how bad it is, empty where there is none."""
    return next((labels[name] for name in SEVERITY_LABELS if labels.get(name)), "")


def severity_rank(word: str) -> int:
    """Place a word for how bad it is, 0 the worst."""
    wanted = word.strip().lower()

    return next(
        (rank for rank, words in enumerate(SEVERITIES) if wanted in words), UNNAMED_SEVERITY
    )


def broken_rules(groups: Iterable[RuleGroup]) -> tuple[BrokenRule, ...]:
    """Return the rules whose last evaluation failed."""
    return tuple(
        BrokenRule(rule.name, group.name, rule.last_error or "its evaluation failed")
        for group in groups
        for rule in group.rules
        if rule.health == "err"
    )


def evaluated_at(groups: Iterable[RuleGroup], now: float) -> float:
    """Return when a rule was evaluated last, 0 for never."""
    return max((_time(one.last_evaluation, now) for g in groups for one in g.rules), default=0.0)


def late_groups(groups: Iterable[RuleGroup], now: float) -> tuple[str, ...]:
    """Say which groups of rules are not evaluated as often as they should be."""
    return tuple(filter(None, (_lateness(group, now) for group in groups)))


def _alert(group: RuleGroup, rule: Rule, alert: RuleAlert) -> Alert:
    return Alert(
        name=alert.labels.get("alertname", rule.name),
        state=alert.state,
        labels=alert.labels,
        severity=severity_of(alert.labels),
        since=_time(alert.active_at, 0.0),
        value=figure(_number(alert.value)),
        unit=unit_of(rule.query),
        summary=_told(alert, "summary"),
        description=_told(alert, "description", "message"),
        runbook=_told(alert, "runbook_url"),
        expr=rule.query,
        hold=rule.duration,
        group=group.name,
    )


def _told(alert: RuleAlert, *names: str) -> str:
    text = next((alert.annotations[name] for name in names if alert.annotations.get(name)), "")

    return shorten(text, LONGEST_ANNOTATION)


def _handled(alert: Alert, sent: SentAlert, delivery: Delivery, now: float) -> Alert:
    silences = [delivery.silences.get(one) for one in sent.status.silenced_by]
    told = tuple(
        Silenced(one.created_by, _time(one.ends_at, now), one.comment) if one else Silenced()
        for one in silences
    )

    return msgspec.structs.replace(
        alert,
        silenced=told,
        inhibited=bool(sent.status.inhibited_by),
        receivers=tuple(one.name for one in sent.receivers),
    )


def _badness(alert: Alert) -> float:
    """Tell how far a value has gone in the direction its rule looks."""
    value = float(alert.value)
    if math.isnan(value):
        return -math.inf

    return -value if _BELOW.search(alert.expr) else value


def _lateness(group: RuleGroup, now: float) -> str:
    times = [_time(one.last_evaluation, now) for one in group.rules]
    if not times:
        return ""
    if not any(times):
        return f"group {group.name} ({count('rule', len(times))}) has not been evaluated yet"

    late = now - max(times)
    if late <= max(LATE_EVALUATIONS * group.interval, LATE_SECONDS):
        return ""

    return f"group {group.name} was last evaluated {age(late)} ago: its alerts may be out of date"


def _time(text: str, now: float) -> float:
    """Read RFC 3339; 0 for never, which Go writes as the year 1."""
    try:
        return to_seconds(parse_time(text, now=now))
    except InvalidArgument:
        return 0.0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
