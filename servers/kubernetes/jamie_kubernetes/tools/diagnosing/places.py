"""What is around workloads in the scope of a round, indexed once."""

from functools import partial

from jamie_base.together import pair, together
from jamie_kubernetes.client.controllers import Controller, CronJob
from jamie_kubernetes.facts.causes.around import Around
from jamie_kubernetes.facts.landscape import Landscape
from jamie_kubernetes.kinds import CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, JOBS, STATEFUL_SETS
from jamie_kubernetes.tools.diagnosing.round import Round

MAKERS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS)


async def surroundings(round_: Round) -> Around:
    """Return the pods and events by owner."""

    async def read() -> Around:
        survey, events = await pair(round_.pods, round_.events)
        narrowed = "pods" in round_.parts.narrowed
        return Around(survey, events, round_.now_ns, round_.cluster.namespace if narrowed else "")

    return await round_.once("around", read)


async def landscape(round_: Round) -> Landscape:
    """Return pods and templates by their labels."""

    async def read() -> Landscape:
        lists = await together(*(partial(round_.listed, kind, Controller) for kind in MAKERS))
        made = zip(MAKERS, lists, strict=True)
        controllers = [(kind, one) for kind, found in made for one in found or ()]
        crons = await round_.listed(CRON_JOBS, CronJob) or ()
        return Landscape(await round_.pods(), controllers, crons)

    return await round_.once("landscape", read)
