"""The errors of a window: who wrote how much, the lines that may tell of errors, the warnings."""

import time
from functools import partial

from anyio import to_thread
from msgspec.structs import replace

from jamie_base import when
from jamie_base.errors import BackendError, Denied, InvalidArgument, TimedOut, Unreachable
from jamie_base.together import pair, together
from jamie_base.when import Window
from jamie_loki import logql, suspects
from jamie_loki.client import Loki
from jamie_loki.counting import count_by
from jamie_loki.data import LogErrors
from jamie_loki.diagnosis import why_empty
from jamie_loki.logql import Matcher
from jamie_loki.paging import whole_milliseconds
from jamie_loki.sampling import Place, Sample, drawn, merged
from jamie_loki.survey import layout_of, refuse_the_vast
from jamie_loki.tally import tally


async def errors(
    loki: Loki,
    *,
    selector: str,
    namespace: str,
    service: str,
    start: str,
    end: str,
    limit: int,
) -> LogErrors:
    """Find the errors of a window.

    Raises:
        InvalidArgument: The window cannot be used.
        BackendError: Loki refuses the selector, it is too much, or Loki does not answer.

    """
    now = time.time()
    window = whole_milliseconds(when.window(start, end, now=now))
    place = await _place(loki, window, selector, namespace, service)
    blank = _blank(place, now)
    if not place.layout.names:
        why = await why_empty(loki, '{service_name=~".+"}', window, place.limits, now=now)
        return replace(blank, empty=why)

    await refuse_the_vast(loki, place.limits, [place.selector], window)
    counts, streams = await pair(
        partial(_lines_by_service, loki, place), partial(loki.streams, place.selector, window)
    )
    if not sum(counts.values()):
        why = await why_empty(loki, place.selector, window, place.limits, now=now)
        return replace(blank, empty=why)

    looked = replace(
        blank, lines=sum(counts.values()), streams=len(streams), services_seen=len(counts)
    )
    sample, warnings = await pair(partial(_suspects, loki, place), partial(_warnings, loki, place))

    return await to_thread.run_sync(tally, looked, sample, warnings, place, limit)


def _blank(place: Place, now: float) -> LogErrors:
    return LogErrors(
        selector=place.selector,
        start=str(place.window.start_ns),
        end=str(place.window.end_ns),
        asked=str(when.nanoseconds(now)),
        total=0,
        estimated=False,
        lines=0,
        streams=0,
        services_seen=0,
    )


async def _place(loki: Loki, window: Window, selector: str, namespace: str, service: str) -> Place:
    names, limits = await pair(partial(loki.labels, window), loki.limits)
    layout = layout_of(names)
    wanted = {"namespace": (layout.namespace, namespace), "service": (layout.service, service)}
    conditions: list[Matcher] = []
    for argument, (label, value) in wanted.items():
        if value and not label:
            raise InvalidArgument(
                f"No label of this Loki names the {argument}; use selector with one of"
                f" {', '.join(names[:10]) or 'none (it holds no logs in this window)'}."
            )
        conditions += [Matcher(label, "=", value)] if value else []

    chosen = logql.joined(selector, conditions) if selector or conditions else layout.everything

    return Place(chosen, window, layout, limits)


async def _lines_by_service(loki: Loki, place: Place) -> dict[tuple[str, ...], int]:
    """Count all lines; without their services where these are too many for one query."""
    try:
        return await count_by(loki, place.selector, place.layout.by, place.window, place.limits)
    except (Unreachable, Denied, TimedOut):
        raise
    except BackendError:
        return await count_by(loki, place.selector, "", place.window, place.limits)


async def _suspects(loki: Loki, place: Place) -> Sample:
    return merged(await together(*(partial(drawn, loki, kind, place) for kind in suspects.KINDS)))


async def _warnings(loki: Loki, place: Place) -> Sample:
    return await drawn(loki, suspects.warned, place)
