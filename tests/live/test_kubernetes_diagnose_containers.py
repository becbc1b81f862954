"""k8s_diagnose against the lab: pods that have a node and do not run as they should."""

from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from mcp import Client

from jamie_lab import LabState
from tests.kubernetes.child import child
from tests.live.causes import findings_in, staged
from tests.live.causes_ends import ENDS
from tests.live.causes_runs import RUNS, SOUND
from tests.live.causes_starts import STARTS

HOME = "jamie-test-diagnose-pods"
GROUPS = {"ends": ENDS, "starts": STARTS, "runs": (*RUNS, *SOUND)}
"""As many as are looked into in one diagnosis; beyond that findings are shorter."""

pytestmark = pytest.mark.live


@pytest.fixture
async def client(lab: LabState, tmp_path: Path) -> AsyncGenerator[Client]:
    async with child(lab.kubernetes.kubeconfig, tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def troubled(kube: httpx.Client) -> Generator[None]:
    with ExitStack() as stack:
        for name, rows in GROUPS.items():
            stack.enter_context(staged(kube, f"{HOME}-{name}", rows))
        yield


@pytest.mark.parametrize("name", GROUPS)
async def test_every_cause_is_found_and_nothing_else(
    client: Client, troubled: None, name: str
) -> None:
    found = await findings_in(client, f"{HOME}-{name}")

    assert {one["owner"]: one["cause"] for one in found} == expected(name)


def expected(name: str) -> dict[str, str]:
    rows = (row for row in GROUPS[name] if row.code and row.how != "elsewhere")
    return {row.owner: row.code for row in rows}
