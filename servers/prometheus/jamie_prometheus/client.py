"""The slice of the Prometheus HTTP API these tools need; Mimir, Thanos and others speak it too.

Queries are sent as a form, because a URL cannot hold a long one; proxies that refuse POST get GET.
"""

from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec

from jamie_base.backend import HttpBackend, Pairs
from jamie_base.errors import BackendError, InvalidArgument, TimedOut
from jamie_prometheus.alertmanager import Alertmanager
from jamie_prometheus.promql import label_in_path
from jamie_prometheus.settings import PrometheusSource
from jamie_prometheus.wire import (
    Answer,
    Build,
    Envelope,
    Features,
    Metadata,
    Result,
    RuleGroup,
    RuleGroups,
)

T = TypeVar("T")

SEARCH_BYTES = 64 * 1024
"""What a search for names may answer at most."""


class Period(msgspec.Struct, frozen=True):
    """A stretch of time in epoch seconds."""

    start: float
    end: float


class Rejected(InvalidArgument):
    """Prometheus does not take the query; `words` are its own."""

    def __init__(self, who: str, words: str) -> None:
        super().__init__(f"{who} refused it: {words}")
        self.words = words


class _PostRefusedError(BackendError):
    """Something on the way does not let POST through; stays inside."""


class Prometheus(HttpBackend):
    """One Prometheus, or what speaks its API."""

    kind = "Prometheus"

    def __init__(self, source: PrometheusSource, *, name: str = "default") -> None:
        super().__init__(source, name=name)
        self._api = "/" + source.api_path.strip("/")
        self._timeout = seconds(source.timeout)
        self._posts = True
        neighbour = source.alertmanager()
        self.alertmanager = Alertmanager(neighbour, name=name) if neighbour else None

    async def aclose(self) -> None:
        """Close every connection, the Alertmanager's too."""
        await super().aclose()
        if self.alertmanager:
            await self.alertmanager.aclose()

    async def query(self, promql: str, at: float, *, limit: int) -> Answer[Result]:
        """Evaluate an expression at an instant.

        Raises:
            Rejected: It is not PromQL, or cannot be evaluated.
            BackendError: No answer.

        """
        form = [
            ("query", promql),
            ("time", seconds(at)),
            ("limit", str(limit)),
            ("timeout", self._timeout),
        ]

        return await self._ask("query", form, Envelope[Result])

    async def query_range(
        self, promql: str, period: Period, *, step: float, limit: int
    ) -> Answer[Result]:
        """Evaluate an expression every `step` seconds of a period, its end included or not.

        Raises:
            Rejected: It is not PromQL, or cannot be evaluated.
            BackendError: No answer.

        """
        form = [
            ("query", promql),
            *_within(period),
            ("step", seconds(step)),
            ("limit", str(limit)),
            ("timeout", self._timeout),
        ]

        return await self._ask("query_range", form, Envelope[Result])

    async def series(self, selector: str, period: Period, *, limit: int) -> list[dict[str, str]]:
        """List the label sets a selector had in a period."""
        form = [("match[]", selector), *_within(period), ("limit", str(limit))]

        return (await self._ask("series", form, Envelope[list[dict[str, str]]])).data

    async def labels(self, selector: str, period: Period) -> list[str]:
        """List the names of the labels that a selector's series have."""
        form = [("match[]", selector), *_within(period)]

        return (await self._ask("labels", form, Envelope[list[str]])).data

    async def values(
        self, label: str, period: Period, *, selector: str = "", limit: int
    ) -> list[str]:
        """List a label's values, of one selector's series or of all."""
        matching = [("match[]", selector)] if selector else []
        params = [*matching, *_within(period), ("limit", str(limit))]
        path = f"label/{label_in_path(label)}/values"

        return (await self._get(path, params, Envelope[list[str]])).data

    async def metadata(self, metric: str) -> Metadata:
        """Tell what a metric says of itself; empty where it says nothing."""
        params = [("metric", metric), ("limit_per_metric", "1")]
        found = (await self._get("metadata", params, Envelope[dict[str, list[Metadata]]])).data

        return next(iter(found.get(metric, [])), Metadata())

    async def rules(self) -> Sequence[RuleGroup]:
        """List the alerting rules with their alerts."""
        return (await self._get("rules", [("type", "alert")], Envelope[RuleGroups])).data.groups

    async def build(self) -> Build:
        """Tell which program and version answers."""
        return (await self._get("status/buildinfo", [], Envelope[Build])).data

    async def features(self) -> Features:
        """Tell what it can do beyond the usual; older ones and other programs do not say."""
        try:
            return (await self._get("features", [], Envelope[Features])).data
        except BackendError:
            return Features()

    async def search(self, name: str) -> list[str]:
        """Search the metrics' names with the server's own likeness, the likest first.

        Raises:
            BackendError: No answer, or not of the search API.

        """
        params = [
            ("search[]", name),
            ("fuzz_alg", "jarowinkler"),
            ("fuzz_threshold", "60"),
            ("sort_by", "score"),
            ("limit", "50"),
        ]
        async with self.lines(
            f"{self._api}/search/metric_names", params, limit=SEARCH_BYTES
        ) as lines:
            batches = [self._batch(line) async for line in lines if line]

        return [one.name for batch in batches for one in batch.results]

    def reason(self, reply: httpx.Response, body: bytes) -> str:
        """Find Prometheus's own words in a refusal.

        Raises:
            Rejected: The query is at fault, not the backend.
            TimedOut: The query took too long, which another try would not mend.

        """
        if reply.request.method == "POST" and reply.status_code in (403, 405):
            raise _PostRefusedError(super().reason(reply, body))

        said = _refusal(body)
        if said is None:
            return super().reason(reply, body)

        self._raise_for(said.error_type, said.error)

        return said.error

    def _raise_for(self, kind: str, words: str) -> None:
        if kind in ("bad_data", "execution", "cost_limit"):
            raise Rejected(self.who, words)
        if kind in ("timeout", "canceled"):
            raise TimedOut(
                f"{self.who} gave up: {words}. Narrow the matchers or shorten the window."
            )

    async def _ask(self, path: str, form: Pairs, answer: type[Envelope[T]]) -> Answer[T]:
        if self._posts:
            try:
                reply = await self.request("POST", f"{self._api}/{path}", form=form, read=True)
                return self._opened_up(self.decode(reply, answer))
            except _PostRefusedError:
                pass

        answered = await self._get(path, form, answer)
        self._posts = False  # only now: a credential may be refused for GET as well

        return answered

    async def _get(self, path: str, params: Pairs, answer: type[Envelope[T]]) -> Answer[T]:
        reply = await self.request("GET", f"{self._api}/{path}", params)

        return self._opened_up(self.decode(reply, answer))

    def _batch(self, line: bytes) -> "_Batch":
        try:
            return msgspec.json.decode(line, type=_Batch)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise BackendError(f"{self.who} answered a search with other than names.") from exc

    def _opened_up(self, envelope: Envelope[T]) -> Answer[T]:
        if envelope.data is not None:
            return Answer(envelope.data, envelope.warnings, envelope.infos)

        self._raise_for(envelope.error_type, envelope.error)
        raise BackendError(f"{self.who} answered {envelope.status!r} without data.")


class _Refusal(msgspec.Struct, frozen=True, rename="camel"):
    error: str
    error_type: str = ""


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Batch(msgspec.Struct, frozen=True):
    """A line of the search API: names, or the closing status, which has none."""

    results: tuple[_Named, ...] = ()


def seconds(number: float) -> str:
    """Write an instant or a duration in seconds to the millisecond, as Prometheus keeps them."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _within(period: Period) -> Pairs:
    return [("start", seconds(period.start)), ("end", seconds(period.end))]


def _refusal(body: bytes) -> _Refusal | None:
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
