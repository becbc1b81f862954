"""The command line every server has."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server import MCPServer
from pydantic_settings import SettingsConfigDict

from jamie_base.serve import serve
from jamie_base.settings import ServerSettings

SERVER = Path(__file__).parents[1] / "conformance_server" / "server.py"


class Settings(ServerSettings):
    """Settings of a server that cannot be built."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_BASE_")


async def ran(*flags: str) -> tuple[int, str, str]:
    with anyio.fail_after(30):
        done = await anyio.run_process([sys.executable, str(SERVER), *flags], check=False)

    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_version_is_the_distributions() -> None:
    code, out, said = await ran("--version")

    assert (code, said) == (0, "")
    assert out.endswith(f"jamie-base {version('jamie-base')}\n")


async def test_help_names_every_flag_with_its_variable() -> None:
    code, out, said = await ran("--help")

    assert (code, said) == (0, "")
    assert "--transport {stdio,sse,http}" in out
    assert "[env: JAMIE_BASE_PORT]" in out
    assert "--port NUMBER" in out
    assert "--allow-host A,B" in out
    assert "(default: 8000)" in out
    assert "null" not in out
    assert "factory" not in out
    assert "--version" in out


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_wrong_flag_ends_it_with_a_sentence(transport: str) -> None:
    code, _, said = await ran("--transport", transport, "--deadline", "never")

    assert code == 2
    assert said == (
        "jamie-base: --deadline (JAMIE_BASE_DEADLINE) = 'never': input should be a valid number,"
        " unable to parse string as a number.\n"
        "jamie-base: See jamie-base --help.\n"
    )


def test_a_server_that_cannot_be_built_ends_it_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(_: Settings) -> MCPServer[Any]:
        raise FileNotFoundError(2, "No such file or directory", "/kube/config")

    with pytest.raises(SystemExit) as caught:
        serve(Settings, build, [])

    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "jamie-base: cannot start: [Errno 2] No such file or directory: '/kube/config'\n"
    )
