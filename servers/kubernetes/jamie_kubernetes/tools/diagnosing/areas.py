"""The areas of a diagnosis, asked at the same time."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import msgspec

from jamie_base.budget import share_of_time
from jamie_base.together import pair, together
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.network import NetService
from jamie_kubernetes.facts.causes.dependencies import Served, linked
from jamie_kubernetes.kinds import SERVICES
from jamie_kubernetes.tools.diagnosing import (
    admission,
    containers,
    control,
    networking,
    nodes,
    operators,
    placement,
    scaling,
    services,
    storage,
    workloads,
)
from jamie_kubernetes.tools.diagnosing.round import Report, Round

AREA_SECONDS = 24.0
"""How long an area may take at most; it is less where the call has less time left."""


class Area(msgspec.Struct, frozen=True):
    """One area: its name in gaps, and what it asks and judges."""

    name: str
    examine: Callable[[Round, Report], Awaitable[None]]


AREAS = (
    Area("containers", containers.examine),
    Area("control plane", control.examine),
    Area("custom resources", operators.examine),
    Area("networking", networking.examine),
    Area("workloads", workloads.examine),
    Area("admission", admission.examine),
    Area("scaling", scaling.examine),
    Area("placement", placement.examine),
    Area("nodes", nodes.examine),
    Area("services", services.examine),
    Area("storage", storage.examine),
)


async def examined(round_: Round) -> list[Finding]:
    """Return what every area found; one that runs out of time keeps what it has, and is named."""
    found: list[Finding] = []
    await together(*(partial(_within, round_, area, found.append) for area in AREAS))

    return await _linked(round_, found)


async def _linked(round_: Round, found: list[Finding]) -> list[Finding]:
    """Look for what pods cannot reach among the Services, where any complain."""
    if not any(one.needs for one in found):
        return found

    services, survey = await pair(partial(round_.listed, SERVICES, NetService), round_.pods)
    return linked(found, Served(services or (), survey.labels if survey else {}))


async def _within(round_: Round, area: Area, report: Report) -> None:
    seconds = share_of_time(AREA_SECONDS)
    with anyio.move_on_after(seconds) as patience:
        await area.examine(round_, report)
    if patience.cancelled_caught:
        round_.unfinished(f"{area.name} in part", f"not finished within {seconds:.2g} s")
