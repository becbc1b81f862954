"""Log lines sorted into templates: a Drain-like miner over masked words."""

import msgspec

from jamie_signals.logs.clusters import merged
from jamie_signals.logs.levels import Level
from jamie_signals.logs.masks import mask

MOST_SHAPES = 5_000
_MOST_KNOWN_LINES = 10_000
MOST_WORDS = 120
MOST_CHARS = 4_000
OVERFLOW = "<anything>"


class Pattern(msgspec.Struct, frozen=True):
    """Lines that say the same: their template, how many, when first and last, one of them.

    Times are nanoseconds; 0 where none were given. `level` is the worst seen, `sources` counts
    lines by where they came from.
    """

    id: int
    template: str
    count: int
    first: int
    last: int
    example: str
    level: Level
    sources: dict[str, int]


class _Shape:
    """All that is kept of lines that are equal once masked."""

    __slots__ = ("count", "example", "first", "last", "level", "sources", "words")

    def __init__(self, words: tuple[str, ...], example: str, at: int) -> None:
        self.words = words
        self.example = example
        self.count = 0
        self.first = self.last = at
        self.level = Level.UNKNOWN
        self.sources: dict[str, int] = {}

    def add(self, at: int, source: str, level: Level) -> None:
        self.count += 1
        self.first, self.last = min(self.first, at), max(self.last, at)
        if level.severity > self.level.severity:
            self.level = level
        if source:
            self.sources[source] = self.sources.get(source, 0) + 1


class Miner:
    """Sort lines into patterns as they come.

    Lines that are equal once masked share a shape, and shapes that differ in few words share a
    pattern. At most `max_shapes` are kept; what is new after that counts as `<anything>`.
    """

    def __init__(self, *, max_shapes: int = MOST_SHAPES) -> None:
        self._max_shapes = max(max_shapes, 1)
        self._shapes: list[_Shape] = []
        self._ids: dict[tuple[str, ...], int] = {}
        self._known: dict[str, int] = {}
        self._patterns: tuple[Pattern, ...] | None = None
        self._pattern_of: dict[int, Pattern] = {}

    def add(self, line: str, *, at: int = 0, source: str = "", level: Level = Level.UNKNOWN) -> int:
        """Count a line and return its shape's id, which never changes."""
        identity = self._known.get(line)
        if identity is None:
            identity = self._identity(_words(line), line, at)
            self._remember(line, identity)

        self._shapes[identity].add(at, source, level)
        self._patterns = None
        return identity

    def patterns(self) -> tuple[Pattern, ...]:
        """Return all patterns, most frequent first; their counts add up to the lines added."""
        if self._patterns is None:
            groups = merged([shape.words for shape in self._shapes])
            found = [_pattern(group, self._shapes, words) for group, words in groups]
            self._pattern_of = {
                at: pattern
                for pattern, (group, _) in zip(found, groups, strict=True)
                for at in group
            }
            self._patterns = tuple(sorted(found, key=lambda one: (-one.count, one.template)))

        return self._patterns

    def pattern_of(self, identity: int) -> Pattern:
        """Return the pattern that holds a shape, as things stand now."""
        self.patterns()
        return self._pattern_of[identity]

    def _remember(self, line: str, identity: int) -> None:
        """Spare repeated lines the masking."""
        if len(self._known) >= _MOST_KNOWN_LINES:
            self._known.clear()

        self._known[line] = identity

    def _identity(self, words: tuple[str, ...], line: str, at: int) -> int:
        known = self._ids.get(words)
        if known is not None:
            return known
        if len(self._shapes) >= self._max_shapes - 1 and words != (OVERFLOW,):
            return self._identity((OVERFLOW,), line, at)

        self._ids[words] = len(self._shapes)
        self._shapes.append(_Shape(words, line, at))
        return self._ids[words]


def _words(line: str) -> tuple[str, ...]:
    return tuple(mask(line[:MOST_CHARS]).split()[:MOST_WORDS])


def _pattern(group: list[int], shapes: list[_Shape], words: tuple[str, ...]) -> Pattern:
    members = [shapes[at] for at in group]
    commonest = max(members, key=lambda one: one.count)
    sources: dict[str, int] = {}
    for member in members:
        for source, count in member.sources.items():
            sources[source] = sources.get(source, 0) + count

    return Pattern(
        id=min(group),
        template=" ".join(words),
        count=sum(one.count for one in members),
        first=min(one.first for one in members),
        last=max(one.last for one in members),
        example=commonest.example,
        level=max((one.level for one in members), key=lambda level: level.severity),
        sources=sources,
    )
