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

from jamie_signals.logs import Miner

ROUNDS = 5

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
    figures = [_measured(path) for path in sorted(folder.glob("*.csv"))]
    for name, mine, theirs, my_speed, their_speed in figures:
        print(f"{name:12} {mine:6.3f} trivial {theirs:6.3f}   {_speeds(my_speed, their_speed)}")

    mean = [sum(one[column] for one in figures) / len(figures) for column in (1, 2, 3, 4)]
    print(f"{'mean':12} {mean[0]:6.3f} trivial {mean[1]:6.3f}   {_speeds(mean[2], mean[3])}")


def _measured(path: Path) -> tuple[str, float, float, float, float]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    lines, truth = [row["Content"] for row in rows], [row["EventId"] for row in rows]
    return (
        path.name.split("_")[0],
        accuracy(mined(lines), truth),
        accuracy(trivial(lines), truth),
        lines_per_second(mined, lines),
        lines_per_second(trivial, lines),
    )


def _members(groups: Sequence[Hashable]) -> dict[Hashable, set[int]]:
    members: dict[Hashable, set[int]] = defaultdict(set)
    for index, group in enumerate(groups):
        members[group].add(index)

    return members


def _seconds(grouping: Grouping, lines: Sequence[str]) -> float:
    start = time.perf_counter()
    grouping(lines)
    return time.perf_counter() - start


def _speeds(mine: float, theirs: float) -> str:
    return f"{mine:9,.0f} lines/s, trivial {theirs:9,.0f} ({theirs / mine:.1f}x)"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
