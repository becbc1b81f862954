"""From what the tools said to what a colleague would say; pure functions."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from jamie_host.brain import alerts as alerting
from jamie_host.brain import cluster as clusters
from jamie_host.brain import logs
from jamie_host.brain.data import Alerts, LogErrors, Overview, PodList, read
from jamie_host.brain.plan import TITLES, Finding, Spoken

T = TypeVar("T")
Lines = Callable[[T], list[str]]


def cluster(findings: Sequence[Finding]) -> Spoken:
    """Answer how the cluster is doing: a section per source, then one closing sentence."""
    about, firing, failing = findings
    overview, alerts = read(about.data, Overview), read(firing.data, Alerts)
    errors = read(failing.data, LogErrors)
    well = overview is not None and clusters.is_well(overview)
    quiet = alerts is not None and alerting.is_quiet(alerts)
    clean = errors is not None and logs.is_clean(errors)
    sections = [
        _section(about, _lines(about, Overview, clusters.overview_lines)),
        _section(firing, _lines(firing, Alerts, alerting.alert_lines)),
        _section(failing, _lines(failing, LogErrors, logs.headlines)),
        _closing(overview, well=well, quiet=quiet and clean, asked=bool(alerts or errors)),
    ]
    return Spoken("\n\n".join(sections), calm=well and quiet and clean)


def alerts(findings: Sequence[Finding]) -> Spoken:
    """Answer which alerts fire."""
    found = read(findings[0].data, Alerts)
    lines = _lines(findings[0], Alerts, alerting.alert_lines)
    return Spoken(lines, calm=found is not None and alerting.is_quiet(found))


def errors(findings: Sequence[Finding]) -> Spoken:
    """Answer which errors the logs hold."""
    found = read(findings[0].data, LogErrors)
    lines = _lines(findings[0], LogErrors, logs.error_lines)
    return Spoken(lines, calm=found is not None and logs.is_clean(found))


def pods(findings: Sequence[Finding]) -> Spoken:
    """Answer how the pods are."""
    found = read(findings[0].data, PodList)
    lines = _lines(findings[0], PodList, clusters.pod_lines)
    return Spoken(lines, calm=found is not None and not found.sick and not found.gaps)


def usage(findings: Sequence[Finding]) -> Spoken:
    """Answer what CPU and memory are in use."""
    lines = _lines(findings[0], Overview, clusters.use_lines)
    return Spoken(lines, calm="tight" not in lines)


def plainly(findings: Sequence[Finding]) -> Spoken:
    """Pass on what the tools said, a heading per source when several spoke."""
    if len(findings) == 1:
        return Spoken(_body(findings[0]), calm=False)
    return Spoken("\n\n".join(_section(one, _body(one)) for one in findings), calm=False)


def done(findings: Sequence[Finding]) -> Spoken:
    """Pass on what became of an order; what was done and seen needs nobody."""
    text = _body(findings[0])
    return Spoken(text, calm=text.startswith("Done: "))


def _closing(overview: Overview | None, *, well: bool, quiet: bool, asked: bool) -> str:
    first = clusters.first_look(overview) if overview else ""
    if well and quiet:
        return "In short: all is well, nothing needs you."
    if first:
        return f"In short: not all is well; look first at {first}."
    if overview and not quiet and asked:
        return "In short: the cluster itself stands; look first at the alerts and errors above."
    return "In short: what could be checked is above; the rest is not known."


def _lines(finding: Finding, kind: type[T], lines: Lines[T]) -> str:
    """Write a finding from its data; the tool's own words when there is none."""
    found = read(finding.data, kind)
    return _body(finding) if finding.failed or found is None else "\n".join(lines(found))


def _section(finding: Finding, body: str) -> str:
    return f"{TITLES[finding.step.source]}\n{body}"


def _body(finding: Finding) -> str:
    return finding.failed or finding.text
