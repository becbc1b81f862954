"""Phrases that several answers share."""

from collections.abc import Iterable, Mapping, Sequence

from jamie_base.blocks import quoted
from jamie_base.text import clip, count, shorten
from jamie_base.when import Nanoseconds, age
from jamie_kubernetes.answers import Gap, PodGroup
from jamie_kubernetes.facts.ailments import Severity

GAPS_BYTES = 600
PARTS_NAMED = 14
_SECOND = 1_000_000_000


def ago(at_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    """Say how long ago: `12m ago`; nothing for an unknown instant."""
    return f"{_age(at_ns, now_ns)} ago" if at_ns else ""


def for_(since_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    """Say for how long: `for 12m`; nothing for an unknown instant."""
    return f"for {_age(since_ns, now_ns)}" if since_ns else ""


def states(counts: Mapping[str, int]) -> str:
    """Say how many are in each state, the most first."""
    shown = [f"{number:,} {state}" for state, number in list(counts.items())[:8]]
    rest = sum(list(counts.values())[8:])

    return ", ".join([*shown, *([f"{rest:,} in other states"] if rest else [])])


def _age(at_ns: Nanoseconds, now_ns: Nanoseconds) -> str:
    return age(round(max(now_ns - at_ns, 0) / _SECOND))


def gap_lines(gaps: Sequence[Gap]) -> list[str]:
    """Name what is missing from the answer, what is missing for the same reason together."""
    reasons: dict[str, list[str]] = {}
    for gap in dict.fromkeys(gaps):
        reasons.setdefault(gap.why, []).append(gap.part)
    lines = [f"Missing: {_listed(parts)}: {shorten(why, 300)}" for why, parts in reasons.items()]
    return [clip(lines, GAPS_BYTES)] if lines else []


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - PARTS_NAMED
    return ", ".join([*parts[:PARTS_NAMED], *([f"{more} more"] if more > 0 else [])])


def cause(group: PodGroup, now_ns: Nanoseconds) -> str:
    """Say what is wrong with a group of pods, and how often they restarted."""
    ended = group.severity in (Severity.CRASHING, Severity.FAILED)
    what = "" if group.cause == group.state else group.cause
    since = ago(group.since_ns, now_ns) if ended else for_(group.since_ns, now_ns)
    wrong = (", " if ended else " ").join(part for part in (what, since) if part)
    again = restarts(group) if group.restarts else ""
    if again and group.last and group.severity != Severity.CRASHING:
        again += f" (last {group.last.how} {ago(group.last.at_ns, now_ns)})".replace(" )", ")")

    return ", ".join(part for part in (wrong, again) if part)


def restarts(group: PodGroup) -> str:
    """Say how often they restarted; of several pods, the most."""
    most = "up to " if group.count > 1 else ""
    return f"{most}{count('restart', group.restarts)}"


def places(group: PodGroup) -> str:
    """Name the nodes, or count them."""
    if group.node_count <= 2:
        return ",".join(group.nodes)

    return count("node", group.node_count)


def block(source: str, lines: Iterable[str], budget: int, hint: str = "") -> list[str]:
    """Quote what the cluster's strangers wrote, within a budget; nothing when there is nothing."""
    said = [" ".join(line.split()) for line in lines]
    return [quoted(source, clip(said, budget, hint=hint))] if said else []
