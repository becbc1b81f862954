"""Whether a Loki answers, what it is, and what is missing for which tool."""

from functools import partial

from jamie_base.errors import BackendError, Denied, Unreachable
from jamie_base.status import Gap, SourceStatus
from jamie_base.together import pair
from jamie_loki.client import Limits, Loki

_NO_VOLUME = "the volume endpoint is off (limits_config.volume_enabled)"


async def probe(loki: Loki) -> SourceStatus:
    """Tell the state of one Loki; never raises for one that is down."""
    try:
        version, (limits, unready) = await pair(
            loki.version, partial(pair, loki.limits, loki.ready)
        )
    except BackendError as exc:
        return _down(loki, exc)

    return SourceStatus(
        name=loki.name,
        kind=loki.kind,
        url=loki.url,
        reachable=True,
        version=version,
        identity=f"tenant {loki.tenant}" if loki.tenant else "",
        error=unready,
        fix="Wait a quarter of a minute after its start, then look at its log." if unready else "",
        missing=tuple(_gaps(limits)),
    )


def _down(loki: Loki, error: BackendError) -> SourceStatus:
    return SourceStatus(
        name=loki.name,
        kind=loki.kind,
        url=loki.url,
        reachable=False,
        error=str(error),
        fix=_fix(error),
    )


def _fix(error: BackendError) -> str:
    match error:
        case Denied():
            return "Set the token (--token-file) or the tenant (--tenant) this Loki asks for."
        case Unreachable():
            return "Start Loki, or set --url (JAMIE_LOKI_URL) to where it listens."
        case _:
            return "Set --url and --api-path to Loki's API; a gateway may serve it elsewhere."


def _gaps(limits: Limits) -> list[Gap]:
    if limits.volume:
        return []

    return [
        Gap("loki_labels", f"{_NO_VOLUME}: values come without their volume, by name"),
        Gap("loki_query", f"{_NO_VOLUME}: a vast question is not refused beforehand"),
        Gap("loki_errors", f"{_NO_VOLUME}: a vast question is not refused beforehand"),
    ]
