"""A pretended Loki: replies in the shapes of a real 3.7.8, computed from lines a test gives it.

It understands what the server itself writes: selectors, line filters, label filters, `drop`, and
`sum by (...) (count_over_time(...))`. The live tests hold it to the real one.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx

Labels = Mapping[str, str]
SECOND = 1_000_000_000

_STRING = r'"((?:[^"\\]|\\.)*)"'
_COUNT = re.compile(r"sum by \((.*?)\) \(count_over_time\((.*) \[(\d+)(ms|s)\]\)\)", re.DOTALL)
_STAGE = re.compile(r'\|((?:"(?:[^"\\]|\\.)*"|[^|"])+)')
_CONDITION = re.compile(rf"(\w+)\s*(=~|!~|!=|=)\s*{_STRING}")
_STATS = {"summary": {"totalLinesProcessed": 7, "execTime": 0.004}}


@dataclass(frozen=True)
class Entry:
    at: int
    line: str
    stream: Labels
    metadata: Labels

    @property
    def labels(self) -> dict[str, str]:
        return {**self.stream, **self.metadata}


Predicate = Callable[[Entry], bool]


@dataclass
class PretendedLoki:
    """Holds lines and answers from them; `refusals` come first where their text is in the query."""

    entries: list[Entry] = field(default_factory=list[Entry])
    limits: dict[str, object] = field(default_factory=dict[str, object])
    refusals: dict[str, httpx.Response] = field(default_factory=dict[str, httpx.Response])
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])
    bytes_per_line: int = 100

    def write(self, at: int, line: str, stream: Labels, **metadata: str) -> None:
        self.entries.append(Entry(at, line, dict(stream), metadata))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        form = parse_qs(request.content.decode()) if request.method == "POST" else {}
        params = {**{name: values[0] for name, values in form.items()}, **request.url.params}
        for text, refusal in self.refusals.items():
            if text in f"{request.url.path} {params.get('query', '')}":
                return refusal

        path = request.url.path.removeprefix("/loki/api/v1")
        for pattern, handle in self._routes().items():
            if found := re.fullmatch(pattern, path):
                return handle(params, *found.groups())

        return httpx.Response(404, text="404 page not found\n")

    def _routes(self) -> dict[str, Callable[..., httpx.Response]]:
        return {
            "/query_range": self._query_range,
            "/query": self._query,
            "/labels": self._labels,
            "/label/(.+)/values": self._values,
            "/series": self._series,
            "/index/volume": self._volume,
            "/drilldown-limits": self._limits,
            "/status/buildinfo": self._buildinfo,
            "/ready": self._ready,
        }

    def _query_range(self, params: Mapping[str, str]) -> httpx.Response:
        if counted := _COUNT.fullmatch(params["query"]):
            return self._count_range(params, counted)

        limit = int(params["limit"])
        newest = params["direction"] == "backward"
        found = list(enumerate(self._matching(params["query"], *_window(params))))
        found.sort(key=lambda pair: (pair[1].at, pair[0]), reverse=newest)
        streams: dict[str, list[Entry]] = defaultdict(list)
        for _, entry in found[:limit]:
            streams[json.dumps(entry.stream, sort_keys=True)].append(entry)

        result = [
            {
                "stream": dict(held[0].stream),
                "values": [
                    [str(one.at), one.line, {"structuredMetadata": dict(one.metadata)}]
                    for one in held
                ],
            }
            for held in streams.values()
        ]

        return _ok({"resultType": "streams", "encodingFlags": ["categorize-labels"]}, result)

    def _query(self, params: Mapping[str, str]) -> httpx.Response:
        counted = _COUNT.fullmatch(params["query"])
        if not counted:
            return httpx.Response(400, text="parse error at line 1, col 1: syntax error")

        end = int(params["time"])
        groups = self._counted(counted, end - _length(counted) + 1, end + 1)
        rows = [
            {"metric": dict(key), "value": [end / 1e9, str(number)]}
            for key, number in groups.items()
        ]

        return _ok({"resultType": "vector"}, rows)

    def _count_range(self, params: Mapping[str, str], counted: re.Match[str]) -> httpx.Response:
        """Count in steps aligned to their length, as the query frontend does."""
        step = round(float(params["step"]) * SECOND)
        start, end = _window(params)
        points: dict[tuple[tuple[str, str], ...], list[list[object]]] = defaultdict(list)
        for at in range(start // step * step, -(-end // step) * step + 1, step):
            for key, number in self._counted(counted, at - _length(counted) + 1, at + 1).items():
                points[key].append([at // SECOND, str(number)])

        rows = [{"metric": dict(key), "values": values} for key, values in points.items()]

        return _ok({"resultType": "matrix"}, rows)

    def _counted(
        self, counted: re.Match[str], start: int, end: int
    ) -> Counter[tuple[tuple[str, str], ...]]:
        names = [name.strip() for name in counted[1].split(",") if name.strip()]

        return Counter(
            tuple((name, one.labels[name]) for name in names if name in one.labels)
            for one in self._matching(counted[2], start, end)
        )

    def _labels(self, params: Mapping[str, str]) -> httpx.Response:
        held = self._matching(params.get("query", ""), *_window(params))

        return _names({name for one in held for name in one.stream})

    def _values(self, params: Mapping[str, str], label: str) -> httpx.Response:
        held = self._matching(params.get("query", ""), *_window(params))

        return _names({one.stream[label] for one in held if label in one.stream})

    def _series(self, params: Mapping[str, str]) -> httpx.Response:
        held = self._matching(params["match[]"], *_window(params))
        streams = {json.dumps(one.stream, sort_keys=True) for one in held}
        if not streams:
            return httpx.Response(200, json={"status": "success"})

        return httpx.Response(
            200, json={"status": "success", "data": [json.loads(one) for one in sorted(streams)]}
        )

    def _volume(self, params: Mapping[str, str]) -> httpx.Response:
        label = params.get("targetLabels", "")
        held = self._matching(params["query"], *_window(params))
        sizes = Counter(one.stream.get(label, "") for one in held)
        rows = [
            {
                "metric": {label: value} if label else {},
                "value": [1, str(number * self.bytes_per_line)],
            }
            for value, number in sizes.items()
        ]

        return _ok({"resultType": "vector"}, rows)

    def _limits(self, _: Mapping[str, str]) -> httpx.Response:
        limits = {
            "max_entries_limit_per_query": 5_000,
            "max_query_length": "30d1h",
            "max_query_series": 500,
            "volume_enabled": True,
            "discover_log_levels": True,
            **self.limits,
        }

        return httpx.Response(
            200,
            json={"limits": limits, "pattern_ingester_enabled": True, "version": "3.7.8"},
        )

    def _buildinfo(self, _: Mapping[str, str]) -> httpx.Response:
        return httpx.Response(
            200, json={"version": "3.7.8", "revision": "", "branch": "v3.7.8", "goVersion": ""}
        )

    def _ready(self, _: Mapping[str, str]) -> httpx.Response:
        return httpx.Response(200, text="ready\n")

    def _matching(self, query: str, start: int, end: int) -> Sequence[Entry]:
        matches = _predicate(query)

        return [one for one in self.entries if start <= one.at < end and matches(one)]


def _predicate(query: str) -> Predicate:
    """Read a query once: the conditions of its selector, then stage after stage."""
    selector, _, rest = query.partition("}")
    conditions = [_condition(*one) for one in _CONDITION.findall(selector)]
    stages = [_stage(stage.strip()) for stage in _STAGE.findall(rest)]

    return lambda entry: (
        all(holds(entry.stream) for holds in conditions) and all(keep(entry) for keep in stages)
    )


def _stage(stage: str) -> Predicate:
    """Read what stands between two pipes; `|=` and `|~` leave their second half in front."""
    text = _plain(stage[1:].strip()[1:-1]) if stage[0] in "=~" else ""
    if stage[0] == "=":
        return lambda entry: text in entry.line

    if stage[0] == "~":
        expression = re.compile(_scoped(text), re.MULTILINE)
        return lambda entry: expression.search(entry.line) is not None

    conditions = [_condition(*one) for one in _CONDITION.findall(stage)]

    return lambda entry: not conditions or any(holds(entry.labels) for holds in conditions)


def _condition(label: str, operator: str, text: str) -> Callable[[Labels], bool]:
    wanted, negated = _plain(text), operator.startswith("!")
    if "~" not in operator:
        return lambda labels: (labels.get(label, "") == wanted) is not negated

    expression = re.compile(_scoped(wanted))

    return lambda labels: bool(expression.fullmatch(labels.get(label, ""))) is not negated


def _scoped(expression: str) -> str:
    """Move a flag to the front: RE2 lets one stand in the middle, Python does not."""
    flags = "(?i)" if "(?i)" in expression else ""

    return flags + expression.replace("(?i)", "")


def _plain(text: str) -> str:
    return json.loads(f'"{text}"')


def _window(params: Mapping[str, str]) -> tuple[int, int]:
    return int(params["start"]), int(params["end"])


def _length(counted: re.Match[str]) -> int:
    return int(counted[3]) * (SECOND if counted[4] == "s" else 1_000_000)


def _ok(head: dict[str, object], result: object) -> httpx.Response:
    data = {**head, "result": result, "stats": _STATS}

    return httpx.Response(200, json={"status": "success", "data": data})


def _names(names: set[str]) -> httpx.Response:
    """Nothing found is no `data` at all."""
    data = {"data": sorted(names)} if names else {}

    return httpx.Response(200, json={"status": "success", **data})
