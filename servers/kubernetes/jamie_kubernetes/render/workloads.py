"""Workloads as text: a line each, the blocked first, the healthy counted."""

from jamie_base.text import columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_workloads import WorkloadList, WorkloadRow
from jamie_kubernetes.render.words import ago, block, for_, gap_lines

ROWS_BYTES = 3_200
MESSAGES_BYTES = 1_200
WHY_CHARACTERS = 240
CHANGED = "(the list changed since the page before; this one goes on after its last row)"


def workloads(data: WorkloadList) -> str:
    """Show workloads, with the cluster's own explanations quoted below."""
    lines = [_head(data), *([CHANGED] if data.changed else [])]
    lines += columns([cells(row, data.now_ns) for row in data.rows])
    lines += block(
        "workload conditions, pod statuses and events",
        [f"{row.workload}: {shorten(row.message, 300)}" for row in data.rows if row.message],
        MESSAGES_BYTES,
    )
    return "\n".join([*lines, *gap_lines(data.gaps), *_foot(data)])


def row_line(row: WorkloadRow, *, now_ns: Nanoseconds) -> str:
    """Return a workload's line as it counts against the budget, with room for alignment."""
    return "    ".join(cells(row, now_ns)) + " " * 20


def cells(row: WorkloadRow, now_ns: Nanoseconds) -> list[str]:
    """Return the cells of a workload's line."""
    return [
        f"{row.namespace}/{row.workload}",
        _progress(row),
        ago(row.created_ns, now_ns).removesuffix(" ago"),
        ", ".join(_image(one) for one in row.images[:3]),
        "; ".join(part for part in (row.about, _why(row, now_ns)) if part),
    ]


def _head(data: WorkloadList) -> str:
    if not data.totals:
        return f"No workloads {data.scope}."

    counts = ", ".join(
        count(kind, number, kind if kind.endswith("s") else "")
        for kind, number in data.totals.items()
    )
    state = f"{data.blocked} blocked or short" if data.blocked else "none blocked"
    rolling = f", {data.rolling} under way" if data.rolling else ""
    return f"{counts} {data.scope}: {state}{rolling}, {data.healthy + data.noted} healthy."


def _progress(row: WorkloadRow) -> str:
    kind = row.workload.partition("/")[0]
    if kind == "cronjob":
        return f"{row.ready} active" if row.ready else ""
    if kind == "hpa":
        return (
            f"at {row.ready}, wants {row.desired}" if row.ready != row.desired else str(row.ready)
        )
    if kind == "job":
        return f"{row.ready}/{row.desired} done"

    updated = f", {row.updated} updated" if row.updated != row.desired else ""
    waiting = row.ready - row.available
    unproven = f", {waiting} not yet available" if waiting > 0 else ""
    return f"{row.ready}/{row.desired} ready{updated}{unproven}"


def _why(row: WorkloadRow, now_ns: Nanoseconds) -> str:
    if not row.why:
        return ""

    ended = row.workload.startswith(("job/", "cronjob/"))
    since = ago(row.since_ns, now_ns) if ended else for_(row.since_ns, now_ns)
    return " ".join(part for part in (shorten(", ".join(row.why), WHY_CHARACTERS), since) if part)


def _image(image: str) -> str:
    name, _, digest = image.rpartition("/")[2].partition("@")
    mark = f"@{digest[:14]}" if digest and ":" not in name else ""
    return shorten(f"{name}{mark}", 48, middle=True)


def _foot(data: WorkloadList) -> list[str]:
    lines: list[str] = []
    if data.later:
        lines.append(f"({count('more workload', data.later)}; go on with cursor={data.cursor})")
    hidden = data.healthy + data.noted
    if data.status == "blocked" and hidden:
        paused = f" ({data.noted} of them paused, suspended or held)" if data.noted else ""
        lines.append(f"({hidden:,} healthy{paused} not shown; status=all lists them)")

    return lines
