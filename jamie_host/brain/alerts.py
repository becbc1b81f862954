"""Answers about alerts."""

from collections.abc import Sequence

from jamie_host.brain.data import Alert, Alerts
from jamie_host.brain.words import ago, clock, count, joined

RANKS = ("critical", "page", "error", "high", "warning", "info", "none")
# What a person would call the thing an alert is about, the best word first.
SUBJECTS = ("service", "deployment", "statefulset", "daemonset", "pod", "node", "instance", "job")
MOST_NAMES = 8
MOST_SUBJECTS = 4
# It fires always, to prove that alerting works.
HEARTBEAT = "none"


def alert_lines(found: Alerts) -> list[str]:
    """Say how many alerts fire, then each by name with what it is about and since when."""
    notes = [f"Could not check {gap}" for gap in found.gaps]
    if found.broken:
        names = joined(rule.name for rule in found.broken[:MOST_NAMES])
        broken = count(len(found.broken), "alerting rule")
        notes.append(f"{broken} cannot be evaluated: {names}.")
    real = _real(found)
    if not real:
        checked = f"{count(found.rules, 'rule')} checked" if found.rules else "none is defined"
        return [f"No alerts firing ({checked}).{_pending(found)}", *notes]
    groups = _by_name(real)
    more = len(groups) - MOST_NAMES
    rest = [f"  (and {more} more names; prom_alerts lists them)"] if more > 0 else []
    rows = [f"  {_row(alerts, found.now)}" for alerts in groups[:MOST_NAMES]]
    total = found.firing - (len([one for one in found.alerts if _firing(one)]) - len(real))
    return [f"{count(total, 'alert')} firing{_critical(real)}:", *rows, *rest, *notes]


def is_quiet(found: Alerts) -> bool:
    """Tell whether no alert needs anybody."""
    return not _real(found) and not found.broken and not found.gaps


def _real(found: Alerts) -> list[Alert]:
    return [one for one in found.alerts if _firing(one) and one.severity != HEARTBEAT]


def _firing(alert: Alert) -> bool:
    return alert.state == "firing"


def _by_name(alerts: Sequence[Alert]) -> list[list[Alert]]:
    groups: dict[tuple[int, str], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault((_rank(alert), alert.name), []).append(alert)
    return [groups[key] for key in sorted(groups)]


def _rank(alert: Alert) -> int:
    return RANKS.index(alert.severity) if alert.severity in RANKS else RANKS.index("warning")


def _row(alerts: Sequence[Alert], now: float) -> str:
    first = alerts[0]
    subjects = list(dict.fromkeys(name for one in alerts if (name := _subject(one))))
    more = len(subjects) - MOST_SUBJECTS
    named = [*subjects[:MOST_SUBJECTS], *([f"{more} more"] if more > 0 else [])]
    about = f": {joined(named)}" if named else ""
    begun = min((one.since for one in alerts if one.since), default=0.0)
    since = f", since {clock(begun)} ({ago(now - begun)})" if begun else ""
    hushed = ", silenced" if all(one.silenced or one.inhibited for one in alerts) else ""
    return f"{first.severity or 'no severity'}: {first.name}{about}{since}{hushed}"


def _subject(alert: Alert) -> str:
    name = next((alert.labels[key] for key in SUBJECTS if alert.labels.get(key)), "")
    space = alert.labels.get("namespace", "")
    return "/".join(part for part in (space, name) if part)


def _critical(alerts: Sequence[Alert]) -> str:
    number = sum(one.severity == "critical" for one in alerts)
    return f", {number} critical" if number else ""


def _pending(found: Alerts) -> str:
    return f" {count(found.pending, 'alert')} pending." if found.pending else ""
