"""Answers about errors in logs."""

from jamie_host.brain.data import ErrorKind, LogErrors, ServiceErrors
from jamie_host.brain.words import ago, clock, count, joined, percent, span

MOST_SERVICES = 8
NANO = 1e9


def error_lines(found: LogErrors) -> list[str]:
    """Say how many errors, by service with what kind each, since when, and where to look first."""
    if is_clean(found) or not found.lines:
        return [f"{_head(found)}.", *_notes(found)]
    rows = [f"  {_row(one)}" for one in found.services[:MOST_SERVICES]]
    rest = _rest(found, found.services[MOST_SERVICES:])
    return [f"{_head(found)}:", *rows, *rest, *_biggest(found), *_notes(found)]


def headlines(found: LogErrors) -> list[str]:
    """Say how many errors there are, and which kind is the biggest since when."""
    return [f"{_head(found)}.", *_biggest(found)[:1]]


def is_clean(found: LogErrors) -> bool:
    """Tell whether there is nothing to look at."""
    return bool(found.lines) and not found.total


def _head(found: LogErrors) -> str:
    window = f"the last {span(_seconds(found.end) - _seconds(found.start))}"
    looked = f"{count(found.lines, 'line')} of {count(found.services_seen, 'service')} looked at"
    if not found.lines:
        return f"There are no log lines at all in {window}: check that logs arrive in Loki"
    if not found.total:
        return f"No errors in the logs in {window} ({looked})"
    about = "about " if found.estimated else ""
    services = found.hidden_services + len(found.services)
    errors = count(found.total, "error")
    return f"{about}{errors} in {window}, in {count(services, 'service')} ({looked})"


def _row(one: ServiceErrors) -> str:
    kinds = [f"{kind.count:,} {_kind(kind)}" for kind in one.kinds]
    others = [f"{one.other_errors:,} other errors"] if one.other_errors else []
    return f"{_where(one)}: {joined([*kinds, *others])}"


def _kind(kind: ErrorKind) -> str:
    """Name a kind of error; a mere pattern has no name, so its level stands for it."""
    return kind.noun or (f"{kind.level} errors" if kind.level == "fatal" else "errors alike")


def _rest(found: LogErrors, unseen: tuple[ServiceErrors, ...]) -> list[str]:
    errors = found.hidden_errors + sum(one.count for one in unseen)
    services = found.hidden_services + len(unseen)
    if not services:
        return []
    return [f"  ({count(errors, 'error')} in {count(services, 'service')} more)"]


def _biggest(found: LogErrors) -> list[str]:
    kinds = [(kind, one) for one in found.services for kind in one.kinds]
    if not kinds:
        return []
    kind, one = max(kinds, key=lambda pair: pair[0].count)
    share = percent(kind.count, found.total)
    return [
        f"The biggest group, {_kind(kind)} in {_where(one)} ({share} of all), "
        f"{_begun(kind, found)}.",
        f"Look first at {_where(one)}.",
    ]


def _begun(kind: ErrorKind, found: LogErrors) -> str:
    begun = _seconds(kind.onset or kind.first)
    if not kind.onset:
        return f"has come evenly since {clock(begun)} or before"
    return f"began at {clock(begun)}, {ago(_seconds(found.end) - begun)}"


def _notes(found: LogErrors) -> list[str]:
    warnings = found.warnings.total
    besides = [f"{count(warnings, 'warning')} besides."] if warnings else []
    return [*besides, *found.notes]


def _where(one: ServiceErrors) -> str:
    return f"{one.namespace}/{one.service}" if one.namespace else one.service


def _seconds(nanoseconds: str) -> float:
    return int(nanoseconds or 0) / NANO
