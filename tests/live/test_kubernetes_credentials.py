"""Signing in to the lab in the ways a kubeconfig knows, and what changes while the server runs.

Certificates are what every other live test signs in with.
"""

import base64
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from jamie_lab import LabState
from tests.kubernetes.child import ask, child
from tests.kubernetes.wire import Json, dumps, loads
from tests.live.space import made, space
from tests.live.test_kubernetes import as_user

pytestmark = [pytest.mark.live]

WHO = "system:serviceaccount"

PLUGIN = """\
import json, pathlib, sys

here = pathlib.Path(__file__).parent
runs = here / "runs"
runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
status = {"token": (here / "token").read_text()}
print(json.dumps({
    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status,
}))
"""


class Accounts(NamedTuple):
    """A namespace with two accounts that may do nothing, and a token of each."""

    space: str
    ann: str
    bob: str

    def named(self, name: str) -> str:
        """Return how the API server names an account."""
        return f"{WHO}:{self.space}:{name}"


@pytest.fixture(scope="module")
def accounts(kube: httpx.Client) -> Generator[Accounts]:
    with space(kube, f"jamie-test-sign-in-{time.time_ns()}") as name:
        tokens: list[str] = []
        for account in ("ann", "bob"):
            path = f"/api/v1/namespaces/{name}/serviceaccounts"
            made(kube, path, {"metadata": {"name": account}})
            asked = made(kube, f"{path}/{account}/token", {"spec": {"expirationSeconds": 600}})
            tokens.append(asked["status"]["token"])
        yield Accounts(name, *tokens)


def signing_in(lab: LabState, file: Path, **user: object) -> Path:
    """Write a kubeconfig whose user signs in like this."""
    file.write_text(as_user(lab, ""))
    config: Json = loads(file)
    config["users"][0]["user"] = user
    file.write_text(dumps(config))

    return file


async def test_a_token_file_that_is_rotated_is_followed(
    lab: LabState, accounts: Accounts, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(accounts.ann)
    config = signing_in(lab, tmp_path / "config", tokenFile=str(token))
    async with child(config, tmp_path / "state") as client:
        before = await ask(client, "k8s_access", namespace=accounts.space)
        token.write_text(f"{accounts.bob}\n")
        after = await ask(client, "k8s_access", namespace=accounts.space)

    assert before.startswith(accounts.named("ann"))
    assert after.startswith(accounts.named("bob"))


async def test_a_plugin_is_run_once_and_again_when_its_token_is_refused(
    lab: LabState, accounts: Accounts, tmp_path: Path
) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "token").write_text("of-yesterday")
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(tmp_path / "plugin.py")],
        "interactiveMode": "Never",
    }
    config = signing_in(lab, tmp_path / "config", exec=plugin)
    async with child(config, tmp_path / "state") as client:
        refused = await ask(client, "k8s_access", namespace=accounts.space)
        tries = len((tmp_path / "runs").read_text())
        (tmp_path / "token").write_text(accounts.ann)
        answers = [await ask(client, "k8s_access", namespace=accounts.space) for _ in range(3)]
        runs = len((tmp_path / "runs").read_text()) - tries

    assert "answered 401" in refused
    assert all(answer.startswith(accounts.named("ann")) for answer in answers)
    assert runs == 1


async def test_a_kubeconfig_that_changes_is_read_again(
    lab: LabState, accounts: Accounts, tmp_path: Path
) -> None:
    config = signing_in(lab, tmp_path / "config", token=accounts.ann)
    async with child(config, tmp_path / "state") as client:
        before = await ask(client, "k8s_access", namespace=accounts.space)
        signing_in(lab, config, token=accounts.bob)
        after = await ask(client, "k8s_access", namespace=accounts.space)

    assert before.startswith(accounts.named("ann"))
    assert after.startswith(accounts.named("bob"))


async def test_the_service_account_of_a_pod_is_used_and_its_rotated_token_followed(
    lab: LabState, accounts: Accounts, tmp_path: Path
) -> None:
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text(accounts.ann)
    (folder / "namespace").write_text(accounts.space)
    (folder / "ca.crt").write_bytes(authority(lab, tmp_path))
    inside: dict[str, Any] = {
        "JAMIE_KUBERNETES_IN_CLUSTER": "yes",
        "JAMIE_KUBERNETES_SERVICE_ACCOUNT": str(folder),
        "JAMIE_KUBERNETES_IN_CLUSTER_URL": lab.kubernetes.url,
    }
    async with child("/none", tmp_path / "state", **inside) as client:
        before = await ask(client, "k8s_access")
        (folder / "token").write_text(accounts.bob)
        after = await ask(client, "k8s_access")

    assert before.startswith(f"{accounts.named('ann')}")
    assert f"in namespace {accounts.space}" in before
    assert after.startswith(accounts.named("bob"))


def authority(lab: LabState, folder: Path) -> bytes:
    config: Json = loads(signing_in(lab, folder / "authority", token="none"))

    return base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
