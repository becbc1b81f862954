"""The table of causes holds every cause that the code knows, and each row says how it was seen."""

import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest

from jamie_kubernetes.facts import causes
from tests.live.cause_table import TABLE
from tests.live.causes import Cause

ROOT = Path(__file__).parents[2]
ROWS = [row for rows in TABLE.values() for row in rows]


def known() -> Iterator[str]:
    """Every code of every area."""
    for module in pkgutil.iter_modules(causes.__path__):
        for thing in vars(import_module(f"{causes.__name__}.{module.name}")).values():
            if isinstance(thing, type) and issubclass(thing, StrEnum) and _is_ours(thing):
                yield from (str(code) for code in thing)


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(causes.__name__)


def test_every_cause_has_a_row() -> None:
    assert set(known()) - {row.code for row in ROWS} == set()


def test_every_row_is_about_a_cause_that_exists() -> None:
    assert {row.code for row in ROWS if row.code} - set(known()) == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code or 'nothing'}: {row.checklist}")
def test_a_row_is_played_or_says_where_it_is_shown(row: Cause) -> None:
    if row.how != "elsewhere":
        assert row.made
        assert row.owner
        return

    (file,) = re.findall(r"tests/[\w/]+\.py", row.why)
    text = (ROOT / file).read_text()
    assert row.code in text or row.code.upper().replace("-", "_") in text


@pytest.mark.parametrize("area", TABLE)
def test_every_area_shows_what_is_no_fault(area: str) -> None:
    assert any(not row.code for row in TABLE[area])
