"""No secret in anything said or written: canaries in a pretended cluster, looked for everywhere.

`tests/live/test_kubernetes_secrets.py` does the same on the lab, log and transports included.
"""

import json
from pathlib import Path

import httpx
import pytest
from pytest_httpx import HTTPXMock

from tests.kubernetes import canaries
from tests.kubernetes.canaries import Canaries
from tests.kubernetes.conftest import Connect, text_of
from tests.kubernetes.sweep import candidates, everything_said
from tests.kubernetes.wire import Json, event, meta, node, pod, status
from tests.kubernetes.writable import User, WritableApi, settled

SPACE = "shop"


@pytest.fixture
def canary() -> Canaries:
    return Canaries()


@pytest.fixture
def api(httpx_mock: HTTPXMock, canary: Canaries) -> WritableApi:
    """A cluster with canaries wherever people put secrets."""
    api = WritableApi()
    httpx_mock.add_callback(api, is_reusable=True, is_optional=True)
    for collection, body in canaries.planted(canary):
        api.objects[collection.rpartition("/")[2]].append(known(body))
    settled(api.find("deployments", "web"))
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [sick_pod(canary)]
    api.objects["events"] = [event("FailedMount", "Pod/web-1", canaries.happening(canary))]
    api.logs["web-1"] = "\n".join(f"2024-01-01T00:00:00Z {one}" for one in canaries.said(canary))

    return api


def known(body: Json) -> Json:
    """An object as the API server has it."""
    about = meta(body["metadata"]["name"], SPACE)
    return {**body, "metadata": {**about, "resourceVersion": "1", **body["metadata"]}}


def sick_pod(canary: Canaries) -> Json:
    one = pod("web-1", SPACE, metadata={"labels": {"app": "web"}})
    return {**one, "status": canaries.sick(canary)}


async def test_nothing_that_can_be_asked_brings_a_secret_out(
    api: WritableApi, connect: Connect, canary: Canaries, tmp_path: Path
) -> None:
    user = User(agrees=False)
    client = await connect(write=True, exec=True, user=user)
    heard = await everything_said(client, candidates(SPACE, follow=[]))

    heard += user.asked
    assert {text[:500]: found for text in heard if (found := canary.leaks(text))} == {}
    assert canary.leaks_of_files(state(tmp_path)) == {}
    assert any("[redacted:" in text for text in user.asked)


def state(folder: Path) -> list[Path]:
    return [one for one in (folder / "state").rglob("*") if one.is_file()]


REFUSALS = {
    "the object repeated": 'Secret "plain" is invalid: Invalid value: "{\\"motd\\":\\"%s\\"}": no',
    "the object as it is": 'Job "plain" is invalid: spec: Invalid value: {"Env":[{"Name":"motd",'
    '"Value":"%s"}]}: field is immutable',
    "a URL": "failed calling webhook: Post https://bob:%s@hook.example.net/: EOF",
    "a header": "aggregated API: Authorization: Bearer %s was not accepted",
    "a password": "admission webhook denied: env DB_PASSWORD=%s is weak",
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_the_api_server_says_in_refusing_is_redacted(
    api: WritableApi, connect: Connect, canary: Canaries, tmp_path: Path, case: str
) -> None:
    words = REFUSALS[case] % canary(case)
    api.rehearsal = status(422, words, "Invalid")
    api.routes["/api/v1/namespaces/shop/pods"] = status(403, words, "Forbidden")
    page = f"<title>Bad gateway: https://bob:{canary('a page')}@proxy/ failed</title>"
    api.routes["/api/v1/pods"] = httpx.Response(502, text=page)
    client = await connect(write=True, user=User())
    calls: list[tuple[str, Json]] = [
        ("k8s_patch", {"name": "deploy/web", "patch": json.dumps({"spec": {"paused": True}})}),
        ("k8s_pods", {"namespace": SPACE}),
        ("k8s_pods", {}),
        ("k8s_overview", {}),
    ]
    said = [text_of(await client.call_tool(tool, given)) for tool, given in calls]

    assert {text: found for text in said if (found := canary.leaks(text))} == {}
    assert canary.leaks_of_files(state(tmp_path)) == {}
