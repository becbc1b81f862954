"""Pods whose containers do not run as they should."""

from jamie_base.text import count
from jamie_base.together import pair
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.event_index import EventIndex
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.survey import SickGroup
from jamie_kubernetes.tools.diagnosing.round import Report, Round


async def examine(round_: Round, report: Report) -> None:
    """Report the sick pods by owner."""
    survey, events = await pair(round_.pods, round_.events)
    for sick in survey.sick() if survey else ():
        if sick.group.severity != Severity.PENDING:
            report(_told(sick, events))


def _told(sick: SickGroup, events: EventIndex | None) -> Finding:
    group = sick.group
    happened = events.of_owner(group.namespace, group.owner) if events else []
    return Finding(
        cause="pods-sick",
        namespace=group.namespace,
        owner=group.owner,
        severity=Harm.BROKEN,
        summary=f"{count('pod', group.count)} {group.state}: {group.cause}",
        evidence=tuple(f"event {one.reason} x{one.count}" for one in happened[:2]),
        said=(group.message,) if group.message else (),
        next=f"k8s_logs name={group.owner} namespace={group.namespace}",
        since_ns=group.since_ns,
        count=group.count,
        pods=group.names,
    )
