"""What runs in the lab, as a table."""

import anyio

from jamie_lab import processes
from jamie_lab.builds import stale
from jamie_lab.errors import NotUp
from jamie_lab.fleet import fleet
from jamie_lab.paths import Folders, make
from jamie_lab.ports import ports
from jamie_lab.processes import Service
from jamie_lab.state import lab_state

MEBIBYTE = 2**20
HEADER = ("COMPONENT", "PID", "PORT", "MEMORY", "STATE")

Row = tuple[str, str, str, str, str]


async def table(place: Folders) -> tuple[str, bool]:
    """Render every component's state; the flag tells whether all are ready."""
    missing = stale(place)
    if missing:
        return f"Not built: {', '.join(one.name for one in missing)}; run: scripts/lab build", False

    make(place)
    rows = await _rows(place)
    widths = [max(len(row[column]) for row in [HEADER, *rows]) for column in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [HEADER, *rows]
    ]

    return "\n".join([*lines, _summary(place)]), all(row[-1] == "ready" for row in rows)


async def _rows(place: Folders) -> list[Row]:
    known = ports(place)
    services = [service for wave in fleet(place, known).waves() for service in wave]
    rows: dict[str, Row] = {}

    async def ask(service: Service) -> None:
        rows[service.name] = await _row(place, service, known[service.name])

    async with anyio.create_task_group() as tasks:
        for service in services:
            tasks.start_soon(ask, service)

    return [rows[service.name] for service in services]


async def _row(place: Folders, service: Service, port: int) -> Row:
    process = processes.running(place, service.name)
    if process is None:
        return service.name, "-", "-", "-", "down"

    memory = f"{processes.memory_bytes(process.pid) / MEBIBYTE:.0f} MiB"
    state = "ready" if await service.ready() else "not ready"

    return service.name, str(process.pid), str(port), memory, state


def _summary(place: Folders) -> str:
    try:
        state = lab_state(place)
    except NotUp:
        return "No scenario is loaded."

    return f"Scenario {state.scenario}, loaded {state.loaded_at:%Y-%m-%d %H:%M:%S}Z."
