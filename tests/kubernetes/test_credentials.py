"""Who we are: tokens, plugins, logins; what a request carries."""

import base64
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio.lowlevel
import httpx
import pytest

from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.settings import Settings
from tests.kubernetes.conftest import Ask, Connect, text_of
from tests.kubernetes.wire import Api, Json, kubeconfig, loads, save, status

V1 = "client.authentication.k8s.io/v1"

Login = Callable[..., None]


@pytest.fixture
def login(config: Path) -> Login:
    """Let the kubeconfig's user be known by the given fields."""

    def login(**user: Any) -> None:
        save(config, kubeconfig(**user))

    return login


@pytest.fixture
def plugin(tmp_path: Path, login: Login) -> Callable[..., Path]:
    """Write a shell script and let the kubeconfig's user run it."""

    def plugin(script: str, **fields: Any) -> Path:
        path = tmp_path / "login-plugin"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        login(exec={"command": "./login-plugin", "apiVersion": V1, **fields})
        return path

    return plugin


def credential(token: str = "", version: str = V1, **state: str) -> str:
    body = {"token": token, **state} if token else state
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": body})


def authorisations(api: Api) -> list[str]:
    return [one.headers.get("authorization", "") for one in api.requests]


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({}, ""),
        ({"token": "abc"}, "Bearer abc"),
        ({"username": "me", "password": "pw"}, f"Basic {base64.b64encode(b'me:pw').decode()}"),
    ],
)
async def test_fixed_credentials_are_sent_as_they_are(
    ask: Ask, login: Login, api: Api, user: dict[str, str], header: str
) -> None:
    login(**user)
    await ask("k8s_events")

    assert authorisations(api) == [header]


async def test_impersonation_is_passed_on(ask: Ask, login: Login, api: Api) -> None:
    login(
        **{
            "token": "abc",
            "as": "alice",
            "as-uid": "42",
            "as-groups": ["dev", "oncall"],
            "as-user-extra": {"example.net/team": ["shop"]},
        }
    )
    await ask("k8s_events")

    headers = api.requests[0].headers
    assert (headers["impersonate-user"], headers["impersonate-uid"]) == ("alice", "42")
    assert headers.get_list("impersonate-group") == ["dev", "oncall"]
    assert headers["impersonate-extra-example.net%2fteam"] == "shop"


async def test_a_token_file_wins_and_is_read_again(
    ask: Ask, login: Login, api: Api, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("one\n")
    login(token="old", tokenFile="token")

    await ask("k8s_events")
    (tmp_path / "token").write_text("two")
    await ask("k8s_events")

    assert authorisations(api) == ["Bearer one", "Bearer two"]


async def test_a_refusal_met_while_lines_are_read_comes_out_as_it_is(
    login: Login, config: Path, tmp_path: Path, api: Api
) -> None:
    (tmp_path / "token").write_text("one")
    login(tokenFile="token")
    api.routes["/metrics"] = httpx.Response(200, text="a line\n")
    cluster = Cluster(Settings(kubeconfig=str(config)))

    with pytest.raises(Unauthorised, match="elsewhere"):
        async with cluster.lines("/metrics", (), limit=100):
            (tmp_path / "token").write_text("two")
            raise Unauthorised("elsewhere")
    await cluster.aclose()


async def test_a_token_file_that_is_missing_is_named(ask: Ask, login: Login) -> None:
    login(tokenFile="gone")

    answer = await ask("k8s_events")

    assert answer.startswith("error: Cannot read the token file")
    assert "gone" in answer


async def test_a_plugin_s_token_is_used_until_it_is_refused(
    ask: Ask, plugin: Callable[..., Path], api: Api, tmp_path: Path
) -> None:
    path = plugin(f"echo run >> {tmp_path}/runs; echo '{credential('first')}'")
    await ask("k8s_events")
    path.write_text(path.read_text().replace("first", "second"))

    api.routes["/api/v1/events"] = status(401, "Unauthorized", "Unauthorized")
    refused = await ask("k8s_events")
    del api.routes["/api/v1/events"]
    again = await ask("k8s_events", since="30m")

    assert "answered 401: Unauthorized" in refused
    assert again.startswith("No warning events")
    assert authorisations(api)[:3] == ["Bearer first", "Bearer first", "Bearer second"]


async def test_a_plugin_that_gives_a_refused_token_again_is_run_again_by_the_next_call(
    ask: Ask, plugin: Callable[..., Path], api: Api
) -> None:
    path = plugin(f"echo '{credential('stale')}'")
    api.routes["/api/v1/events"] = status(401, "Unauthorized", "Unauthorized")
    refused = await ask("k8s_events")
    path.write_text(path.read_text().replace("stale", "fresh"))
    await ask("k8s_events", since="30m")

    assert "answered 401: Unauthorized" in refused
    assert authorisations(api)[-1] == "Bearer fresh"


async def test_calls_at_the_same_time_share_one_run_of_the_plugin(
    ask: Ask, plugin: Callable[..., Path], api: Api, tmp_path: Path
) -> None:
    plugin(f"echo run >> {tmp_path}/runs; echo '{credential('t')}'")

    await ask("k8s_overview")

    assert (tmp_path / "runs").read_text().splitlines() == ["run"]
    assert set(authorisations(api)) == {"Bearer t"}


async def test_an_expired_token_is_fetched_again_and_one_that_holds_is_not(
    connect: Connect, plugin: Callable[..., Path], api: Api, tmp_path: Path
) -> None:
    client = await connect()
    for hours, runs in ((-1, 2), (1, 1)):
        until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        answer = credential("t", expirationTimestamp=until)
        plugin(f"echo run >> {tmp_path}/runs{hours}; echo '{answer}'")
        await client.call_tool("k8s_events", {})
        await client.call_tool("k8s_events", {})

        assert (tmp_path / f"runs{hours}").read_text().count("run") == runs


async def test_a_plugin_learns_what_it_is_asked_for(
    ask: Ask, plugin: Callable[..., Path], api: Api, config: Path, tmp_path: Path
) -> None:
    plugin(
        f'printf %s "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n'
        f"printf %s \"$REGION $1\" > {tmp_path}/given\necho '{credential('t')}'",
        args=["--cluster=lab"],
        env=[{"name": "REGION", "value": "eu"}],
        provideClusterInfo=True,
    )
    written = loads(config)
    written["clusters"][0]["cluster"]["extensions"] = [
        {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    ]
    save(config, written)

    await ask("k8s_events")

    assert (tmp_path / "given").read_text() == "eu --cluster=lab"
    assert json.loads((tmp_path / "info").read_text()) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {"server": "http://cluster", "config": {"audience": "x"}},
        },
    }


async def test_the_older_plugin_version_works_too(
    ask: Ask, plugin: Callable[..., Path], api: Api
) -> None:
    version = "client.authentication.k8s.io/v1beta1"
    plugin(f"echo '{credential('t', version)}'", apiVersion=version)

    await ask("k8s_events")

    assert authorisations(api) == ["Bearer t"]


async def test_a_missing_plugin_is_not_on_this_path(ask: Ask, login: Login) -> None:
    login(exec={"command": "no-such-plugin", "apiVersion": V1, "installHint": "Install it from x."})

    answer = await ask("k8s_events")

    assert answer.startswith("error: Credential plugin 'no-such-plugin' is not on this PATH (")
    assert os.environ["PATH"] in answer
    assert answer.endswith("Install it from x.")


async def test_a_failing_plugin_speaks_for_itself_without_its_secrets(
    ask: Ask, plugin: Callable[..., Path]
) -> None:
    plugin("echo 'session expired; password=hunter2hunter2' >&2; exit 3")

    answer = await ask("k8s_overview")

    assert "failed with exit code 3: session expired" in answer
    assert "hunter2" not in answer


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("k8s_overview", {}),
        ("k8s_diagnose", {}),
        ("k8s_changes", {}),
        ("k8s_pods", {}),
        ("k8s_workloads", {}),
        ("k8s_rollout", {"name": "deploy/web"}),
        ("k8s_services", {}),
        ("k8s_graph", {"object": "deploy/web"}),
        ("k8s_logs", {"name": "web"}),
        ("k8s_events", {}),
        ("k8s_nodes", {}),
        ("k8s_top", {}),
        ("k8s_get", {"what": "pods"}),
        ("k8s_access", {}),
    ],
)
@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"exec": {"command": "false", "apiVersion": V1}}, "Credential plugin 'false' failed"),
        ({"auth-provider": {"name": "oidc", "config": {}}}, "the OIDC token of context 'lab' is"),
        ({"client-certificate": "gone.pem", "client-key": "gone.pem"}, "Cannot read the client-c"),
        (
            {"client-certificate-data": "YQ==", "client-key-data": "YQ=="},
            "The client certificate and key do not work together",
        ),
    ],
    ids=["plugin", "oidc", "no certificate", "bad certificate"],
)
async def test_who_cannot_sign_in_says_only_that(
    ask: Ask, login: Login, tool: str, arguments: Json, user: Json, words: str
) -> None:
    login(**user)

    answer = await ask(tool, **arguments)

    assert answer.startswith("error: ")
    assert words in answer
    assert len(answer) < 400


async def test_a_hanging_plugin_is_stopped_with_its_children(
    connect: Connect, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(f"echo 'open https://login' >&2; sleep 300 & echo $! > {tmp_path}/child; wait")
    client = await connect(plugin_timeout=0.5)

    started = time.monotonic()
    answer = text_of(await client.call_tool("k8s_overview", {}))

    assert "gave no answer within 0.5 s and was stopped; it said: open https://login" in answer
    assert time.monotonic() - started < 5
    with anyio.fail_after(5):
        while alive(tmp_path / "child"):
            await anyio.lowlevel.checkpoint()


def alive(pid_file: Path) -> bool:
    """Tell whether the process named in a file runs; a zombie nobody waited for does not."""
    state = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("not json", "printed no ExecCredential"),
        ("{}", "printed no ExecCredential"),
        (credential(), "printed neither a token nor a client certificate"),
        (credential("t", "client.authentication.k8s.io/v1beta1"), "the kubeconfig asks for"),
        (json.dumps({"apiVersion": V1, "kind": "Secret", "status": {"token": "t"}}), "Secret"),
    ],
)
async def test_a_plugin_that_prints_something_else_is_refused(
    ask: Ask, plugin: Callable[..., Path], printed: str, words: str
) -> None:
    plugin(f"echo '{printed}'")

    assert words in await ask("k8s_events")


async def test_a_plugin_that_prints_without_end_is_stopped(
    connect: Connect, plugin: Callable[..., Path]
) -> None:
    plugin("exec yes 0123456789012345678901234567890123456789")
    client = await connect(plugin_timeout=1)

    assert "gave no answer within 1 s" in text_of(await client.call_tool("k8s_events", {}))


async def test_a_plugin_that_insists_on_a_terminal_is_not_run(
    ask: Ask, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(f"touch {tmp_path}/ran", interactiveMode="Always")

    assert "insists on a terminal" in await ask("k8s_events")
    assert not (tmp_path / "ran").exists()


async def test_an_unknown_plugin_version_is_named(ask: Ask, plugin: Callable[..., Path]) -> None:
    plugin("true", apiVersion="client.authentication.k8s.io/v1alpha1")

    assert "v1alpha1" in await ask("k8s_events")


def id_token(ends: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": ends}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{claims}.c2ln"


async def test_an_oidc_token_that_holds_is_used(ask: Ask, login: Login, api: Api) -> None:
    token = id_token(time.time() + 600)
    login(**{"auth-provider": {"name": "oidc", "config": {"id-token": token}}})

    await ask("k8s_events")

    assert authorisations(api) == [f"Bearer {token}"]


async def test_an_oidc_token_that_ended_says_how_to_renew_it(ask: Ask, login: Login) -> None:
    token = id_token(time.time() - 7300)
    login(**{"auth-provider": {"name": "oidc", "config": {"id-token": token}}})

    answer = await ask("k8s_events")

    assert "the OIDC token of context 'lab' ended 2h ago" in answer
    assert "kubectl --context lab get ns" in answer
    assert token not in answer


async def test_an_auth_provider_that_is_gone_names_its_successor(ask: Ask, login: Login) -> None:
    login(**{"auth-provider": {"name": "gcp", "config": {"expiry": "2020-01-01T00:00:00Z"}}})

    assert "gke-gcloud-auth-plugin" in await ask("k8s_events")


async def test_a_token_that_is_wrong_is_tried_once(ask: Ask, login: Login, api: Api) -> None:
    login(token="wrong")
    api.routes["/api/v1/events"] = httpx.Response(401, json={"message": "Unauthorized"})

    assert "answered 401" in await ask("k8s_events")
    assert len(api.requests) == 1
