"""The slice of Alertmanager's API (v2) we use: what became of an alert once it was sent."""

import httpx
import msgspec

from jamie_base.backend import HttpBackend


class Receiver(msgspec.Struct, frozen=True):
    """Who is told."""

    name: str


class Handling(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an alert is passed on: its `state` is active, suppressed or unprocessed."""

    state: str = ""
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


class SentAlert(msgspec.Struct, frozen=True):
    """An alert as Alertmanager holds it."""

    labels: dict[str, str]
    status: Handling = Handling()
    receivers: tuple[Receiver, ...] = ()


class Silence(msgspec.Struct, frozen=True, rename="camel"):
    """Who silenced, until when (RFC 3339) and why."""

    id: str
    ends_at: str = ""
    created_by: str = ""
    comment: str = ""


class Delivery(msgspec.Struct, frozen=True):
    """Every alert Alertmanager holds, and the silences by id."""

    alerts: tuple[SentAlert, ...]
    silences: dict[str, Silence]


class Alertmanager(HttpBackend):
    """One Alertmanager."""

    kind = "Alertmanager"

    async def delivery(self) -> Delivery:
        """Tell what it holds, and the silences where there are any.

        Raises:
            BackendError: No answer.

        """
        alerts = await self.fetch("/api/v2/alerts", answer=list[SentAlert])
        silenced = any(one.status.silenced_by for one in alerts)
        silences = await self.fetch("/api/v2/silences", answer=list[Silence]) if silenced else []

        return Delivery(tuple(alerts), {one.id: one for one in silences})

    def reason(self, reply: httpx.Response, body: bytes) -> str:
        """Find its own words: a refusal is a bare JSON string."""
        try:
            return msgspec.json.decode(body, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return super().reason(reply, body)
