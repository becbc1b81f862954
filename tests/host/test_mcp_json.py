"""Files in the `mcpServers` shape, as other hosts write them."""

from pathlib import Path

import pytest

from jamie_host.errors import ConfigError
from jamie_host.mcp_json import read_servers


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    return path


def test_claudes_and_cursors_shape(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """{"mcpServers": {
            "loki": {"command": "jamie-loki", "args": ["--url", "http://l"], "env": {"A": "b"}},
            "remote": {"type": "http", "url": "https://x/mcp", "headers": {"X-A": "b"}},
            "old": {"url": "https://x/sse", "disabled": true, "alwaysAllow": ["a"]}}}""",
    )

    servers = read_servers(path)

    assert servers["loki"].args == ("--url", "http://l")
    assert servers["remote"].transport == "http"
    assert servers["remote"].headers == {"X-A": "b"}
    assert not servers["old"].enabled


def test_vs_codes_shape_with_comments(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """{
          // what VS Code writes
          "inputs": [],
          "servers": {"k8s": {"type": "stdio", "command": "jamie-kubernetes", /* here */ }},
        }""",
    )

    assert read_servers(path)["k8s"].command == "jamie-kubernetes"


def test_a_url_with_slashes_is_no_comment(tmp_path: Path) -> None:
    path = written(tmp_path, '{"mcpServers": {"a": {"url": "http://a//b,}"}}}')

    assert read_servers(path)["a"].url == "http://a//b,}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mcpServers": {"a": ', "not valid JSON: Expecting value at line 1, column 22"),
        ('{\n"mcpServers": [}', "line 2, column 16"),
        ("[]", "expected a table of keys and values, got a list"),
        ("{}", 'no "mcpServers" in it'),
        ('{"mcpServers": {"a": 1}}', "mcpServers.a: expected a table"),
        ('{"mcpServers": {"a": {}}}', 'mcpServers.a: neither "command" nor "url"'),
        ('{"mcpServers": {"a": {"command": 1}}}', "mcpServers.a.command: "),
        ('{"mcpServers": {"a": {"url": "x", "type": "grpc"}}}', "a.type: 'grpc' is not one of"),
        ('{"mcpServers": {"a": {"command": "x", "args": "y"}}}', "mcpServers.a.args: "),
    ],
)
def test_a_wrong_file_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        read_servers(path)

    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.json: cannot be read: No such file"):
        read_servers(tmp_path / "absent.json")
