"""Remarks beside an answer, one a line."""

from collections.abc import Iterable

from jamie_base.text import shorten

NOTE_CELLS = 220
MOST_NOTES = 6


def note_lines(notes: Iterable[str]) -> list[str]:
    """Write the remarks, each cut to what a remark may take."""
    lines = [shorten(" ".join(note.split()), NOTE_CELLS) for note in notes]
    hidden = len(lines) - MOST_NOTES

    return lines if hidden <= 0 else [*lines[:MOST_NOTES], f"({hidden} more remarks not shown)"]
