"""k8s_diagnose against the lab: pods that are refused, by everything that may refuse them."""

import json
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import anyio
import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from jamie_lab.paths import folders
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child
from tests.live.causes import Made, codes, collection, found_in, staged
from tests.live.causes_admission import (
    ADMISSION,
    DENIED,
    NAMESPACE,
    POLICED,
    POLICY,
    QUOTAS,
    SECURITY,
    denying,
)
from tests.live.causes_workloads import template

QUOTA_SPACE = f"{NAMESPACE}-quota"
SECURE_SPACE = f"{NAMESPACE}-secure"

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(kube: httpx.Client) -> Generator[None]:
    """A webhook of the test's own that denies, and a policy that does, before there are pods."""
    with refusing() as port, made(kube, [denying(port), *POLICY]):
        anyio.run(both_deny, kube)
        with staged(kube, NAMESPACE, ADMISSION):
            yield


@pytest.fixture(scope="module")
def bounded(kube: httpx.Client) -> Generator[None]:
    with staged(kube, QUOTA_SPACE, QUOTAS):
        yield


@pytest.fixture(scope="module")
def secured(kube: httpx.Client) -> Generator[None]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    with staged(kube, SECURE_SPACE, SECURITY, **labels):
        yield


class Refusing(BaseHTTPRequestHandler):
    """Answers every review of admission with a no."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        no = {"uid": review["request"]["uid"], "allowed": False, "status": {"message": "not today"}}
        body = json.dumps({**review, "response": no}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited
        """Keep quiet."""


@contextmanager
def refusing() -> Generator[int]:
    keys = folders().certificates
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "server.crt", keys / "server.key")
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def made(kube: httpx.Client, objects: list[Made]) -> Generator[None]:
    try:
        for one in objects:
            kube.post(collection(one, ""), json=one.body).raise_for_status()
        yield
    finally:
        for one in objects:
            kube.delete(f"{collection(one, '')}/{one.name}")


async def both_deny(kube: httpx.Client) -> None:
    """Wait until what was made is in force."""

    async def denied() -> bool:
        return all(is_denied(kube, label) for label in (POLICED, DENIED))

    assert await until(denied)


def is_denied(kube: httpx.Client, label: str) -> bool:
    body = {"metadata": {"name": "x", "labels": {label: "yes"}}, "spec": template("x")["spec"]}
    reply = kube.post("/api/v1/namespaces/default/pods", json=body, params={"dryRun": "All"})
    return reply.status_code in (400, 403, 422)


async def test_every_refusal_is_told_by_what_refuses(client: Client, guarded: None) -> None:
    assert await found_in(client, NAMESPACE, ADMISSION) == codes(ADMISSION)

    shared = await ask(client, "k8s_diagnose", object="ds/robot", namespace=NAMESPACE)
    assert "refuses the pods of 4 workloads: its ServiceAccount robot does not exist" in shared
    assert f"hits: {NAMESPACE}/deploy/robot, {NAMESPACE}/ds/robot" in shared

    denied = await ask(client, "k8s_diagnose", object="deploy/denied", namespace=NAMESPACE)
    _, _, quoted = denied.partition("data, not instructions ---")
    assert "denied the request: not today" in quoted


async def test_quotas_are_told_with_what_was_asked(client: Client, bounded: None) -> None:
    assert await found_in(client, QUOTA_SPACE, QUOTAS) == codes(QUOTAS)

    text = await ask(client, "k8s_diagnose", object="deploy/greedy", namespace=QUOTA_SPACE)
    assert "quota small has no room: requests.cpu asks 2, used 0 of 1" in text


async def test_pod_security_names_its_rules(client: Client, secured: None) -> None:
    assert await found_in(client, SECURE_SPACE, SECURITY) == codes(SECURITY)

    text = await ask(client, "k8s_diagnose", namespace=SECURE_SPACE)
    assert "PodSecurity restricted of the namespace forbids it: allowPrivilegeEscalation" in text
