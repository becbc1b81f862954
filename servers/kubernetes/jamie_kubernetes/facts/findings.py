"""Findings put together: one an owner, causes before their consequences, the worst first."""

from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from enum import IntEnum
from typing import Protocol, TypedDict, Unpack

from msgspec.structs import replace

from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_diagnose import Confidence, Finding
from jamie_kubernetes.client.objects import Condition, Meta

AFFECTED_KEPT = 12
ALIKE_TOLD = 3
ALSO_KEPT = 3
EVIDENCE_KEPT = 6
SAID_KEPT = 2

_SURENESS = {"certain": 0, "likely": 1, "possible": 2}


class Harm(IntEnum):
    """How bad a finding is, worst first."""

    DOWN = 0
    """Nothing of it works."""

    BROKEN = 1
    """Part of it fails, or a change of it is stuck."""

    DEGRADED = 2
    """It works, but not as it should."""

    RISK = 3
    """It works and will hurt: at the next drain, renewal or start."""


class Owner(Protocol):
    """An object that may have a finding."""

    @property
    def metadata(self) -> Meta:
        """Return its metadata."""
        ...


class More(TypedDict, total=False):
    """What a finding may tell besides its summary, as in Finding."""

    confidence: Confidence
    evidence: tuple[str, ...]
    said: tuple[str, ...]
    since_ns: Nanoseconds
    count: int
    follows: tuple[str, ...]
    affects: tuple[str, ...]
    leads: bool


class Told(TypedDict):
    """What a condition tells for a finding."""

    said: tuple[str, ...]
    since_ns: Nanoseconds


def told_by(condition: Condition | None) -> Told:
    """Return the words of a condition, and since when it is so."""
    if condition is None:
        return {"said": (), "since_ns": 0}

    said = (condition.message,) if condition.message else ()
    return {"said": said, "since_ns": instant(condition.last_transition_time)}


def finding_about(
    kind: str,
    one: Owner,
    cause: str,
    harm: Harm,
    summary: str,
    next_: str,
    **more: Unpack[More],
) -> Finding:
    """Return a finding about an object, whose kind is given in short: `svc`."""
    about = one.metadata
    return Finding(
        cause=cause,
        namespace=about.namespace,
        owner=f"{kind}/{about.name}",
        severity=harm,
        summary=summary,
        next=next_,
        **more,
    )


Rank = tuple[int, bool, int, int, str, str, str]


def rank(one: Finding) -> Rank:
    """Order findings: the worst first, then the surest, then what hurts most; unique for each.

    Of many alike the first few come before what else is as bad, and the rest after it.
    """
    return (
        one.severity,
        one.brief,
        _SURENESS[one.confidence],
        -one.count - max(one.affected, len(one.affects)),
        one.namespace,
        one.owner,
        one.cause,
    )


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """Return one finding for each owner, those that only follow from others told by these."""
    by_owner: dict[str, list[Finding]] = defaultdict(list)
    for one in sorted(findings, key=rank):
        by_owner[one.key].append(one)

    firsts = {key: _first(several, by_owner) for key, several in by_owner.items()}
    told: dict[str, list[Finding]] = {key: [] for key in by_owner}
    own: dict[str, list[Finding]] = {}
    for key, several in by_owner.items():
        roots = [(_root(one, firsts), one) for one in (firsts[key], *several)]
        elsewhere = {root: one for root, one in reversed(roots) if root not in ("", key)}
        for root, one in elsewhere.items():
            told[root].append(one)
        own[key] = [one for root, one in roots[1:] if root in ("", key)]

    found = [
        _with(firsts[key], own[key], followers)
        for key, followers in told.items()
        if not _root(firsts[key], firsts)
    ]
    return sorted(found, key=rank)


def condensed(findings: Sequence[Finding]) -> list[Finding]:
    """Mark as brief what repeats a cause that a few findings as bad tell in full already."""
    seen: Counter[tuple[int, str]] = Counter()
    found: list[Finding] = []
    for one in sorted(findings, key=rank):
        seen[one.severity, one.cause] += 1
        found.append(replace(one, brief=seen[one.severity, one.cause] > ALIKE_TOLD))

    return found


def trimmed(one: Finding) -> Finding:
    """Leave out whom a finding affects beyond the first few; `affected` still counts them."""
    return replace(one, affects=one.affects[:AFFECTED_KEPT], affected=len(one.affects))


def _first(several: Sequence[Finding], known: Container[str]) -> Finding:
    """Return the cause among an owner's findings: the worst that is not explained by another.

    Of those as bad, one that stands by itself comes before one that a known owner explains.
    """

    def explained(one: Finding) -> bool:
        return any(key in known for key in one.follows)

    causes = [one for one in several if one.key not in one.follows]
    causes.sort(key=lambda one: (not one.leads, one.severity, explained(one)))
    chosen = next(iter(causes), several[0])
    worst = min(one.severity for one in several)

    return replace(chosen, severity=worst)


def _root(one: Finding, firsts: dict[str, Finding]) -> str:
    """Follow a finding to what explains it, as far as that goes; empty: nothing does."""
    seen = [one.key]
    while above := next((key for key in _explaining(one, firsts) if key not in seen), ""):
        seen.append(above)
        one = firsts[above]

    # Of those that follow from each other in a circle, one has to be told.
    circle = any(key in seen[:-1] for key in _explaining(one, firsts))
    root = min(seen) if circle else seen[-1]
    return root if root != seen[0] else ""


def _explaining(one: Finding, firsts: dict[str, Finding]) -> list[str]:
    """Return what may explain a finding: a risk explains no trouble, only another risk."""
    return [
        key
        for key in one.follows
        if key in firsts and (firsts[key].severity < Harm.RISK or one.severity == Harm.RISK)
    ]


def _with(first: Finding, several: Sequence[Finding], followers: Sequence[Finding]) -> Finding:
    """Add to a cause what follows from it, and what else its owner has."""
    others = [one for one in several if one.cause != first.cause and one.key not in one.follows]
    general = [one for one in several if one.cause != first.cause and one.key in one.follows]
    # What a general cause knows of its owner is worth telling with the special one, and what the
    # next one knows with one that only leads.
    more = [*general, *(others[:1] if first.leads else [])]
    evidence = [*first.evidence, *(line for one in more for line in one.evidence)]
    said = _said([first, *(others[:1] if first.leads else [])]) or _said(general[:1])
    hit = [*first.affects, *(one.key for one in followers)]
    hit += [key for one in followers for key in one.affects]
    affects = [key for key in dict.fromkeys(hit) if key != first.key]
    return replace(
        first,
        severity=min([first.severity, *(one.severity for one in followers)]),
        count=max([first.count, *(one.count for one in several)]),
        since_ns=first.since_ns
        or min((one.since_ns for one in several if one.since_ns), default=0),
        evidence=tuple(dict.fromkeys(evidence))[:EVIDENCE_KEPT],
        affects=tuple(affects),
        said=said or _said(followers),
        also=tuple(dict.fromkeys(one.summary for one in others))[:ALSO_KEPT],
    )


def _said(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in findings for text in one.said))[:SAID_KEPT]
