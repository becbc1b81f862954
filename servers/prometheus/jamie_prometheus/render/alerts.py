"""Alerts as text: the worst first, each kind once, strangers' words in a block."""

from collections.abc import Collection, Sequence
from itertools import groupby

from jamie_base.answer import ANSWER_BYTES
from jamie_base.blocks import quoted
from jamie_base.text import columns, count, join_words, shorten, size
from jamie_base.when import age, span
from jamie_prometheus import rows
from jamie_prometheus.alerting import is_suppressed, kind_of, kind_text
from jamie_prometheus.answers import Alert, AlertsAnswer, Silenced
from jamie_prometheus.render.figures import figure_text, moment_text
from jamie_prometheus.render.labels import labels_text

ROOM_BYTES = ANSWER_BYTES - 700
"""What the kinds of alerts may take; the head and the closing lines take the rest."""

MOST_INSTANCES = 6
MOST_PROBLEMS = 3
EXPR_CELLS = 200
ERROR_CELLS = 180
ANNOTATION_CELLS = 300
ALSO_CELLS = 400
NAMED = ("alertname", "severity")


def alerts_answer(answer: AlertsAnswer) -> str:
    """Show the alerts, a block a kind; kinds that do not fit are still named."""
    kinds = [tuple(same) for _, same in groupby(answer.alerts, key=kind_of)]
    blocks = ["\n".join(_kind(same, answer.now)) for same in kinds]
    kept = _fitting([*_problems(answer)], blocks)

    return "\n".join(
        [_head(answer), *_problems(answer), *blocks[:kept], *_left_out(answer, kinds[kept:])]
    )


def _fitting(before: Sequence[str], blocks: Sequence[str]) -> int:
    room = ROOM_BYTES - sum(size(line) + 1 for line in before)
    for kept, block in enumerate(blocks):
        room -= size(block) + 1
        if room < 0 and kept:
            return kept

    return len(blocks)


def _head(answer: AlertsAnswer) -> str:
    checked = _checked(answer)
    which = f" matching {{{answer.match.strip('{}')}}}" if answer.match else ""
    total = answer.firing + answer.pending
    if not total:
        return f"No alerts firing or pending{which}: {checked}."

    asked = "" if answer.state == "all" else f" ({answer.state} ones asked for)"

    return f"{answer.firing} firing, {answer.pending} pending{which}{asked}; {checked}."


def _checked(answer: AlertsAnswer) -> str:
    if not answer.rules:
        return "no alerting rules are listed here" + ("" if answer.gaps else ", so none can fire")

    last = answer.now - answer.evaluated_at
    when = f", last {age(max(last, 0))} ago" if answer.evaluated_at else ""
    groups = count("group", answer.groups)

    return f"{count('alerting rule', answer.rules)} in {groups} checked{when}"


def _problems(answer: AlertsAnswer) -> list[str]:
    broken = [
        f"! rule {one.name} (group {one.group}) cannot be evaluated, so it cannot fire:"
        f" {shorten(' '.join(one.error.split()), ERROR_CELLS)}"
        for one in answer.broken
    ]
    late = [f"! {note}" for note in answer.notes]
    gaps = [f"! {gap}" for gap in answer.gaps]

    return [*_some(broken), *_some(late), *gaps]


def _some(lines: list[str]) -> list[str]:
    hidden = len(lines) - MOST_PROBLEMS

    return lines if hidden <= 0 else [*lines[:MOST_PROBLEMS], f"! and {hidden} more like these"]


def _kind(same: Sequence[Alert], now: float) -> list[str]:
    first = same[0]
    shown = min(len(same), MOST_INSTANCES)
    shared = rows.common([one.labels for one in same])
    named = {*shared, *NAMED, *rows.needless([one.labels for one in same])}
    told = labels_text(shared, NAMED)

    return [
        _title(same, now) + (f"; all {told}" if told else ""),
        *(f"  {line}" for line in columns(_instance(one, named) for one in same[:MOST_INSTANCES])),
        *([f"  and {first.alike - shown} more"] if first.alike > shown else []),
        *_rule(first),
        *_annotations(same),
    ]


def _title(same: Sequence[Alert], now: float) -> str:
    first = same[0]
    severity = f"{first.severity.upper()} " if first.severity else ""
    times = f" x{first.alike}" if first.alike > 1 else ""

    return f"{severity}{first.name} {first.state}{times}{_since(same, now)}{_handling(first, now)}"


def _since(same: Sequence[Alert], now: float) -> str:
    known = [one.since for one in same if one.since]
    if not known:
        return ""

    oldest, newest = min(known), max(known)
    latest = f", the latest {age(now - newest)} ago" if newest - oldest >= 60 else ""

    return f" since {moment_text(oldest, now)}{latest}"


def _handling(alert: Alert, now: float) -> str:
    silenced = f", silenced{_silence(alert.silenced, now)}" if alert.silenced else ""
    inhibited = ", inhibited by another alert" if alert.inhibited else ""
    told = f", goes to {join_words(alert.receivers)}" if alert.receivers else ""

    return f"{silenced}{inhibited}{'' if is_suppressed(alert) else told}"


def _silence(silences: Sequence[Silenced], now: float) -> str:
    until = max(one.until for one in silences)
    by = join_words(dict.fromkeys(shorten(one.by, 40) for one in silences if one.by))

    return f"{f' until {moment_text(until, now)}' if until else ''}{f' by {by}' if by else ''}"


def _instance(alert: Alert, named: Collection[str]) -> list[str]:
    value = "" if alert.value == "NaN" else figure_text(alert.value, alert.unit)

    return [value or "-", labels_text(alert.labels, named) or "(no further labels)"]


def _rule(alert: Alert) -> list[str]:
    if not alert.expr:
        return []

    hold = f" for {span(alert.hold)}" if alert.hold else ""

    return [f"  rule: {shorten(' '.join(alert.expr.split()), EXPR_CELLS)}{hold}"]


def _annotations(same: Sequence[Alert]) -> list[str]:
    first = same[0]
    silences = [f"silenced because: {one.why}" for one in first.silenced if one.why]
    runbook = [f"runbook: {first.runbook}"] if first.runbook else []
    lines = [first.summary, first.description, *silences, *runbook]
    said = [shorten(" ".join(line.split()), ANNOTATION_CELLS) for line in lines if line.strip()]

    return [quoted(f"alert {first.name}", "\n".join(said))] if said else []


def _left_out(answer: AlertsAnswer, kinds: Sequence[Sequence[Alert]]) -> list[str]:
    named = [*(kind_text(same[0]) for same in kinds), *answer.others]
    also = [shorten(f"Also active: {join_words(named)}.", ALSO_CELLS)] if named else []
    if not answer.hidden:
        return also

    hidden = count("more alert", answer.hidden)

    return [*also, f"({hidden} not shown; raise limit, or narrow with match)"]
