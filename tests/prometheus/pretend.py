"""A pretended Prometheus: replies in the shapes of a real 3.16.0, from what a test gives it.

It knows the answers of whole queries, counts those by itself, and lists names, labels and values of
the series it was given. The live tests hold it to the real one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

Labels = Mapping[str, str]
Json = dict[str, Any]

_COUNTED = re.compile(r"count\((.*)\n?\)", re.DOTALL)


def series(value: str, /, **labels: str) -> Json:
    return {"metric": named(labels), "value": [1_700_000_000.123, value]}


def over_time(points: Sequence[tuple[float, float]], /, **labels: str) -> Json:
    values = [[at, f"{value:g}"] for at, value in points]
    return {"metric": named(labels), "values": values}


def named(labels: Labels) -> dict[str, str]:
    """Let a test write `name=` for `__name__`."""
    return {("__name__" if key == "name" else key): value for key, value in labels.items()}


def success(data: Any, **remarks: Sequence[str]) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data, **remarks})


def refusal(status: int, kind: str, words: str) -> httpx.Response:
    return httpx.Response(status, json={"status": "error", "errorType": kind, "error": words})


@dataclass
class PretendedPrometheus:
    """`answers` and `ranges` are by query, `refusals` by a part of it or of the path;
    before `since` there is nothing."""

    answers: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    ranges: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    remarks: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    metrics: dict[str, Sequence[Labels]] = field(default_factory=dict[str, Sequence[Labels]])
    gone: dict[str, Labels] = field(default_factory=dict[str, Labels])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    groups: list[Json] = field(default_factory=list[Json])
    refusals: dict[str, httpx.Response] = field(default_factory=dict[str, httpx.Response])
    since: float = 0.0
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        params = parse_qs(request.content.decode() or request.url.query.decode())
        query = params.get("query", params.get("match[]", [""]))[0]
        for text, refused in self.refusals.items():
            if text in f"{request.method} {request.url.path} {query}":
                return refused

        if float(params.get("time", params.get("end", ["inf"]))[0]) < self.since:
            return success({"resultType": "vector", "result": []} if "time" in params else [])

        path = request.url.path.partition("/api/v1/")[2]
        match path.split("/"):
            case ["query"]:
                return self._query(query)
            case ["query_range"]:
                return self._query_range(query)
            case ["series"]:
                return success(self._listed(query, dead=True)[:1])
            case ["labels"]:
                return success(sorted({name for one in self._listed(query) for name in one}))
            case ["label", name, "values"]:
                return success(self._values(name, query))
            case ["metadata"]:
                return self._metadata(params["metric"][0])
            case ["rules"]:
                return success({"groups": self.groups})
            case ["status", "buildinfo"]:
                return success({"version": "3.16.0", "goVersion": "go1.26.8"})
            case _:
                return httpx.Response(404, text="404 page not found\n")

    def forms(self, path: str) -> list[dict[str, str]]:
        """Return what was sent to a path, each parameter once."""
        asked = [one for one in self.asked if one.url.path.endswith(path)]
        parsed = [parse_qs(one.content.decode() or one.url.query.decode()) for one in asked]
        return [{name: values[0] for name, values in one.items()} for one in parsed]

    def _query(self, query: str) -> httpx.Response:
        kind = self.kinds.get(query, "vector")
        if query in self.answers:
            result: Any = self.answers[query]
            return success({"resultType": kind, "result": result}, **self._remarks(query))
        if counted := _COUNTED.fullmatch(query):
            inside = counted[1].strip()
            number = len(self.answers.get(inside, []) or self._listed(inside))
            return success(
                {"resultType": "vector", "result": [series(f"{number}")] if number else []}
            )

        listed = [{"metric": dict(one), "value": [1.0, "1"]} for one in self._listed(query)]
        return success({"resultType": "vector", "result": listed}, **self._remarks(query))

    def _query_range(self, query: str) -> httpx.Response:
        return success(
            {"resultType": "matrix", "result": self.ranges.get(query, [])}, **self._remarks(query)
        )

    def _remarks(self, query: str) -> dict[str, list[str]]:
        found = self.remarks.get(query, [])
        return {
            "warnings": [one for one in found if not one.startswith("PromQL info")],
            "infos": [one for one in found if one.startswith("PromQL info")],
        }

    def _listed(self, selector: str, *, dead: bool = False) -> list[dict[str, str]]:
        metric, _, matchers = selector.partition("{")
        wanted = re.findall(r'(\w+)="([^"]*)"', matchers)
        known = [*self.metrics.get(metric, [])]
        if dead and metric in self.gone:
            known.append(self.gone[metric])

        return [
            {"__name__": metric, **one}
            for one in known
            if all(one.get(name) == value for name, value in wanted)
        ]

    def _values(self, name: str, selector: str) -> list[str]:
        if name == "__name__":
            return [*self.metrics]

        return sorted({one[name] for one in self._listed(selector) if name in one})

    def _metadata(self, metric: str) -> httpx.Response:
        kind = self.metadata.get(metric)
        return success({metric: [{"type": kind, "help": "", "unit": ""}]} if kind else {})
