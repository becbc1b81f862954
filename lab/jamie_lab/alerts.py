"""Tell Alertmanager how old its alerts are.

Prometheus keeps the age of an alert over a restart, but announces it with the moment it fired for
that process. Alertmanager keeps the earliest beginning it hears of, so it is told once.
"""

import datetime as dt

import httpx
import msgspec

from jamie_lab.errors import LabError
from jamie_lab.scenario import Scenario
from jamie_lab.waiting import until

PATIENCE_SECONDS = 60.0

Labels = dict[str, str]


class Alert(msgspec.Struct, frozen=True, rename="camel"):
    """An alert that fires, as Prometheus knows it."""

    labels: Labels
    annotations: Labels
    state: str
    active_at: dt.datetime


class _Alerts(msgspec.Struct, frozen=True):
    alerts: list[Alert] = []


class _Reply(msgspec.Struct, frozen=True):
    data: _Alerts


async def backdate_alerts(scenario: Scenario, count: int, urls: tuple[str, str | None]) -> None:
    """Wait until so many alerts fire again in Prometheus, and date them back in Alertmanager.

    Raises LabError when they do not fire, or do not arrive, in time.
    """
    prometheus, alertmanager = urls
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        firing = await _firing(http, prometheus, count)
        if alertmanager is None:
            return

        await _delivered(http, alertmanager, len(firing))
        waits = {rule.alert: rule.for_seconds for group in scenario.rules for rule in group.rules}
        posted = [_begun(alert, waits[alert.labels["alertname"]]) for alert in firing]
        reply = await http.post(f"{alertmanager}/api/v2/alerts", json=posted)
        reply.raise_for_status()


async def _firing(http: httpx.AsyncClient, url: str, count: int) -> list[Alert]:
    async def fire() -> bool:
        return len(await _alerts(http, url)) >= count

    if not await until(fire, PATIENCE_SECONDS):
        raise LabError(f"The alerts of the history do not fire after {PATIENCE_SECONDS:g} s.")

    return await _alerts(http, url)


async def _alerts(http: httpx.AsyncClient, url: str) -> list[Alert]:
    reply = (await http.get(f"{url}/api/v1/alerts")).raise_for_status()

    alerts = msgspec.json.decode(reply.content, type=_Reply).data.alerts

    return [alert for alert in alerts if alert.state == "firing"]


async def _delivered(http: httpx.AsyncClient, url: str, wanted: int) -> None:
    async def arrived() -> bool:
        reply = (await http.get(f"{url}/api/v2/alerts")).raise_for_status()

        return len(reply.json()) >= wanted

    if not await until(arrived, PATIENCE_SECONDS):
        raise LabError(f"Not all alerts reached Alertmanager after {PATIENCE_SECONDS:g} s.")


def _begun(alert: Alert, duration: float) -> dict[str, object]:
    # No end: Alertmanager then gives it its own resolve_timeout, and Prometheus' next word counts.
    begun = alert.active_at + dt.timedelta(seconds=duration)

    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": begun.isoformat(),
    }
