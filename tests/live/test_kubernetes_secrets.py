"""No secret of the lab in anything the server says or writes: canaries everywhere, looked for."""

import json
import os
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from jamie_base.redact import Redactor
from jamie_lab import LabState
from jamie_lab.waiting import wait_until
from tests.kubernetes import canaries
from tests.kubernetes.canaries import Canaries
from tests.kubernetes.sweep import FIELDS, candidates, everything_said
from tests.kubernetes.wire import Json, dumps
from tests.kubernetes.writable import User
from tests.live.causes import Cause, Made, Said, staged
from tests.live.writing import SERVER, as_caller, do, loads_of, serving

pytestmark = pytest.mark.live

GROUP = f"c{time.time_ns()}.jamie.test"


@pytest.fixture(scope="module")
def canary() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def space(kube: httpx.Client, canary: Canaries) -> Generator[str]:
    """A namespace full of canaries, and a kind of object that has some too."""
    name = f"jamie-test-secrets-{time.time_ns()}"
    with staged(kube, name, [Cause("", "", made=objects(canary))]), defined(kube):
        path = f"/apis/{GROUP}/v1/namespaces/{name}/canaries"
        body = {"apiVersion": f"{GROUP}/v1", "kind": "Canary", "metadata": {"name": "one"}}
        reply = kube.post(path, json={**body, **canaries.custom(canary)})
        assert reply.is_success, reply.text
        yield name


def objects(canary: Canaries) -> list[Made]:
    made = [Made(collection, body) for collection, body in canaries.planted(canary)]
    web = next(one for one in made if one.collection == "apps/v1/deployments")
    sick = web._replace(
        body={**web.body, "metadata": {**web.body["metadata"], "name": "web"}},
        pods=canaries.sick(canary),
        log="\n".join(canaries.said(canary)),
        events=[Said("FailedMount", canaries.happening(canary))],
    )
    return [sick if one is web else one for one in made]


@contextmanager
def defined(kube: httpx.Client) -> Generator[None]:
    """A kind whose objects may hold anything."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: Json = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [
            {"name": "Token", "type": "string", "jsonPath": ".spec.apiToken"},
            {"name": "DSN", "type": "string", "jsonPath": ".spec.dsn"},
        ],
    }
    names = {"plural": "canaries", "singular": "canary", "kind": "Canary"}
    spec = {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]}
    body = {"metadata": {"name": f"canaries.{GROUP}"}, "spec": spec}
    kube.post(path, json=body).raise_for_status()
    try:
        wait_until(lambda: kube.get(f"/apis/{GROUP}/v1/canaries").is_success, "the kind never came")
        yield
    finally:
        kube.delete(f"{path}/canaries.{GROUP}")


@asynccontextmanager
async def talkative(
    lab: LabState, canary: Canaries, folder: Path, user: User, *flags: str
) -> AsyncGenerator[Client]:
    """The server, allowed to write and logging all it can, with a kubeconfig full of secrets."""
    config = loads_of(lab)
    (folder / "config").write_text(dumps(canaries.kubeconfig(canary, config)))
    parameters = StdioServerParameters(
        command=SERVER[0],
        args=[*SERVER[1:], "--write", "--exec", "--log-level", "DEBUG", *flags],
        env={
            "KUBECONFIG": str(folder / "config"),
            "JAMIE_STATE_DIR": str(folder / "state"),
            "PATH": os.environ["PATH"],
        },
    )
    with (folder / "said").open("w") as said:
        server = stdio_client(parameters, errlog=said)
        async with Client(server, elicitation_callback=user) as client:
            yield client


def written(folder: Path) -> list[Path]:
    """What the server wrote: its log and its state, but for the undo records."""
    files = [one for one in folder.rglob("*") if one.is_file() and one.name != "config"]

    return [one for one in files if one.parent.name != "undo"]


def writes(canary: Canaries) -> list[tuple[str, Json]]:
    """Changes that carry canaries, or would bring one to where it could be seen."""
    new = canary("a new value")
    coded = canary.in_base64("a new value")
    copied = [{"op": "copy", "from": "/data/motd", "path": "/metadata/annotations/copied"}]
    env = "/spec/template/spec/containers/0/env/0/value"
    lifted = [{"op": "copy", "from": env, "path": "/metadata/annotations/copied"}]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain"},
        "stringData": {"motd": new},
    }
    patches: list[tuple[str, str, Any]] = [
        ("secret/plain", "merge", {"stringData": {"motd": new}}),
        ("secret/plain", "strategic", {"data": {"motd": coded, "other": coded}}),
        ("secret/plain", "json", [{"op": "replace", "path": "/data/motd", "value": coded}]),
        ("secret/plain", "json", copied),
        ("secret/plain", "merge", {"data": {"motd": new}}),
        ("secret/plain", "merge", {"data": new}),
        ("secret/plain", "merge", {"immutable": new}),
        ("secret/plain", "merge", {"metadata": {"annotations": {"password": new}}}),
        ("cm/settings", "merge", {"data": {"DB_PASSWORD": new, "dsn": f"x://a:{new}@b/"}}),
        ("deploy/web", "json", lifted),
        ("deploy/web", "merge", {"spec": {"template": {"spec": {"password": new}}}}),
        ("canary/one", "merge", {"spec": {"apiToken": new, "auth": {"password": None}}}),
    ]
    return [
        *(
            ("k8s_patch", {"name": name, "type": kind, "patch": json.dumps(patch)})
            for name, kind, patch in patches
        ),
        ("k8s_patch", {"name": "secret/plain", "patch": f"stringData: {{motd: {new}"}),
        ("k8s_patch", {"name": "secret/plain", "patch": f"stringData:\n  motd: {new}\n"}),
        ("k8s_patch", {"name": "secret/plain", "patch": "x", "type": f"password={new}"}),
        ("k8s_apply", {"manifest": json.dumps(secret)}),
        ("k8s_apply", {"manifest": f"kind: Secret\nstringData: {{motd: {new}"}),
        ("k8s_set", {"name": "deploy/web", "annotation": [f"password={new}"]}),
        ("k8s_scale", {"name": "deploy/web", "replicas": f"token={new}"}),
        ("k8s_delete", {"name": "secret/plain"}),
        ("k8s_undo", {"record": f"password={new}"}),
        ("k8s_exec", {"name": "deploy/web", "command": ["mysql", "--password", new]}),
    ]


async def test_nothing_that_can_be_asked_brings_a_secret_out(
    lab: LabState, canary: Canaries, space: str, tmp_path: Path
) -> None:
    user = User(agrees=False)
    async with talkative(lab, canary, tmp_path, user) as client:
        heard = await everything_said(client, candidates(space))
        for what in ("secret", "deploy", "canary"):
            for fields in FIELDS:
                asked = {"what": what, "fields": fields, "namespace": space}
                heard.append(await do(client, "k8s_get", **asked))
        for tool, given in writes(canary):
            heard.append(f"{tool}: {await do(client, tool, **given, namespace=space)}")
        heard.append(await do(client, "k8s_get", what="pods", context="*"))
        heard.append(await do(client, "k8s_scale", context="lab-plugin", **SCALE))

    heard += user.asked
    assert {text[:500]: found for text in heard if (found := canary.leaks(text))} == {}
    assert canary.leaks_of_files(written(tmp_path)) == {}
    assert {*SHOWN} - shown_as_marks(canary, tmp_path, heard) == set()


SCALE = {"name": "deploy/web", "replicas": "+1"}
SHOWN = (
    "Secret data",
    "ConfigMap value",
    "ConfigMap properties",
    "env",
    "env URL",
    "argument URL",
    "command flag",
    "annotation URL",
    "waiting message",
    "event password",
    "event header",
    "log password",
    "log JSON",
    "log URL",
    "CRD token",
    "CRD condition",
    "a new value",
)
"""What must have been seen, as a mark: else nothing was found because nothing was looked at."""


def shown_as_marks(canary: Canaries, folder: Path, heard: list[str]) -> set[str]:
    redactor = Redactor((folder / "state" / "redaction.key").read_bytes())
    said = "\n".join(heard)

    return {place for place, secret in canary.planted.items() if redactor.value(secret) in said}


async def test_only_the_undo_record_holds_what_a_change_replaced(
    lab: LabState, canary: Canaries, space: str, tmp_path: Path
) -> None:
    user = User()
    new = {"stringData": {"motd": canary("a second value")}}
    given = {"name": "secret/plain", "patch": json.dumps(new), "namespace": space}
    async with talkative(lab, canary, tmp_path, user) as client:
        done = await do(client, "k8s_patch", **given)
        (record,) = (tmp_path / "state" / "undo").iterdir()
        kept = canary.leaks(record.read_text())
        mode = record.stat().st_mode & 0o777
        back = await do(client, "k8s_undo", record=record.stem)

    assert done.startswith("Done: ")
    assert back.startswith("Done: ")
    assert {"Secret data", "a second value"} <= {*kept}
    assert mode == 0o600
    assert [text for text in (done, back, *user.asked) if canary.leaks(text)] == []
    assert canary.leaks_of_files(written(tmp_path)) == {}


async def test_no_bearer_token_of_a_caller_is_said_or_written(
    lab: LabState, canary: Canaries, space: str, tmp_path: Path
) -> None:
    tokens = {
        "ada": {"token": canary("bearer token"), "scope": "write"},
        "bob": {"token": canary("another bearer token")},
    }
    config, flags = lab.kubernetes.kubeconfig, ("--log-level", "DEBUG")
    with serving(config, tmp_path, *flags, tokens=tokens) as served:
        async with as_caller(served.url, canary("bearer token"), User()) as client:
            said = [
                str(await client.list_tools()),
                await do(client, "k8s_pods", namespace=space),
                await do(client, "k8s_set", name="svc/web", label=["x=y"], namespace=space),
                await do(client, "k8s_get", what="nothing-like-it"),
            ]
        headers = {"Authorization": f"Bearer {canary('an unknown token')}"}
        async with httpx.AsyncClient(headers=headers) as http:
            answer = await http.post(f"{served.url}/mcp", json={})
        served.process.terminate()
        said += [answer.text, str(answer.headers), *(served.process.stderr or [])]

    assert answer.status_code == 401
    assert said[2].startswith("Done: ")
    assert canary.leaks("\n".join(said)) == []
    assert canary.leaks_of_files(written(tmp_path)) == {}
