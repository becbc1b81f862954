"""Tell Alertmanager how old its alerts are.

Prometheus keeps the age of an alert over a restart, but announces it with the moment it fired for
that process. Alertmanager keeps the earliest beginning it hears of, so it is told once.
"""

import datetime as dt

import anyio
import httpx
import msgspec

from jamie_lab.errors import LabError

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.5

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


class _Rule(msgspec.Struct, frozen=True):
    name: str
    duration: float = 0


class _Group(msgspec.Struct, frozen=True):
    rules: list[_Rule] = []


class _Groups(msgspec.Struct, frozen=True):
    groups: list[_Group] = []


class _RulesReply(msgspec.Struct, frozen=True):
    data: _Groups


async def backdate_alerts(prometheus: str, alertmanager: str | None) -> None:
    """Wait until the alerts of the history fire again, and date them back in Alertmanager.

    Raises LabError when they do not fire, or do not arrive, in time.
    """
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        firing = await _firing(http, prometheus)
        if alertmanager is None:
            return

        await _delivered(http, alertmanager, len(firing))
        begun = await _durations(http, prometheus)
        posted = [_begun(alert, begun[alert.labels["alertname"]]) for alert in firing]
        reply = await http.post(f"{alertmanager}/api/v2/alerts", json=posted)
        reply.raise_for_status()


async def _firing(http: httpx.AsyncClient, url: str) -> list[Alert]:
    with anyio.move_on_after(PATIENCE_SECONDS):
        while True:
            reply = (await http.get(f"{url}/api/v1/alerts")).raise_for_status()
            alerts = msgspec.json.decode(reply.content, type=_Reply).data.alerts
            if alerts and all(alert.state == "firing" for alert in alerts):
                return alerts
            await anyio.sleep(POLL_SECONDS)

    raise LabError(f"The alerts of the history do not fire after {PATIENCE_SECONDS:g} s.")


async def _delivered(http: httpx.AsyncClient, url: str, wanted: int) -> None:
    with anyio.move_on_after(PATIENCE_SECONDS):
        while len((await http.get(f"{url}/api/v2/alerts")).raise_for_status().json()) < wanted:
            await anyio.sleep(POLL_SECONDS)
        return

    raise LabError(f"Not all alerts reached Alertmanager after {PATIENCE_SECONDS:g} s.")


async def _durations(http: httpx.AsyncClient, url: str) -> dict[str, float]:
    reply = (await http.get(f"{url}/api/v1/rules", params={"type": "alert"})).raise_for_status()
    groups = msgspec.json.decode(reply.content, type=_RulesReply).data.groups

    return {rule.name: rule.duration for group in groups for rule in group.rules}


def _begun(alert: Alert, duration: float) -> dict[str, object]:
    # No end: Alertmanager then gives it its own resolve_timeout, and Prometheus' next word counts.
    begun = alert.active_at + dt.timedelta(seconds=duration)

    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": begun.isoformat(),
    }
