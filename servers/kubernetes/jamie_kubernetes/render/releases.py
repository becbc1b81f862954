"""Helm releases as text: a line each, those that failed or hang first."""

from jamie_base.blocks import quoted
from jamie_base.text import clip, columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_rollout import ReleaseRow, Rollout
from jamie_kubernetes.render.words import ago, gap_lines

ROWS_BYTES = 3_400
NOTES_BYTES = 1_200
NOTE_CELLS = 300


def releases(data: Rollout) -> str:
    """Show the list of releases."""
    if not data.releases:
        seen = " among what could be read" if data.gaps else ""
        return "\n".join([f"No Helm releases {data.subject}{seen}.", *gap_lines(data.gaps)])

    rows = columns([_cells(row, data.now_ns) for row in data.releases])
    noted = [one for one in data.releases if one.note]
    notes = [f"{one.namespace}/{one.name}: {_fit(one.note)}" for one in noted]
    told = [clip(rows, ROWS_BYTES, hint="namespace shows those of one")]
    told += [clip(notes, NOTES_BYTES)] if notes else []
    return "\n".join(
        [
            f"Helm {data.subject}: {data.words}.",
            quoted("Helm", "\n".join(told)),
            *gap_lines(data.gaps),
            *([f"({count('more release', data.later)}; namespace narrows)"] if data.later else []),
            "(helm/NAME shows the history and differences of one)",
        ]
    )


def _fit(text: str) -> str:
    return shorten(" ".join(text.split()), NOTE_CELLS)


def _cells(row: ReleaseRow, now_ns: Nanoseconds) -> list[str]:
    behind = f"revision {row.deployed} is deployed" if row.deployed else ""
    app = f"app {row.app}" if row.app else ""
    return [
        f"{row.namespace}/helm/{row.name}",
        f"{shorten(row.status, 24)} {ago(row.at_ns, now_ns)}",
        f"revision {row.revision}",
        shorten(row.chart, 48, middle=True),
        "; ".join(part for part in (shorten(app, 32), behind) if part),
    ]
