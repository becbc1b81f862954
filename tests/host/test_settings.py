"""Settings from flags, variables and files; every mistake names its place and the way out."""

import os
from pathlib import Path

import pytest

from jamie_host.errors import ConfigError
from jamie_host.settings import load


@pytest.fixture(autouse=True)
def empty_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JAMIE_")]:
        monkeypatch.delenv(name)


def test_flags_win_over_variables_and_variables_over_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jamie.toml").write_text("model = 'file'\npersona = 'plain'\nsteps = 3\n")
    monkeypatch.setenv("JAMIE_MODEL", "variable")
    monkeypatch.setenv("JAMIE_STEPS", "4")

    settings = load({"model": "flag", "base_url": None})

    assert (settings.model, settings.steps, settings.persona) == ("flag", 4, "plain")


def test_a_variable_adds_to_the_servers_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jamie.toml").write_text("[servers.a]\ncommand = 'a'\n")
    monkeypatch.setenv("JAMIE_SERVERS", '{"a": {"enabled": false}, "b": {"url": "http://b"}}')

    servers = load().servers

    assert servers["a"].command == "a"
    assert not servers["a"].enabled
    assert servers["b"].url == "http://b"


def test_several_config_files_are_written_like_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_MCP_CONFIG", f"one.json{os.pathsep}two.json")

    assert load().mcp_config == (Path("one.json"), Path("two.json"))


def test_the_key_does_not_show() -> None:
    assert "canary" not in repr(load({"api_key": "canary"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model = \n", ["jamie.toml", "not valid TOML", "line 1, column 9"]),
        ("modle = 'x'", ["jamie.toml: modle", "no such setting", "Did you mean model?"]),
        ("persona = 'welsh'", ["jamie.toml: persona", "'british' or 'plain'", "got 'welsh'"]),
        ("steps = 0", ["jamie.toml: steps", "greater than or equal to 1", "got 0"]),
        ("servers = 3", ["jamie.toml: servers", "Correct the value"]),
        ("[servers.x]\ncomand = 'y'", ["servers.x.comand", "Did you mean command?"]),
        ("[servers.x]\ntransport = 'grpc'", ["servers.x.transport", "got 'grpc'"]),
        ("[policy]\nallows = []", ["policy.allows", "Did you mean allow?"]),
    ],
)
def test_a_wrong_file_says_where_why_and_what_to_do(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    (tmp_path / "jamie.toml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load()

    for words in said:
        assert words in str(caught.value)


def test_a_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(ConfigError, match=r"^--persona: persona: "):
        load({"persona": "welsh"})


def test_a_wrong_variable_is_named_as_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_STEPS", "many")

    with pytest.raises(ConfigError, match=r"^JAMIE_STEPS: steps: "):
        load()


def test_a_variable_that_is_not_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAMIE_SERVERS", "{")

    with pytest.raises(ConfigError, match="servers"):
        load()
