"""What bears which labels, found by selectors without asking each for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from jamie_kubernetes.client.objects import LabelSelector
from jamie_kubernetes.facts.selectors import selects

T = TypeVar("T")

Pair = tuple[str, str]


class Bearers(Generic[T]):
    """The labelled things of one namespace: pods that are alike, or templates of pods."""

    def __init__(self, things: Iterable[tuple[Iterable[Pair], T]]) -> None:
        self._all = [(dict(labels), thing) for labels, thing in things]
        self._by_pair: dict[Pair, list[tuple[dict[str, str], T]]] = defaultdict(list)
        for labelled in self._all:
            for pair in labelled[0].items():
                self._by_pair[pair].append(labelled)

    @property
    def all(self) -> Sequence[tuple[Mapping[str, str], T]]:
        """Return every thing with its labels."""
        return self._all

    def picked(self, selector: Mapping[str, str]) -> list[T]:
        """Return what a plain selector picks; an empty one picks all."""
        return self.selected(LabelSelector(dict(selector)))

    def selected(self, selector: LabelSelector | None) -> list[T]:
        """Return what a selector picks; none picks nothing, an empty one all."""
        if selector is None:
            return []

        pairs = selector.match_labels.items()
        few = min((self._by_pair.get(pair, []) for pair in pairs), key=len, default=self._all)
        return [thing for labels, thing in few if selects(selector, labels)]
