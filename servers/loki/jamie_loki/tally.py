"""From lines read to errors by service and kind; where only a part was read, scaled and said so."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from jamie_base.when import SECOND, Window
from jamie_loki.data import ErrorKind, Instant, LogErrors, ServiceErrors, WarningKind, Warnings
from jamie_loki.entries import folds, trace_of
from jamie_loki.replies import Line
from jamie_loki.sampling import Place, Sample, Who
from jamie_signals.logs import Entry, ErrorGroup, Onset, group_errors, onset_of_counts

MOST_KINDS = 8
MOST_WARNING_KINDS = 5
EXAMPLE_CHARACTERS = 500
BUCKETS = 60
MAIN_SHARE = 0.5
"""From this share of a sampled service's errors on, a kind's onset is that of all its errors."""


def tally(
    looked: LogErrors,
    sample: Sample,
    warnings: Sample,
    place: Place,
    limit: int,
) -> LogErrors:
    """Sort what was read into services and kinds, and scale where only a part was read."""
    groups = _groups(sample.lines, place)
    weights = _weights(sample, place)
    by_service: dict[Who, list[ErrorGroup]] = defaultdict(list)
    for group in groups:
        by_service[_who(group)].append(group)

    services = [
        _service(who, held, sample, weights[who], looked) for who, held in by_service.items()
    ]
    services += [
        _uncounted(who, number, sample, looked)
        for who, number in sample.counted.items()
        if sample.is_part and who not in weights and any(who)
    ]
    services.sort(key=lambda one: (-one.count, one.namespace, one.service))
    hidden = services[limit:]

    return replace(
        looked,
        total=sum(one.count for one in services),
        estimated=sample.is_part,
        services=tuple(services[:limit]),
        hidden_services=len(hidden),
        hidden_errors=sum(one.count for one in hidden),
        warnings=_told_warnings(warnings, place),
    )


def _groups(lines: Iterable[Line], place: Place, *, warnings: bool = False) -> Sequence[ErrorGroup]:
    """Fold traces stream by stream, whatever came with each of their lines, and group them."""
    streams: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        streams[line.origin].append(line)

    entries = [
        Entry(
            at=ordered[one.start].at,
            service="\0".join(place.layout.who(ordered[one.start].labels)),
            line=one.text,
            # A stream each, or entries folded already would be folded once more.
            labels={**ordered[one.start].labels, "": f"{ordered[one.start].key}"},
        )
        for ordered in (sorted(held, key=lambda line: line.key) for held in streams.values())
        for one in folds([line.text for line in ordered])
    ]
    window = place.window

    return group_errors(
        entries,
        start=window.start_ns,
        end=window.end_ns,
        bucket=_bucket_ns(window),
        warnings=warnings,
    )


def _weights(sample: Sample, place: Place) -> dict[Who, float]:
    """Return how many lines each line read stands for, by service."""
    read_lines = Counter(place.layout.who(line.labels) for line in sample.lines)
    if any(who not in sample.counted for who in read_lines):
        whole = sum(sample.counted.values()) / max(len(sample.lines), 1)
        return dict.fromkeys(read_lines, whole)

    return {who: max(sample.counted[who] / number, 1.0) for who, number in read_lines.items()}


def _service(
    who: Who, groups: Sequence[ErrorGroup], sample: Sample, weight: float, looked: LogErrors
) -> ServiceErrors:
    counts = [round(group.count * weight) for group in groups]
    total = sum(counts)
    timeline = sample.timeline.get(who, [])
    window = Window(int(looked.start), int(looked.end))
    kinds = [
        _kind(
            group,
            number,
            estimated=weight > 1,
            timeline=timeline,
            main=number >= MAIN_SHARE * total,
            window=window,
        )
        for group, number in zip(groups, counts, strict=True)
    ]
    first = min(int(kind.first) for kind in kinds)

    return ServiceErrors(
        namespace=who[0],
        service=who[1],
        count=total,
        estimated=weight > 1,
        first=str(max(min(first, _first(timeline, first)), int(looked.start))),
        last=max((kind.last for kind in kinds), key=int),
        kinds=tuple(kinds[:MOST_KINDS]),
        other_errors=sum(counts[MOST_KINDS:]),
    )


def _uncounted(who: Who, number: int, sample: Sample, looked: LogErrors) -> ServiceErrors:
    """Tell of a service none of whose lines was drawn."""
    points = [at for at, lines in sample.timeline.get(who, []) if lines]
    first, last = (points[0], points[-1]) if points else (int(looked.start), int(looked.end))

    return ServiceErrors(
        namespace=who[0],
        service=who[1],
        count=number,
        estimated=True,
        first=str(max(first, int(looked.start))),
        last=str(last),
        other_errors=number,
    )


def _kind(
    group: ErrorGroup,
    number: int,
    *,
    estimated: bool,
    timeline: Sequence[tuple[int, float]],
    main: bool,
    window: Window,
) -> ErrorKind:
    burst = _burst(group, timeline, main=main)
    category = group.category
    first = _first(timeline, group.first) if main else group.first

    return ErrorKind(
        kind=category.key if category else "",
        label=group.kind[:EXAMPLE_CHARACTERS],
        noun=(category.singular if number == 1 else category.plural) if category else "",
        count=number,
        estimated=estimated,
        level=str(group.level),
        first=str(min(first, group.first)),
        last=str(group.last),
        example=group.example[:EXAMPLE_CHARACTERS],
        onset=_began(burst, group.first, window),
        trace=trace_of(group.stack),
    )


def _told_warnings(sample: Sample, place: Place) -> Warnings:
    weights = _weights(sample, place)
    groups = [group for group in _groups(sample.lines, place, warnings=True) if group.category]
    known = [_warning(group, sample, weights[_who(group)], place) for group in groups]
    known.sort(key=lambda one: -one.count)

    return Warnings(sum(sample.counted.values()), tuple(known[:MOST_WARNING_KINDS]))


def _warning(group: ErrorGroup, sample: Sample, weight: float, place: Place) -> WarningKind:
    (namespace, service), category = _who(group), group.category
    number = round(group.count * weight)
    main = number >= MAIN_SHARE * sample.counted.get((namespace, service), 0)
    burst = _burst(group, sample.timeline.get((namespace, service), []), main=main)

    return WarningKind(
        namespace=namespace,
        service=service,
        kind=category.key if category else "",
        label=group.kind,
        noun=category.counted(number).partition(" ")[2] if category else "",
        count=number,
        estimated=weight > 1,
        onset=_began(burst, group.first, place.window),
    )


def _burst(group: ErrorGroup, timeline: Sequence[tuple[int, float]], *, main: bool) -> Onset | None:
    """Find the burst of a kind: of a sampled service only what Loki counted tells it.

    The lines drawn lie where the reading stopped, so they tell no time; the counts are complete,
    and those of the service are near enough to those of its main kind.
    """
    if not timeline:
        return group.onset

    return onset_of_counts(timeline) if main else None


def _began(burst: Onset | None, first: int, window: Window) -> Instant:
    """Say when a burst began: at the very first line, where that came just before the burst.

    What is there when the window begins may be older: that has no beginning we know.
    """
    bucket_ns = _bucket_ns(window)
    if burst is None or burst.at < window.start_ns + bucket_ns:
        return ""

    return str(first if 0 <= burst.at - first <= bucket_ns else burst.at)


def _bucket_ns(window: Window) -> int:
    return max(math.ceil(window.seconds / BUCKETS), 1) * SECOND


def _first(timeline: Sequence[tuple[int, float]], otherwise: int) -> int:
    return next((at for at, number in timeline if number), otherwise)


def _who(group: ErrorGroup) -> Who:
    namespace, _, service = group.service.partition("\0")

    return namespace, service
