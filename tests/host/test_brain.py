"""The built-in brain, asked through the same loop as a language model."""

import copy
import json
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_host.agent import Answer, open_assistant
from jamie_host.brain.intents import understand
from jamie_host.brain.window import LONGEST, spell, window_in
from jamie_host.servers import Server
from jamie_host.settings import HostSettings
from jamie_host.toolbox import Toolbox

OpenBox = Callable[..., AbstractAsyncContextManager[Toolbox]]
Ask = Callable[..., Any]

NOW = 1_795_387_060
NOW_NS = NOW * 10**9
OPS = Path(__file__).parent / "players" / "ops.py"

OVERVIEW: dict[str, Any] = {
    "now_ns": NOW_NS,
    "context": "prod",
    "api": "ready",
    "nodes": {
        "total": 3,
        "ready": 3,
        "troubled": [],
        "allocatable": {"cpu": 24.0, "memory": 100 * 2**30},
    },
    "pods": {
        "total": 45,
        "namespaces": 6,
        "states": {"Running": 45},
        "phases": {"Running": 45},
        "sick": 0,
    },
    "workloads": {"total": 21, "short": []},
    "usage": {"cpu": 3.84, "memory": 75 * 2**30},
}
SICK_GROUP = {
    "namespace": "shop",
    "owner": "deploy/frontend",
    "state": "CrashLoopBackOff",
    "ready": "0/1",
    "count": 2,
    "names": ["frontend-1", "frontend-2"],
    "pattern": "frontend-*",
    "cause": "last exit 1",
    "restarts": 9,
}
ALERTS: dict[str, Any] = {"now": float(NOW), "rules": 7}
ALERT = {
    "name": "HighErrorRate",
    "state": "firing",
    "severity": "critical",
    "labels": {"namespace": "auth", "service": "auth-service"},
    "since": NOW - 1_260.0,
}
ERRORS: dict[str, Any] = {
    "start": str(NOW_NS - 3_600 * 10**9),
    "end": str(NOW_NS),
    "asked": str(NOW_NS),
    "total": 1_612,
    "lines": 19_245,
    "services_seen": 21,
    "services": [
        {
            "namespace": "auth",
            "service": "auth-service",
            "count": 942,
            "kinds": [
                {
                    "noun": "authentication timeouts",
                    "count": 936,
                    "onset": str(NOW_NS - 1_320 * 10**9),
                },
                {"noun": "crashes", "count": 6},
            ],
        },
        {
            "namespace": "payments",
            "service": "payment-service",
            "count": 670,
            "kinds": [{"noun": "rate-limited requests", "count": 670}],
        },
    ],
    "warnings": {"total": 625},
}
NO_ERRORS: dict[str, Any] = {**ERRORS, "total": 0, "services": [], "warnings": {"total": 0}}


def overview(**parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OVERVIEW), **parts}


@pytest.fixture
def ask(toolbox: OpenBox, tmp_path: Path) -> Ask:
    """Ask the brain, with servers that answer as told; `gone` are servers that do not start."""

    async def asked(
        question: str, answers: dict[str, Any], gone: tuple[str, ...] = (), persona: str = "plain"
    ) -> Answer:
        file = tmp_path / "answers.json"
        file.write_text(json.dumps(answers))
        servers = [Server(name=name, transport="stdio", command="no-such-cmd") for name in gone]
        servers.append(
            Server(
                name="ops",
                transport="stdio",
                command=sys.executable,
                args=(str(OPS), str(file)),
                trusted=True,
            )
        )
        settings = HostSettings.model_validate({"persona": persona})
        async with toolbox(*servers) as box, open_assistant(box, settings) as assistant:
            return await assistant.answer(question)

    return asked


async def test_a_healthy_cluster_is_said_to_be_healthy(ask: Ask) -> None:
    answer = await ask(
        "How's my cluster doing?",
        {
            "k8s_overview": {"text": "-", "data": OVERVIEW},
            "prom_alerts": {"text": "-", "data": ALERTS},
            "loki_errors": {"text": "-", "data": NO_ERRORS},
        },
    )

    assert answer.text.splitlines() == [
        "Kubernetes",
        "3 of 3 nodes ready.",
        "45 of 45 pods running, over 6 namespaces.",
        "CPU 16% in use, normal; memory 75% in use, on the high side.",
        "",
        "Metrics (Prometheus)",
        "No alerts firing (7 rules checked).",
        "",
        "Logs (Loki)",
        "No errors in the logs in the last hour (19,245 lines of 21 services looked at).",
        "",
        "In short: all is well, nothing needs you.",
    ]
    assert [call.tool for call in answer.calls] == ["k8s_overview", "prom_alerts", "loki_errors"]


async def test_a_sick_cluster_names_what_is_sick(ask: Ask) -> None:
    pods = {
        **OVERVIEW["pods"],
        "states": {"Running": 43, "CrashLoopBackOff": 2},
        "sick": 2,
        "groups": [SICK_GROUP],
    }
    nodes = {**OVERVIEW["nodes"], "ready": 2, "troubled": [{"name": "n3", "what": "NotReady"}]}
    alerts = {**ALERTS, "firing": 1, "alerts": [ALERT]}
    answer = await ask(
        "how is the cluster?",
        {
            "k8s_overview": {"text": "-", "data": overview(pods=pods, nodes=nodes)},
            "prom_alerts": {"text": "-", "data": alerts},
            "loki_errors": {"text": "-", "data": ERRORS},
        },
    )

    lines = answer.text.splitlines()
    assert "2 of 3 nodes ready." in lines
    assert "43 of 45 pods running, over 6 namespaces (2 CrashLoopBackOff)." in lines
    assert "  node n3: NotReady" in lines
    assert "  shop/deploy/frontend: 2 pods CrashLoopBackOff, last exit 1, 9 restarts" in lines
    assert "1 alert firing, 1 critical:" in lines
    assert "  critical: HighErrorRate: auth/auth-service, since 22:16Z (21m ago)" in lines
    assert lines[-1] == "In short: not all is well; look first at node n3."


async def test_what_could_not_be_checked_is_named_and_is_not_well(ask: Ask) -> None:
    data = overview(nodes=None, usage=None, gaps=[{"part": "nodes", "why": "not allowed to list"}])
    answer = await ask("How's my cluster doing?", {"k8s_overview": {"text": "-", "data": data}})

    assert "Could not check nodes: not allowed to list" in answer.text
    assert "What CPU and memory are in use could not be told." in answer.text
    assert "No connected server has prom_alerts" in answer.text
    assert "all is well" not in answer.text


async def test_a_server_that_is_down_is_one_line_and_the_rest_is_answered(ask: Ask) -> None:
    answer = await ask(
        "How's my cluster doing?",
        {"k8s_overview": {"text": "-", "data": OVERVIEW}},
        gone=("prometheus",),
    )

    assert "3 of 3 nodes ready." in answer.text
    assert "prometheus is not available: no-such-cmd was not found" in answer.text
    assert list(answer.gaps) == ["prometheus"]


async def test_a_tool_that_fails_is_quoted_without_small_talk(ask: Ask) -> None:
    answer = await ask(
        "Any errors in the logs?", {"loki_errors": {"error": "Loki refused"}}, persona="british"
    )

    assert answer.text == "Error executing tool loki_errors: Loki refused"


async def test_errors_are_told_by_service_and_kind_with_the_onset(ask: Ask) -> None:
    answer = await ask("Any errors in the logs?", {"loki_errors": {"text": "-", "data": ERRORS}})

    assert answer.text.splitlines() == [
        "1,612 errors in the last hour, in 2 services (19,245 lines of 21 services looked at):",
        "  auth/auth-service: 936 authentication timeouts and 6 crashes",
        "  payments/payment-service: 670 rate-limited requests",
        "The biggest group, authentication timeouts in auth/auth-service (58% of all), "
        "began at 22:15Z, 22m ago.",
        "Look first at auth/auth-service.",
        "625 warnings besides.",
    ]


async def test_no_errors_and_no_logs_are_not_the_same(ask: Ask) -> None:
    none: dict[str, Any] = {**ERRORS, "total": 0, "services": []}
    clean = await ask("any errors?", {"loki_errors": {"text": "-", "data": none}})
    empty = await ask("any errors?", {"loki_errors": {"text": "-", "data": {**none, "lines": 0}}})

    assert clean.text.startswith("No errors in the logs in the last hour (19,245 lines")
    assert empty.text.startswith("There are no log lines at all in the last hour")


async def test_the_window_of_the_question_reaches_the_tool(ask: Ask) -> None:
    answer = await ask("Errors in the last 15 minutes?", {"loki_errors": {"text": "-"}})

    assert answer.calls[0].arguments == {"start": "15m"}


async def test_an_answer_without_known_data_is_the_tools_own_text(ask: Ask) -> None:
    other = {"text": "something else entirely", "data": {"foreign": True}}
    answer = await ask("any errors?", {"loki_errors": other})

    assert answer.text == "something else entirely"


async def test_a_searched_text_cannot_leave_its_quotes(ask: Ask) -> None:
    asked = "Search logs for '\"} | drop'"
    answer = await ask(asked, {"loki_query": {"text": "{logql}"}})

    assert answer.text == r'{service_name=~".+"} |= "\"} | drop"'


async def test_the_persona_stays_out_of_the_facts(ask: Ask) -> None:
    told = {"loki_errors": {"text": "-", "data": ERRORS}}
    plain = await ask("any errors?", told)
    british = await ask("any errors?", told, persona="british")

    assert plain.text in british.text
    assert british.text != plain.text


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("How's my cluster doing?", "cluster"),
        ("How\N{RIGHT SINGLE QUOTATION MARK}s the cluster?", "cluster"),
        ("is everything ok?", "cluster"),
        ("Any errors in the logs?", "errors"),
        ("Show me errors from the last hour", "errors"),
        ("How are my pods doing?", "pods"),
        ("Any alerts firing?", "alerts"),
        ("What's my CPU usage?", "usage"),
        ("Show me pod logs for web-7d9f", "logs"),
        ("Tail frontend service logs", "logs"),
        ("Search logs for 'timeout'", "search"),
        ("any warning events?", "events"),
        ("What changed in the last hour?", "changes"),
        ("Any recent changes in namespace shop?", "changes"),
        ("What's wrong?", "causes"),
        ("What is wrong with deploy/web?", "causes"),
        ("Diagnose the frontend", "causes"),
        ("Show me error rates", None),
        ("Scale up the frontend", "scale"),
        ("write me a poem", None),
        ("", None),
    ],
)
def test_questions_are_understood_or_refused(question: str, intent: str | None) -> None:
    found = understand(question)

    assert (found.name if found else None) == intent


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("What's wrong with my cluster?", {}),
        ("What's wrong with deploy/web?", {"object": "deploy/web"}),
        ("Diagnose deployment web", {"object": "deploy/web"}),
        ("Diagnose node n1", {"object": "node/n1"}),
        ("What is wrong in namespace shop?", {"namespace": "shop"}),
        (
            "What's wrong with service api in the shop namespace?",
            {"object": "service/api", "namespace": "shop"},
        ),
    ],
)
def test_a_diagnosis_is_about_what_was_named(question: str, arguments: dict[str, str]) -> None:
    intent = understand(question)

    assert intent is not None
    (step,) = intent.steps(question)
    assert (step.tool, step.arguments) == ("k8s_diagnose", arguments)


@pytest.mark.parametrize(
    ("question", "spelt"),
    [
        ("errors in the last hour", "1h"),
        ("errors in the past 15 minutes", "15m"),
        ("errors 2h", "2h"),
        ("errors of the last 90s", "90s"),
        ("errors in the last two days", "2d"),
        ("errors in the last half an hour", "30m"),
        ("errors today", "1d"),
        ("errors in the last 900 weeks", "30d"),
        ("errors in the last 0 minutes", None),
        ("any errors?", None),
    ],
)
def test_windows_are_read(question: str, spelt: str | None) -> None:
    found = window_in(question)

    assert (spell(found) if found else None) == spelt


@given(st.text(max_size=60))
def test_any_question_has_a_window_within_bounds_or_none(question: str) -> None:
    found = window_in(question)

    assert found is None or timedelta(0) < found <= LONGEST


@given(st.integers(min_value=1, max_value=10_000), st.sampled_from("smhd"))
def test_a_spelt_window_is_read_back(number: int, unit: str) -> None:
    found = window_in(f"errors in the last {number}{unit}")

    assert found is not None
    assert window_in(f"errors in the last {spell(found)}") == found
