"""The slice of Loki's HTTP API we use, typed; it knows no MCP."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qs, quote, urlencode

import anyio
import httpx
import msgspec

from jamie_base.backend import HttpBackend, Pairs
from jamie_base.errors import BackendError, InvalidArgument, NotFound
from jamie_base.when import Window, parse_duration
from jamie_loki import logql
from jamie_loki.replies import Found, found
from jamie_loki.settings import LokiSource
from jamie_loki.wire import (
    BuildInfo,
    Complaint,
    Labels,
    LimitsReply,
    NamesReply,
    QueryReply,
    SeriesReply,
)

AnswerT = TypeVar("AnswerT")

CATEGORIZED = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
"""Keeps structured metadata out of the stream labels; without it every trace id is a stream."""

NO_TENANT = "fake"
"""The tenant of a Loki without tenants; drilldown-limits insists on one all the same."""

LONGEST_URL_BYTES = 4_000
MOST_VOLUMES = 1_000
AT_ONCE = 6

_WAYS_OUT = (
    (
        "pipeline error",
        'Skip the lines it fails on: put | __error__="" after the parser or unwrap.',
    ),
    (
        "maximum number of series",
        "Each trace id is a series of its own: write sum by (service_name) (...).",
    ),
    ("the query time range exceeds the limit", "Shorten the window."),
    ("the query would read too many bytes", "Narrow the selector or shorten the window."),
    ("query too large to execute", "Narrow the selector or shorten the window."),
    ("queries require at least one", 'Select at least by {service_name=~".+"}.'),
    ("stream selector is missing required matchers", "Add them to the selector."),
    ("no org id", "This Loki has tenants: set --tenant."),
)
_NO_SELECTOR = 'LogQL begins with a stream selector: {service_name="frontend"} |= "timeout".'


class Limits(msgspec.Struct, frozen=True):
    """What one query may ask of this Loki; `length_ns` 0 is no limit."""

    entries: int = 5_000
    length_ns: int = 0
    series: int = 500
    volume: bool = True
    patterns: bool = False
    guesses_levels: bool = False


class Loki(HttpBackend):
    """One Loki."""

    kind = "Loki"

    def __init__(self, source: LokiSource, *, name: str = "default") -> None:
        super().__init__(source, name=name)
        self._api = source.api_path.rstrip("/")
        self.tenant = source.tenant or ""
        self.max_scan = source.max_scan
        self._slots = anyio.Semaphore(AT_ONCE)

    async def over(
        self,
        query: str,
        window: Window,
        *,
        limit: int = 100,
        newest: bool = True,
        step_ns: int = 0,
    ) -> Found:
        """Run a query over a window, its end excluded; lines come in the order asked for.

        Raises:
            BackendError: Loki refuses the query, or does not answer.

        """
        step = [("step", f"{step_ns / 1e9:.9f}")] if step_ns else []
        order = [("limit", str(limit)), ("direction", "backward" if newest else "forward")]

        return await self._query("query_range", query, [*_span(window), *order, *step], newest)

    async def at(self, query: str, instant_ns: int) -> Found:
        """Run a metric query at one instant.

        Raises:
            BackendError: Loki refuses the query, or does not answer.

        """
        return await self._query("query", query, [("time", str(instant_ns))])

    async def labels(self, window: Window, selector: str = "") -> list[str]:
        """Return the names of the labels streams have in the window."""
        return await self._names("labels", window, selector)

    async def values(self, label: str, window: Window, selector: str = "") -> list[str]:
        """Return the values of a label in the window.

        Raises:
            InvalidArgument: No label can be named so.

        """
        if not logql.is_label(label):
            raise InvalidArgument(
                f"{label[:80]!r} cannot be a label's name; loki_labels lists them."
            )

        return await self._names(f"label/{quote(label, safe='')}/values", window, selector)

    async def streams(self, selector: str, window: Window) -> list[Labels]:
        """Return the labels of every stream with lines in the window."""
        # Without a matcher Loki would answer with all streams there are.
        params = [("match[]", selector), *_span(window)]

        return (await self._ask("series", params, SeriesReply)).data

    async def volume(self, selector: str, window: Window, label: str = "") -> list[tuple[str, int]]:
        """Return bytes by value of a label, the biggest first; all together without a label.

        Raises:
            NotFound: This Loki has its volume endpoint disabled.

        """
        params = [
            ("query", selector),
            *_span(window),
            ("limit", str(MOST_VOLUMES)),
            ("aggregateBy", "series"),
            *([("targetLabels", label)] if label else []),
        ]
        rows = self._found(await self._ask("index/volume", params, QueryReply)).series
        sizes = [(row.labels.get(label, ""), int(row.points[0][1])) for row in rows]

        return sorted(sizes, key=lambda pair: (-pair[1], pair[0]))

    async def limits(self) -> Limits:
        """Return the limits of our tenant; Loki's own defaults where it does not tell them."""
        try:
            # Without a tenant it refuses to answer, even where nothing else needs one.
            someone = {} if self.tenant else {"X-Scope-OrgID": NO_TENANT}
            reply = await self._ask("drilldown-limits", (), LimitsReply, someone)
        except NotFound:
            return Limits()

        return Limits(
            entries=reply.limits.max_entries_limit_per_query or 5_000,
            length_ns=_duration_ns(reply.limits.max_query_length),
            series=reply.limits.max_query_series,
            volume=reply.limits.volume_enabled,
            patterns=reply.pattern_ingester_enabled,
            guesses_levels=reply.limits.discover_log_levels,
        )

    async def version(self) -> str:
        """Return Loki's version."""
        return (await self._ask("status/buildinfo", (), BuildInfo)).version

    async def ready(self) -> str:
        """Return why Loki is not ready; "" when it is, or when a gateway hides that."""
        try:
            await self.request("GET", "/ready", read=False)
        except NotFound:
            return ""
        except BackendError as exc:
            return str(exc)

        return ""

    def reason(self, reply: httpx.Response, body: bytes) -> str:
        """Find Loki's own words, point at the place they mean, and add the way out."""
        words = _words(super().reason(reply, body), reply)
        query = _asked(reply.request)
        way_out = next((advice for start, advice in _WAYS_OUT if start in words), "")
        if "parse error" in words and query and "{" not in query:
            way_out = _NO_SELECTOR
        if words.startswith("pipeline error"):
            words = words.partition(" for series")[0]

        return "\n".join(filter(None, [words, logql.pointed(query, words), way_out]))

    async def _query(self, path: str, query: str, params: Pairs, newest: bool = True) -> Found:
        pairs = [("query", query), *params]
        headers = {**CATEGORIZED}
        async with self._slots:
            if len(urlencode(pairs)) > LONGEST_URL_BYTES:
                reply = await self.request(
                    "POST", f"{self._api}/{path}", form=pairs, headers=headers, read=True
                )
            else:
                reply = await self.request("GET", f"{self._api}/{path}", pairs, headers=headers)

        return self._found(self.decode(reply, QueryReply), newest=newest)

    def _found(self, reply: QueryReply, *, newest: bool = True) -> Found:
        data = reply.data
        try:
            return found(data.result_type, data.result, newest=newest, warnings=reply.warnings)
        except (msgspec.DecodeError, ValueError) as exc:
            raise BackendError(
                f"{self.who} answered a result that is no {data.result_type[:40]!r} ({exc})."
            ) from exc

    async def _names(self, path: str, window: Window, selector: str) -> list[str]:
        narrowed = [("query", selector)] if selector else []

        return (await self._ask(path, [*_span(window), *narrowed], NamesReply)).data

    async def _ask(
        self,
        path: str,
        params: Pairs,
        answer: type[AnswerT],
        headers: Mapping[str, str] | None = None,
    ) -> AnswerT:
        async with self._slots:
            reply = await self.request("GET", f"{self._api}/{path}", params, headers=headers or {})

        return self.decode(reply, answer)


def _span(window: Window) -> Pairs:
    return [("start", str(window.start_ns)), ("end", str(window.end_ns))]


def _duration_ns(text: str) -> int:
    try:
        return int(parse_duration(text).total_seconds() * 1e9)
    except InvalidArgument:  # "0s" is no limit
        return 0


def _asked(request: httpx.Request) -> str:
    """Return the query a request carried, in its URL or its form."""
    if query := request.url.params.get("query"):
        return query

    form = request.read() if request.method == "POST" else b""

    return next(iter(parse_qs(form.decode()).get("query", ())), "")


def _words(text: str, reply: httpx.Response) -> str:
    if "json" not in reply.headers.get("content-type", ""):
        return text

    try:
        complaint = msgspec.json.decode(text, type=Complaint)
    except msgspec.DecodeError:
        return text

    return str(complaint.error or complaint.message or text)
