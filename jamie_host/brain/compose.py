"""From what the tools said to what a colleague would say; pure functions."""

from collections.abc import Sequence

from jamie_host.brain.plan import TITLES, Finding, Spoken


def plainly(findings: Sequence[Finding]) -> Spoken:
    """Pass on what the tools said, a heading per source when several spoke."""
    several = len(findings) > 1
    parts = [_section(one) if several else _body(one) for one in findings]
    return Spoken("\n\n".join(parts), calm=False)


def cluster(findings: Sequence[Finding]) -> Spoken:
    return plainly(findings)


def alerts(findings: Sequence[Finding]) -> Spoken:
    return plainly(findings)


def errors(findings: Sequence[Finding]) -> Spoken:
    return plainly(findings)


def pods(findings: Sequence[Finding]) -> Spoken:
    return plainly(findings)


def usage(findings: Sequence[Finding]) -> Spoken:
    return plainly(findings)


def _section(finding: Finding) -> str:
    return f"{TITLES[finding.step.source]}\n{_body(finding)}"


def _body(finding: Finding) -> str:
    return finding.failed or finding.text
