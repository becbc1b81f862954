"""Which servers are connected to, and what their processes are given."""

import os
import sys
from pathlib import Path

import pytest

from jamie_host.errors import ConfigError
from jamie_host.servers import child_environment, find_servers
from jamie_host.settings import HostSettings, ServerSettings


def settings(**servers: ServerSettings) -> HostSettings:
    return HostSettings(installed=False, servers=servers)


def test_installed_servers_are_started_as_modules_and_trusted() -> None:
    found = {server.name: server for server in find_servers(HostSettings(), {})}

    assert {"kubernetes", "prometheus", "loki"} <= set(found)
    assert found["loki"].command == sys.executable
    assert found["loki"].args == ("-m", "jamie_loki")
    assert found["loki"].trusted


def test_an_installed_server_can_be_changed_or_left_out() -> None:
    given = HostSettings(
        servers={
            "loki": ServerSettings(env={"JAMIE_LOKI_URL": "http://l"}),
            "prometheus": ServerSettings(enabled=False),
            "kubernetes": ServerSettings(url="https://k/mcp"),
        }
    )

    found = {server.name: server for server in find_servers(given, {})}

    assert found["loki"].args == ("-m", "jamie_loki")
    assert found["loki"].env["JAMIE_LOKI_URL"] == "http://l"
    assert "prometheus" not in found
    assert found["kubernetes"].transport == "http"
    assert not found["kubernetes"].trusted


@pytest.mark.parametrize(
    ("given", "transport"),
    [
        (ServerSettings(command="x"), "stdio"),
        (ServerSettings(url="http://a/sse"), "sse"),
        (ServerSettings(url="http://a/sse/?x=1"), "sse"),
        (ServerSettings(url="http://a/mcp"), "http"),
        (ServerSettings(url="http://a/sse", transport="http"), "http"),
    ],
)
def test_the_transport_follows_from_the_address(given: ServerSettings, transport: str) -> None:
    (found,) = find_servers(settings(x=given), {})

    assert found.transport == transport


def test_variables_are_put_in_everywhere() -> None:
    given = ServerSettings.model_validate(
        {
            "url": "https://${HOST}/mcp",
            "token": "${TOKEN}",
            "headers": {"X-Org": "${env:ORG}", "X-Area": "${AREA:-eu}"},
        }
    )

    (found,) = find_servers(settings(x=given), {"HOST": "h", "TOKEN": "t", "ORG": "o"})

    assert found.url == "https://h/mcp"
    assert found.headers == {"X-Org": "o", "X-Area": "eu", "Authorization": "Bearer t"}


def test_a_missing_variable_puts_only_its_server_out() -> None:
    found = find_servers(
        settings(a=ServerSettings(command="${NOPE}"), b=ServerSettings(command="b")), {}
    )

    assert found[0].problem == "not started: the variable NOPE is not set"
    assert found[1].problem == ""


def test_a_server_without_address_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError, match=r"servers.x: neither command nor url"):
        find_servers(settings(x=ServerSettings()), {})


def test_the_address_shows_no_credentials() -> None:
    given = ServerSettings(url="https://me:secret@h/mcp?token=secret")
    (found,) = find_servers(settings(x=given), {})

    assert found.address == "https://h/mcp"


def test_own_servers_get_what_reaches_a_backend_and_foreign_ones_do_not() -> None:
    variables = dict.fromkeys(
        [
            "JAMIE_LOKI_URL",
            "KUBECONFIG",
            "AWS_PROFILE",
            "https_proxy",
            "SSL_CERT_FILE",
            "OPENAI_API_KEY",
            "ANTHROPIC_API_KEY",
            "JAMIE_API_KEY",
            "JAMIE_SERVERS",
            "GOOGLE_API_KEY",
            "RANDOM",
        ],
        "x",
    )

    assert set(child_environment(variables, own=True)) == {
        "JAMIE_LOKI_URL",
        "KUBECONFIG",
        "AWS_PROFILE",
        "https_proxy",
        "SSL_CERT_FILE",
    }
    assert set(child_environment(variables, own=False)) == {"https_proxy", "SSL_CERT_FILE"}


def test_a_file_of_another_host_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{"mcpServers": {"x": {"command": "${CMD}"}}}')
    given = HostSettings(installed=False, mcp_config=(path,))

    (found,) = find_servers(given, {**os.environ, "CMD": "run-x"})

    assert found.command == "run-x"
