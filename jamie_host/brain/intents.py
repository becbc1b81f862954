"""What the built-in brain understands: a table from words to tool calls to an answer."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from jamie_host.brain import compose
from jamie_host.brain.plan import Finding, Spoken, Step
from jamie_host.brain.scaling import ORDER, is_order, scale
from jamie_host.brain.window import spell, window_in

DEFAULT_WINDOW = timedelta(hours=1)

Steps = Callable[[str], list[Step]]
Compose = Callable[[Sequence[Finding]], Spoken]


class Intent(msgspec.Struct, frozen=True):
    """One kind of question: what it looks like, what to call, how to answer."""

    name: str
    example: str
    pattern: re.Pattern[str]
    steps: Steps
    compose: Compose


def understand(question: str) -> Intent | None:
    """Find the intent of a question; None when no row of the table fits."""
    text = " ".join(question.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if is_order(text):
        return ORDERS[0]
    if text.startswith("scale "):
        # Half an order must not be answered as a question that shares a word with it.
        return None

    return next((intent for intent in INTENTS if intent.pattern.search(text)), None)


def _cluster(question: str) -> list[Step]:
    return [Step("kubernetes", "k8s_overview"), *_alerts(question), *_errors(question)]


def _pods(question: str) -> list[Step]:
    return [Step("kubernetes", "k8s_pods", _namespace(question))]


def _alerts(question: str) -> list[Step]:
    # The brain groups them, so it wants them all.
    return [Step("prometheus", "prom_alerts", {"limit": 200})]


def _usage(question: str) -> list[Step]:
    return [Step("kubernetes", "k8s_overview", _namespace(question))]


def _errors(question: str) -> list[Step]:
    return [Step("loki", "loki_errors", {"start": _since(question)})]


def _pod_logs(question: str) -> list[Step]:
    hit = POD_LOGS.search(" ".join(question.split()))
    name = (hit["after"] or hit["before"]) if hit else ""
    return [Step("kubernetes", "k8s_logs", {"name": name, **_namespace(question)})]


def _search(question: str) -> list[Step]:
    hit = SEARCH.search(question)
    logql = f'{{service_name=~".+"}} |= {_quoted(hit["needle"] if hit else "")}'
    return [Step("loki", "loki_query", {"logql": logql, "start": _since(question)})]


def _quoted(text: str) -> str:
    """Quote a text for LogQL, which reads strings as Go does; JSON's are among them."""
    return json.dumps(text, ensure_ascii=False)


def _events(question: str) -> list[Step]:
    arguments = {"since": _since(question), **_namespace(question)}
    return [Step("kubernetes", "k8s_events", arguments)]


def _causes(question: str) -> list[Step]:
    hit = OBJECT.search(question.lower())
    about = {"object": hit["named"] or f"{_kind(hit['kind'])}/{hit['name']}"} if hit else {}
    return [Step("kubernetes", "k8s_diagnose", {**about, **_namespace(question)})]


def _kind(word: str) -> str:
    return "deploy" if word == "deployment" else word


def _changes(question: str) -> list[Step]:
    arguments = {"since": _since(question), **_namespace(question)}
    return [Step("kubernetes", "k8s_changes", arguments)]


def _since(question: str) -> str:
    return spell(window_in(question) or DEFAULT_WINDOW)


def _namespace(question: str) -> dict[str, object]:
    hit = NAMESPACE.search(question.lower())
    return {"namespace": hit["after"] or hit["before"]} if hit else {}


NAME = r"[a-z0-9][a-z0-9.-]*"
NAMESPACE = re.compile(
    rf"(?:namespace|ns)\s+(?P<after>{NAME})|\bin (?:the )?(?P<before>{NAME}) namespace"
)
OBJECT = re.compile(
    rf"\b(?P<named>[a-z]+/{NAME})|\b(?P<kind>service|deployment|pod|node) (?P<name>{NAME})\b"
)
SEARCH = re.compile(r"\bfor (?P<quote>['\"])(?P<needle>.+?)(?P=quote)", re.IGNORECASE)
POD_LOGS = re.compile(
    rf"\blogs (?:for|of|from) (?:the )?(?:pod |service )?(?P<after>{NAME})"
    rf"|\btail (?:the )?(?P<before>{NAME})",
    re.IGNORECASE,
)


def refuse(question: str) -> Spoken:
    """Say plainly that this needs a language model, and what can be asked without one."""
    examples = "\n".join(f"  {intent.example}" for intent in (*INTENTS, *ORDERS))
    return Spoken(
        "I can't answer that without a language model. Set one with --model, JAMIE_MODEL or "
        "`model` in jamie.toml (for example openai:NAME, anthropic:NAME, ollama:NAME).\n"
        f"Without one I can answer questions like these:\n{examples}"
    )


def _rows(*rows: tuple[str, str, str, Steps, Compose]) -> tuple[Intent, ...]:
    return tuple(
        Intent(name, example, re.compile(pattern), steps, say)
        for name, example, pattern, steps, say in rows
    )


INTENTS = _rows(
    (
        "search",
        "\"Search the logs for 'timeout'\"",
        r"\bsearch\b.*\bfor (['\"]).+\1",
        _search,
        compose.plainly,
    ),
    (
        "changes",
        '"What changed in the last hour?"',
        r"\bwhat(?:'s| has| have)? (?:\w+ )?changed\b|\bwhat changes\b|\brecent changes\b",
        _changes,
        compose.plainly,
    ),
    (
        "causes",
        '"What\'s wrong?", "What is wrong with deploy/web?"',
        r"\bwhat(?:'s| is) (?:wrong|broken)\b|\bdiagnos|\broot causes?\b",
        _causes,
        compose.plainly,
    ),
    ("logs", '"Show me the logs of web-7d9f"', POD_LOGS.pattern, _pod_logs, compose.plainly),
    (
        "errors",
        '"Any errors in the logs?", "Errors in the last 15 minutes?"',
        r"\b(errors?|exceptions?|failures?)\b(?! rates?\b)",
        _errors,
        compose.errors,
    ),
    ("alerts", '"Any alerts firing?"', r"\balerts?\b|\bfiring\b", _alerts, compose.alerts),
    ("events", '"Any warning events?"', r"\bevents?\b", _events, compose.plainly),
    ("pods", '"How are my pods?"', r"\bpods?\b", _pods, compose.pods),
    (
        "usage",
        '"What\'s my CPU usage?"',
        r"\b(cpu|memory|ram)\b",
        _usage,
        compose.usage,
    ),
    (
        "cluster",
        '"How\'s my cluster doing?"',
        r"\b(cluster|nodes?)\b|\bhow (are things|is everything|'s everything)\b"
        r"|\beverything (ok|okay|alright|all right|fine)\b|\boverview\b",
        _cluster,
        compose.cluster,
    ),
)

ORDERS = _rows(
    (
        "scale",
        '"Scale up the frontend", "Scale cart to 3"',
        ORDER.pattern,
        scale,
        compose.done,
    ),
)
