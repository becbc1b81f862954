"""Grouping accuracy and speed of the log miner, against masking digits with one re.sub.

    python bench/signals_mining.py DIR

DIR holds labelled CSV files with the columns Content and EventId (one line each), for instance
from Loghub. Grouping accuracy is the share of lines whose group, as a set, is their true group.
"""

import csv
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from jamie_signals.logs import Miner

ROUNDS = 5


class Figures(NamedTuple):
    """Grouping accuracy and lines per second, the miner's and the trivial grouping's."""

    accuracy: float
    trivial: float
    speed: float
    trivial_speed: float


Grouping = Callable[[Sequence[str]], Sequence[Hashable]]


def mined(lines: Sequence[str]) -> Sequence[Hashable]:
    miner = Miner()
    shapes = [miner.add(line) for line in lines]
    miner.patterns()
    return [miner.pattern_of(shape).id for shape in shapes]


def trivial(lines: Sequence[str]) -> Sequence[Hashable]:
    return [re.sub(r"\d+", "*", line) for line in lines]


def accuracy(groups: Sequence[Hashable], truth: Sequence[Hashable]) -> float:
    found, true = _members(groups), _members(truth)
    right = sum(len(lines) for lines in found.values() if true[truth[min(lines)]] == lines)
    return right / len(truth)


def lines_per_second(grouping: Grouping, lines: Sequence[str]) -> float:
    return len(lines) / min(_seconds(grouping, lines) for _ in range(ROUNDS))


def main(folder: Path) -> None:
    figures = {path.name.split("_")[0]: _measured(path) for path in sorted(folder.glob("*.csv"))}
    figures["mean"] = _mean(list(figures.values()))
    for name, one in figures.items():
        speeds = f"{one.speed:9,.0f} lines/s, trivial {one.trivial_speed:9,.0f}"
        ratio = one.trivial_speed / one.speed
        print(f"{name:12} {one.accuracy:6.3f} trivial {one.trivial:6.3f} {speeds} ({ratio:.1f}x)")


def _measured(path: Path) -> Figures:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    lines, truth = [row["Content"] for row in rows], [row["EventId"] for row in rows]
    return Figures(
        accuracy(mined(lines), truth),
        accuracy(trivial(lines), truth),
        lines_per_second(mined, lines),
        lines_per_second(trivial, lines),
    )


def _mean(figures: Sequence[Figures]) -> Figures:
    return Figures(*(fmean(column) for column in zip(*figures, strict=True)))


def _members(groups: Sequence[Hashable]) -> dict[Hashable, set[int]]:
    members: dict[Hashable, set[int]] = defaultdict(set)
    for index, group in enumerate(groups):
        members[group].add(index)

    return members


def _seconds(grouping: Grouping, lines: Sequence[str]) -> float:
    start = time.perf_counter()
    grouping(lines)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(Path(sys.argv[1]))
