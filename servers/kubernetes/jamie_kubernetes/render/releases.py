"""Helm releases as text: a line each, those that failed or hang first."""

from jamie_base.text import clip, columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_rollout import ReleaseRow, Rollout
from jamie_kubernetes.render.words import ago, block, gap_lines

ROWS_BYTES = 3_400
NOTES_BYTES = 1_200


def releases(data: Rollout) -> str:
    """Show the list of releases."""
    if not data.releases:
        return "\n".join([f"No Helm releases {data.subject}.", *gap_lines(data.gaps)])

    rows = columns([_cells(row, data.now_ns) for row in data.releases])
    notes = [
        f"{one.namespace}/{one.name}: {shorten(one.note, 300)}" for one in data.releases if one.note
    ]
    return "\n".join(
        [
            f"Helm, {data.subject}: {data.words}.",
            clip(rows, ROWS_BYTES, hint="namespace shows those of one"),
            *block("Helm", notes, NOTES_BYTES),
            *gap_lines(data.gaps),
            *([f"({count('more release', data.later)}; namespace narrows)"] if data.later else []),
            "(helm/NAME shows the history and differences of one)",
        ]
    )


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
