"""Errors by service and kind: how many, since when, and what they look like."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jamie_signals.logs.categories import Category, category_of
from jamie_signals.logs.fields import Parsed, parse
from jamie_signals.logs.levels import Level, level_of
from jamie_signals.logs.mining import Miner, Pattern
from jamie_signals.logs.onsets import MINUTE_NANOS, Onset, onset
from jamie_signals.logs.stacks import Stack, fold, stack_in

_STACK_FIELDS = ("stack", "stacktrace", "stack_trace", "exception.stacktrace", "exc_info",
                 "error.stack", "err.stack", "traceback", "exception")  # fmt: skip


class Entry(msgspec.Struct, frozen=True):
    """A log line: when (nanoseconds), from which service, with which labels."""

    at: int
    service: str
    line: str
    labels: dict[str, str] = {}


class Trouble(msgspec.Struct, frozen=True):
    """An entry that tells of trouble, with its trace folded in, and what was read in it."""

    entry: Entry
    message: str
    level: Level
    category: Category | None
    stack: Stack | None


class ErrorGroup(msgspec.Struct, frozen=True):
    """One service's errors of one kind: a category, or else one pattern.

    `kind` is the category's heading or the pattern's template. Times are nanoseconds.
    """

    service: str
    kind: str
    category: Category | None
    template: str
    count: int
    first: int
    last: int
    example: str
    level: Level
    stack: Stack | None
    onset: Onset | None


def group_errors(
    entries: Iterable[Entry],
    *,
    start: int | None = None,
    end: int | None = None,
    bucket: int = MINUTE_NANOS,
    warnings: bool = False,
) -> list[ErrorGroup]:
    """Group the errors among entries by service and kind, the biggest first.

    Entries may come in any order and from many streams; traces are folded stream by stream.
    `start` and `end` are the window that was searched, for the onsets. Warnings count only when
    asked for.
    """
    found = troubles(entries, warnings=warnings)
    miner = Miner()
    shapes = [miner.add(one.message, at=one.entry.at, level=one.level) for one in found]
    held: dict[tuple[str, str], list[tuple[Trouble, Pattern]]] = defaultdict(list)
    for one, shape in zip(found, shapes, strict=True):
        pattern = miner.pattern_of(shape)
        kind = one.category.label if one.category else pattern.template
        held[one.entry.service, kind].append((one, pattern))

    groups = [
        _group(kind, members, start=start, end=end, bucket=bucket)
        for (_, kind), members in held.items()
    ]
    return sorted(groups, key=lambda one: (-one.count, -one.level.severity, one.service, one.kind))


def troubles(entries: Iterable[Entry], *, warnings: bool = False) -> list[Trouble]:
    """Keep the entries that tell of an error, oldest first, with their traces folded.

    A line whose level nobody states is an error when it holds a trace or tells of known trouble.
    """
    least = Level.WARN if warnings else Level.ERROR
    read = [_trouble(entry, stack) for entry, stack in _folded(entries)]
    kept = [one for one in read if _is_error(one, least)]
    return sorted(kept, key=lambda one: (one.entry.at, one.entry.service, one.entry.line))


def _folded(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Stack | None]]:
    streams: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        streams[entry.service, tuple(sorted(entry.labels.items()))].append(entry)

    for stream in streams.values():
        ordered = sorted(stream, key=lambda entry: entry.at)
        for one in fold([entry.line for entry in ordered]):
            head = ordered[one.start]
            yield msgspec.structs.replace(head, line=one.text), one.stack


def _trouble(entry: Entry, stack: Stack | None) -> Trouble:
    first, _, _ = entry.line.partition("\n")
    parsed = parse(first)
    level = level_of(first, entry.labels, parsed)
    folded = stack or _stack_field(parsed)
    if folded and level is Level.UNKNOWN:
        level = Level.ERROR

    said = f"{parsed.message} | {folded.root}" if folded else parsed.message
    category = category_of(said, parsed.fields, level)
    message = folded.root if folded and _is_bare(parsed) else parsed.message
    return Trouble(entry, message, level, category, folded)


def _is_bare(parsed: Parsed) -> bool:
    return parsed.message.startswith("Traceback (most recent")


def _stack_field(parsed: Parsed) -> Stack | None:
    stacks = (stack_in(parsed.fields[key]) for key in _STACK_FIELDS if key in parsed.fields)
    return next((one for one in stacks if one), None)


def _is_error(one: Trouble, least: Level) -> bool:
    if one.level is Level.UNKNOWN:
        return bool(one.category or one.stack)

    return one.level.severity >= least.severity


def _group(
    kind: str,
    members: Sequence[tuple[Trouble, Pattern]],
    *,
    start: int | None,
    end: int | None,
    bucket: int,
) -> ErrorGroup:
    """Describe one group by its commonest pattern and that pattern's newest line."""
    common = _commonest([pattern for _, pattern in members])
    example = next(one for one, pattern in reversed(members) if pattern.id == common.id)
    times = [one.entry.at for one, _ in members]
    return ErrorGroup(
        service=example.entry.service,
        kind=kind,
        category=example.category,
        template=common.template,
        count=len(members),
        first=times[0],
        last=times[-1],
        example=example.entry.line,
        level=max((one.level for one, _ in members), key=lambda level: level.severity),
        stack=next((one.stack for one, _ in reversed(members) if one.stack), None),
        onset=onset(times, start=start, end=end, bucket=bucket),
    )


def _commonest(patterns: Sequence[Pattern]) -> Pattern:
    counts: dict[int, int] = defaultdict(int)
    for pattern in patterns:
        counts[pattern.id] += 1

    return max(patterns, key=lambda pattern: (counts[pattern.id], -pattern.id))
