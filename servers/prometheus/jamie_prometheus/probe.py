"""The state of one Prometheus, for the resource `jamie://status`."""

import msgspec

from jamie_base.errors import BackendError, Denied, InvalidArgument
from jamie_base.status import Gap, SourceStatus
from jamie_prometheus.client import Prometheus

FIXES = (
    (
        Denied,
        "Set JAMIE_PROMETHEUS_TOKEN, or USERNAME and PASSWORD, to a credential that may read.",
    ),
    (
        BackendError,
        "Start Prometheus there, or set JAMIE_PROMETHEUS_URL (and JAMIE_PROMETHEUS_API_PATH)"
        " to where it is.",
    ),
)


async def probe(prometheus: Prometheus) -> SourceStatus:
    """Tell whether a Prometheus answers, what it is, and what is missing beside it."""
    status = SourceStatus(
        name=prometheus.name, kind=prometheus.kind, url=prometheus.url, reachable=False
    )
    try:
        build = await prometheus.build()
    except (BackendError, InvalidArgument) as exc:
        fix = next((words for kind, words in FIXES if isinstance(exc, kind)), "")
        return msgspec.structs.replace(status, error=str(exc), fix=fix)

    return msgspec.structs.replace(
        status,
        reachable=True,
        version=" ".join(filter(None, [build.application, build.version])),
        missing=await _missing(prometheus),
    )


async def _missing(prometheus: Prometheus) -> tuple[Gap, ...]:
    if prometheus.alertmanager is None:
        why = "no Alertmanager is set (JAMIE_PROMETHEUS_ALERTMANAGER_URL): silences are unknown"
        return (Gap("prom_alerts", why),)

    try:
        await prometheus.alertmanager.delivery()
    except BackendError as exc:
        return (Gap("prom_alerts", str(exc)),)

    return ()
