"""Commands that are not run: refused beforehand, with the reason and a way on."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes.kubelet import ExecApi, commanding, exec_api, running
from tests.kubernetes.wire import Json, status
from tests.kubernetes.writable import Ask, User


@pytest.fixture
def api(httpx_mock: HTTPXMock) -> ExecApi:
    return exec_api(httpx_mock)


@pytest.fixture
async def ask(tmp_path: Path, config: Path) -> AsyncGenerator[Ask]:
    async with commanding(config, tmp_path / "state") as run:
        yield run


async def test_several_containers_have_to_be_told_apart(api: ExecApi, ask: Ask) -> None:
    api.objects["pods"] = [running("web-0", "app", "proxy")]

    refused = await ask(User())
    assert refused == "error: shop/pod/web-0 has the containers app and proxy; say which."
    user = User()
    await ask(user, container="proxy")
    assert "container proxy" in user.asked[0]
    assert api.kubelet.asked[0].url.params["container"] == "proxy"


@pytest.mark.parametrize("lacks", ["create", "get"])
async def test_who_may_not_run_commands_is_told_beforehand(
    api: ExecApi, ask: Ask, lacks: str
) -> None:
    api.may = {"create", "get"} - {lacks}
    user = User()
    text = await ask(user)

    assert text == (
        "error: Our credentials may not run commands in shop/pod/web-0: they lack"
        f" {lacks} on pods/exec."
    )
    assert not user.asked


async def test_a_refusal_is_the_api_server_s(api: ExecApi, ask: Ask) -> None:
    api.refuses = status(403, 'pods "web-0" is forbidden: exec is not allowed', "Forbidden")

    assert "exec is not allowed" in await ask(User())


async def test_a_server_that_does_not_upgrade_is_named(api: ExecApi, ask: Ask) -> None:
    api.refuses = httpx.Response(200, json={})

    assert "does not upgrade the connection" in await ask(User())


@pytest.mark.parametrize(
    ("given", "said_"),
    [
        ({"name": "web-9"}, "Did you mean 'pod/web-0'?"),
        ({"name": "svc/web"}, "web"),
        ({"name": "../web"}, "is not a kind we know here"),
        ({"name": "x" * 301}, "name"),
        ({"command": []}, "command is a list, its first entry the program"),
        ({"command": [" "]}, "command is a list, its first entry the program"),
        ({"command": "ls -l"}, "command"),
        ({"command": ["a\0b"]}, "cannot hold a zero byte"),
        ({"command": "ls -l"}, 'give a list of arguments, such as ["ls", "-l"]'),
        ({"command": ["echo", "x" * 6_001]}, "The command is longer than 6,000 bytes."),
        (
            {"container": "nope"},
            "No container 'nope' runs in shop/pod/web-0; running there: app.",
        ),
        ({"container": "x" * 64}, "container"),
        ({"seconds": 0}, "seconds is from 1 to 300, not 0."),
        ({"seconds": 301}, "seconds is from 1 to 300, not 301."),
        ({"seconds": "soon"}, "seconds"),
        ({"namespace": "nowhere"}, "in namespace 'nowhere'"),
        ({"stdin": "yes"}, "stdin"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_on(
    api: ExecApi, ask: Ask, given: Json, said_: str
) -> None:
    text = await ask(User(), **given)

    assert text.startswith("error: ")
    assert said_ in text
    assert not api.kubelet.asked


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"deny_namespace": ["shop"]}, "Namespace 'shop' is off limits here"),
        ({"allow_namespace": ["auth"]}, "Namespace 'shop' is off limits here"),
        ({"deny_kind": ["pods"]}, "Pods are off limits here"),
    ],
)
async def test_nothing_runs_in_what_is_off_limits(
    api: ExecApi, ask: Ask, limits: Json, said: str
) -> None:
    user = User()
    text = await ask(user, name="pod/web-0", namespace="shop", settings=limits)

    assert text.startswith(f"error: {said}")
    assert not user.asked
    assert not api.kubelet.asked
