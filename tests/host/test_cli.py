"""The command, run as a process."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

Jamie = Callable[..., "subprocess.CompletedProcess[str]"]

BROKEN = "\n[servers.loki]\ncommand = 'no-such-command-here'\n"


def test_tools_lists_every_server_with_its_cost_and_the_broken_one_in_a_line(
    jamie: Jamie, shop_toml: str
) -> None:
    done = jamie("tools", files={"jamie.toml": shop_toml + BROKEN})

    assert done.returncode == 0, done.stderr
    assert "shop: 11 tools, " in done.stdout
    assert " tokens (version 3.2.1, MCP 2026-07-28)" in done.stdout
    assert "  shop_echo   Say it again." in done.stdout
    assert "loki: not available: no-such-command-here was not found" in done.stdout
    assert done.stderr == ""


def test_tools_as_json_is_for_programs(jamie: Jamie, shop_toml: str) -> None:
    found = json.loads(jamie("tools", "--json", files={"jamie.toml": shop_toml}).stdout)

    assert found["shop"]["available"]
    assert "shop_echo" in found["shop"]["tools"]
    assert found["shop"]["bytes"] > 1_000


def test_no_server_at_all_says_what_to_do(jamie: Jamie) -> None:
    done = jamie("tools")

    assert done.returncode == 1
    assert "[servers.NAME]" in done.stdout


def test_call_takes_words_by_the_tools_schema(jamie: Jamie, shop_toml: str) -> None:
    done = jamie("call", "shop_echo", "text=1", "times=3", files={"jamie.toml": shop_toml})

    assert (done.returncode, done.stdout) == (0, "1 1 1\n"), done.stderr


def test_call_takes_json_and_prints_data(jamie: Jamie, shop_toml: str) -> None:
    done = jamie(
        "call", "shop_stock", "--args", '{"item": "tea"}', "--json", files={"jamie.toml": shop_toml}
    )

    assert json.loads(done.stdout) == {"item": "tea", "count": 3}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["call", "shop_ecko", "text=x"],
            1,
            "There is no tool 'shop_ecko'. Did you mean shop_echo",
        ),
        (["call", "shop_echo", "text"], 2, "'text' is not key=value. shop_echo takes: text, times"),
        (["call", "shop_echo", "times=many"], 2, "times=many: expected integer."),
        (["call", "shop_echo", "--args", "{"], 2, "--args is not JSON"),
        (["call", "shop_fail", "why=broken"], 1, "broken"),
        (["frobnicate"], 2, "No such command 'frobnicate'"),
        (["tool"], 2, "tools"),
        (["ask", "x", "--persona", "welsh"], 2, "persona"),
        (["ask", "x", "--model", "nosuch:model"], 2, "nosuch:model"),
        (["tools", "--config", "absent.toml"], 2, "absent.toml: cannot be read"),
    ],
)
def test_nonsense_gets_a_clear_word_and_its_code(
    jamie: Jamie, shop_toml: str, words: list[str], code: int, said: str
) -> None:
    done = jamie(*words, files={"jamie.toml": shop_toml})

    assert said in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_ask_without_a_model_says_what_it_cannot_do(jamie: Jamie, shop_toml: str) -> None:
    done = jamie("ask", "Write me a poem about pipes", files={"jamie.toml": shop_toml})

    assert done.returncode == 0
    assert done.stdout.startswith("I can't answer that without a language model.")
    assert '"Any errors in the logs?"' in done.stdout


def test_ask_with_a_model_shows_the_evidence(
    jamie: Jamie, shop_toml: str, model: Callable[..., Any]
) -> None:
    player = model([("shop_echo", {"text": "proof"})], "It says proof.")
    done = jamie(
        "ask",
        "What does it say?",
        "--model",
        "openai:scripted",
        "--base-url",
        f"{player.url}/v1",
        "--evidence",
        files={"jamie.toml": shop_toml},
        JAMIE_API_KEY="a-key",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("It says proof.\n\nEvidence:\n")
    assert '[1] shop_echo {"text": "proof"} (shop, ' in done.stdout


def test_ask_as_json_holds_everything_and_no_small_talk(
    jamie: Jamie, shop_toml: str, model: Callable[..., Any]
) -> None:
    player = model("Plain.")
    done = jamie(
        "ask",
        "Hello?",
        "--json",
        files={"jamie.toml": shop_toml + BROKEN},
        JAMIE_MODEL="scripted",
        JAMIE_BASE_URL=f"{player.url}/v1",
    )

    answer = json.loads(done.stdout)
    assert answer["text"] == "Plain."
    assert answer["complete"] is True
    assert list(answer["gaps"]) == ["loki"]
    assert "British colleague" not in str(player.requests[0])


def test_a_model_that_cannot_be_asked_ends_with_one_line(jamie: Jamie, shop_toml: str) -> None:
    done = jamie(
        "ask",
        "x",
        "--model",
        "m",
        "--base-url",
        "http://127.0.0.1:9/v1",
        files={"jamie.toml": shop_toml},
    )

    assert done.returncode == 1
    assert done.stderr.startswith("jamie: The model m at http://127.0.0.1:9/v1")
    assert done.stderr.count("\n") == 1


def test_chat_without_a_terminal_answers_line_by_line(
    jamie: Jamie, shop_toml: str, model: Callable[..., Any]
) -> None:
    player = model([("shop_echo", {"text": "x"})], "First.", "Second.")
    done = jamie(
        "chat",
        stdin="one\n\ntwo\nevidence\nexit\nthree\n",
        files={"jamie.toml": shop_toml},
        JAMIE_MODEL="scripted",
        JAMIE_BASE_URL=f"{player.url}/v1",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "jamie> one",
        "First.",
        "",
        "jamie> two",
        "Second.",
        "",
        "Evidence: no tool was called.",
    ]


def test_mcp_config_files_are_read_beside_the_settings(jamie: Jamie, shop_toml: str) -> None:
    entry = {"command": sys.executable, "args": ["-c", "raise SystemExit('bye')"]}
    done = jamie(
        "tools",
        "--mcp-config",
        "mcp.json",
        files={"jamie.toml": shop_toml, "mcp.json": json.dumps({"mcpServers": {"other": entry}})},
    )

    assert "shop: 11 tools" in done.stdout
    assert 'other: not available: Connection closed; its last words: "bye"' in done.stdout


def test_children_get_the_variables_they_need_and_no_keys(jamie: Jamie, shop_toml: str) -> None:
    done = jamie(
        "call",
        "shop_env",
        files={"jamie.toml": shop_toml},
        HTTPS_PROXY="http://proxy.example",
        JAMIE_API_KEY="canary",
        OPENAI_API_KEY="canary",
        AWS_SECRET_ACCESS_KEY="canary",
    )

    names = done.stdout.split()
    assert "HTTPS_PROXY" in names
    assert not {"JAMIE_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"} & set(names)


def test_the_doctor_puts_the_worst_first_and_ends_with_one(jamie: Jamie, shop_toml: str) -> None:
    done = jamie("doctor", files={"jamie.toml": shop_toml + BROKEN})

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1. BROKEN: loki is not available: no-such-command-here was not")
    assert "2. BROKEN: shop: shop default at http://shop cannot be reached: connection refused" in (
        lines
    )
    assert "   To fix: start the shop" in lines
    assert any("shop: shop branch: its clock is 95 s behind ours" in line for line in lines)
    assert not any("annexe" in line and "clock" in line for line in lines)
    assert "shop: connected, version 3.2.1, MCP 2026-07-28, mode read" in lines
    assert "Model: the built-in brain (no language model is set)" in lines


def test_the_doctor_asks_the_model_only_on_request(jamie: Jamie, model: Callable[..., Any]) -> None:
    player = model("ok")
    given = {"JAMIE_MODEL": "scripted", "JAMIE_BASE_URL": f"{player.url}/v1"}
    silent = jamie("doctor", **given)
    asked_before = len(player.requests)
    checked = jamie("doctor", "--model-check", **given)

    assert asked_before == 0
    assert "not asked; --model-check asks it" in silent.stdout
    assert "answered in" in checked.stdout
    assert len(player.requests) == 1


def test_quick_commands_load_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['jamie', {argument!r}]\n"
        "from jamie_host.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in {heavy} if m in sys.modules])"
    )
    heavy = ["pydantic_ai", "mcp", "pydantic_settings", "prompt_toolkit", "openai", "anthropic"]
    for argument in ("--help", "--version"):
        source = code.format(argument=argument, heavy=heavy)
        done = subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_tools_never_loads_the_agent(jamie: Jamie) -> None:
    done = jamie("tools", PYTHONPROFILEIMPORTTIME="1")

    assert "mcp.client" in done.stderr
    assert "pydantic_ai" not in done.stderr
    assert "prompt_toolkit" not in done.stderr
