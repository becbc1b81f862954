"""A diagnosis as text: findings, worst first, each with its evidence and the next step."""

from collections.abc import Sequence

from jamie_base.text import count, join_words, phrase, shorten
from jamie_base.when import Nanoseconds, clock
from jamie_kubernetes.answers_diagnose import Diagnosis, Finding
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.render.words import block, for_, gap_lines

ROWS_BYTES = 3_900
SAID_BYTES = 1_100
SUMMARY_CHARACTERS = 360
BRIEF_CHARACTERS = 100
LINE_CHARACTERS = 240
SAID_CHARACTERS = 260
AFFECTED_SHOWN = 6
CAUSES_SHOWN = 8
UNLOOKED_SHOWN = 5
CHANGED = "(the findings changed since the page before; this one goes on after its last one)"

_WORDS = {Harm.DOWN: "down", Harm.BROKEN: "broken", Harm.DEGRADED: "degraded", Harm.RISK: "at risk"}


def diagnosis(data: Diagnosis) -> str:
    """Show what is wrong and what to do."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += [f"On purpose: {data.intended}."] if data.intended else []
    for number, one in enumerate(data.findings, data.before + 1):
        lines += _finding(number, one, data.now_ns)

    said = [
        f"{number}: {shorten(text, SAID_CHARACTERS)}"
        for number, one in enumerate(data.findings, data.before + 1)
        if not one.brief
        for text in one.said
    ]
    lines += block("events, pod statuses and logs", said, SAID_BYTES)
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def weight(one: Finding) -> str:
    """Return a finding's lines as they count against the budget."""
    return "\n".join(_finding(99, one, one.since_ns))


def _head(data: Diagnosis) -> str:
    at = clock(data.now_ns, data.now_ns / 1_000_000_000).partition(",")[0]
    looked = join_words([count(kind, number) for kind, number in data.checked.items()])
    checked = f" ({looked} checked)" if looked else ""
    if not data.total and not data.checked and any(gap.part == "pods" for gap in data.gaps):
        return f"Not known whether anything is wrong: {data.scope} at {at}."
    if not data.total:
        sure = "Nothing wrong found in what could be checked" if data.gaps else "Healthy"
        return f"{sure}: {data.scope} at {at}{checked}."

    levels = ", ".join(
        f"{number} {_WORDS[Harm(level)]}" for level, number in data.severities.items()
    )
    return f"{count('finding', data.total)} in {data.scope} at {at}: {levels}{checked}."


def _finding(number: int, one: Finding, now_ns: Nanoseconds) -> list[str]:
    sure = "" if one.confidence == "certain" else f", {one.confidence}"
    since = f" {for_(one.since_ns, now_ns)}" if one.since_ns else ""
    head = f"{number}. {_WORDS[Harm(one.severity)].upper()} {one.key}: "
    wide = BRIEF_CHARACTERS if one.brief else SUMMARY_CHARACTERS
    first = f"{head}{phrase(one.summary, wide)}{since} ({one.cause}{sure})"
    if one.brief:
        return [first]

    return [
        first,
        *(f"   {phrase(line, LINE_CHARACTERS)}" for line in one.evidence),
        *(f"   also: {phrase(line, LINE_CHARACTERS)}" for line in one.also),
        *_affected(one),
        *([f"   next: {phrase(one.next, LINE_CHARACTERS)}"] if one.next else []),
    ]


def _affected(one: Finding) -> list[str]:
    shown = one.affects[:AFFECTED_SHOWN]
    more = max(one.affected, len(one.affects)) - len(shown)
    rest = f" and {more} more" if more > 0 else ""

    return [f"   hits: {', '.join(shown)}{rest}"] if shown else []


def _foot(data: Diagnosis) -> list[str]:
    return [*_unlooked(data.unlooked), *_later(data)]


def _unlooked(names: Sequence[str]) -> list[str]:
    if not names:
        return []

    more = len(names) - UNLOOKED_SHOWN
    rest = f" and {more} more kinds" if more > 0 else ""
    shown = ", ".join(names[:UNLOOKED_SHOWN])
    return [f"(Without permission to list them, not looked at: {shown}{rest})"]


def _later(data: Diagnosis) -> list[str]:
    if not data.later:
        return []

    shown = list(data.causes.items())[:CAUSES_SHOWN]
    rest = sum(list(data.causes.values())[CAUSES_SHOWN:])
    kinds = ", ".join(
        [*(f"{number} {cause}" for cause, number in shown), *([f"{rest} others"] if rest else [])]
    )
    return [f"({count('more finding', data.later)}: {kinds}; go on with cursor={data.cursor})"]
