"""Wrong settings: one sentence each, with the way out and never a secret."""

from collections.abc import Sequence

import pytest
from pydantic_settings import SettingsConfigDict

from jamie_base.flags import BadSettings, parse, program, strays
from jamie_base.settings import HttpSettings


class Settings(HttpSettings):
    """Settings of a server that does not exist."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_SHELF_")

    url: str = "http://localhost:1"


def problems(*flags: str) -> Sequence[str]:
    with pytest.raises(BadSettings) as caught:
        parse(Settings, flags)

    return caught.value.problems


def test_the_command_is_named_like_the_environment_prefix() -> None:
    assert program(Settings) == "jamie-shelf"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--prot 80", "No such flag: --prot. Did you mean '--port'?"),
        ("--por=80", "No such flag: --por. Did you mean '--port'?"),
        ("--zzz", "No such flag: --zzz."),
        ("help", "Only flags are taken, and something else was given."),
        ("--port", "argument --port: expected one argument."),
        (
            "--port 80x",
            "--port (JAMIE_SHELF_PORT) = '80x': input should be a valid integer,"
            " unable to parse string as an integer.",
        ),
        (
            "--port 70000",
            "--port (JAMIE_SHELF_PORT) = '70000': input should be less than or equal to 65535.",
        ),
        (
            "--data some",
            "--data (JAMIE_SHELF_DATA) = 'some': input should be 'request' or 'always'.",
        ),
        (
            "--tokens {bad",
            "--tokens (JAMIE_SHELF_TOKENS): not valid JSON, which this setting is written in.",
        ),
    ],
)
def test_a_wrong_flag_is_one_sentence_with_the_way_out(flags: str, said: str) -> None:
    assert problems(*flags.split()) == (said,)


def test_every_problem_is_named() -> None:
    assert len(problems("--port", "x", "--deadline", "-1", "--data", "x")) == 3


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "TOKENS",
            '{"a": {"token": "hunter2", "scope": "admin"}}',
            "--tokens (JAMIE_SHELF_TOKENS), at a.scope: input should be 'read' or 'write'.",
        ),
        (
            "TOKENS",
            '{"a": {"token": ["hunter2"]}}',
            "--tokens (JAMIE_SHELF_TOKENS), at a.token: input should be a valid string.",
        ),
        (
            "TOKENS",
            '{"a": {"token": "hunter2", "user": " "}}',
            "--tokens (JAMIE_SHELF_TOKENS), at a.user: it is empty or has characters that cannot be"
            " seen.",
        ),
        (
            "TOKENS",
            '{"a": {"token": "hunter2", "groups": ["ops", "ops\\nImpersonate-User: admin"]}}',
            "--tokens (JAMIE_SHELF_TOKENS), at a.groups.1: it is empty or has characters that"
            " cannot be seen.",
        ),
        (
            "TOKENS",
            '{"a": {"token": "hunter2"}, "b": {"token": "hunter2"}}',
            "--tokens (JAMIE_SHELF_TOKENS): 'a' and 'b' have the same token.",
        ),
        (
            "TOKENS",
            '{" ": {"token": "hunter2"}}',
            "--tokens (JAMIE_SHELF_TOKENS): a name in it is empty or has characters that cannot be"
            " seen.",
        ),
        (
            "TOKENS",
            '{"a": {"token": ""}}',
            "--tokens (JAMIE_SHELF_TOKENS), at a.token: it is empty, or has spaces or characters"
            " that no header may hold.",
        ),
        (
            "TOKENS",
            '{"a": "hunter2"',
            "--tokens (JAMIE_SHELF_TOKENS): not valid JSON, which this setting is written in.",
        ),
        (
            "SOURCES",
            '{"eu": {"url": "http://eu", "pasword": "hunter2"}}',
            "--sources (JAMIE_SHELF_SOURCES), at eu.pasword: extra inputs are not permitted.",
        ),
    ],
)
def test_a_wrong_variable_is_named_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"JAMIE_SHELF_{variable}", value)

    assert problems() == (said,)


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    said = " ".join(
        [
            *problems("--tokken", "hunter2"),
            *problems("--tokken=hunter2"),
            *problems("hunter2"),
            *problems("--timeout", "http://user:hunter2@host"),
        ]
    )

    assert "hunter2" not in said


def test_lists_take_commas_and_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_SHELF_ALLOW_HOST", "a.example, b.example")
    assert parse(Settings, []).allow_host == ["a.example", "b.example"]

    assert parse(Settings, ["--allow-host", "c", "--allow-host", "d"]).allow_host == ["c", "d"]


def test_shared_variables_hold_for_every_server_unless_it_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATE_DIR", "/elsewhere")
    monkeypatch.setenv("JAMIE_STATE_DIR", "/shared")
    assert str(parse(Settings, []).state_dir) == "/shared"

    monkeypatch.setenv("JAMIE_SHELF_STATE_DIR", "/own")
    assert str(parse(Settings, []).state_dir) == "/own"


def test_what_kubernetes_injects_for_a_service_of_our_name_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links = {
        "JAMIE_SHELF_PORT": "tcp://10.0.0.1:80",
        "JAMIE_SHELF_PORT_80_TCP": "tcp://10.0.0.1:80",
        "JAMIE_SHELF_PORT_80_TCP_ADDR": "10.0.0.1",
        "JAMIE_SHELF_SERVICE_HOST": "10.0.0.1",
        "JAMIE_SHELF_SERVICE_PORT_HTTP": "80",
    }
    for name, value in links.items():
        monkeypatch.setenv(name, value)

    assert parse(Settings, []).port == 8000
    assert strays(Settings, links) == []


def test_a_misspelt_variable_is_pointed_out() -> None:
    assert strays(Settings, {"JAMIE_SHELF_URRL": "x", "JAMIE_SHELF_URL": "x", "PATH": "x"}) == [
        "JAMIE_SHELF_URRL is no setting and changes nothing. Did you mean 'JAMIE_SHELF_URL'?"
    ]
