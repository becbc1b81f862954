"""The Loki server against the healthy lab: quiet is said to be quiet, with what was looked at."""

import time
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from tests.asking import ask, data_of
from tests.loki import truth
from tests.loki.child import child
from tests.loki.truth import SECOND

pytestmark = [pytest.mark.live, pytest.mark.scenario("healthy")]


async def test_no_errors_is_true_and_says_how_much_was_looked_at(
    lab: LabState, tmp_path: Path, loki: httpx.Client
) -> None:
    end = int(time.time()) - 20
    window = ((end - 1_800) * SECOND, end * SECOND)
    held = truth.lines(loki, *window)
    span = {"start": str(window[0]), "end": str(window[1])}

    async with child(lab, tmp_path) as client:
        text = await ask(client, "loki_errors", **span)
        data = await data_of(client, "loki_errors", **span)

    services = truth.by_service(held)
    assert not [line for line in held if line.is_error]
    assert text.startswith("No errors, ")
    assert f"({len(held):,} lines in " in text
    assert (data["total"], data["lines"]) == (0, len(held))
    assert data["services_seen"] == len(services)
    assert data["warnings"]["total"] == sum(line.level == "warn" for line in held)
