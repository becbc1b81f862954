"""What became of a change: watched until it is there, has failed, or there is no more time."""

import time
from collections import Counter

import anyio
import msgspec
from msgspec import structs

from jamie_base.errors import BackendError, NotFound
from jamie_base.plan import Outcome, Plan
from jamie_base.progress import progress
from jamie_base.text import count, join_words
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Named, Pod
from jamie_kubernetes.client.sending import Object
from jamie_kubernetes.facts.ailments import ailment_of
from jamie_kubernetes.facts.fields import as_left
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.rolling import Progress, progress_of
from jamie_kubernetes.facts.standing import standing_of
from jamie_kubernetes.kinds import PODS
from jamie_kubernetes.tools.change import Errand, moves
from jamie_kubernetes.tools.targets import Target, selector_of

POLL_SECONDS = 0.5
SPARE_SECONDS = 3.0
"""What is left of the deadline for saying what was seen."""

_LATER_NS = 3600 * 1_000_000_000
"""Looks at pods as if it were later: what is not ready yet is what holds the rollout up."""


class Seen(msgspec.Struct, frozen=True):
    """Whether a change is there, and how far it came."""

    verified: bool
    details: tuple[str, ...] = ()


async def look_after(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """See whether the fields hold, and whether a rollout gets through; say how far it came."""
    seen = await look_at(cluster, msgspec.json.decode(plan.binding.body, type=Errand))

    return structs.replace(outcome, verified=seen.verified, details=seen.details)


async def look_at(cluster: Cluster, errand: Errand) -> Seen:
    """See whether the fields of one change hold, and whether its rollout gets through."""
    if errand.job.watch == "gone":
        return await _gone(cluster, errand)
    if lost := await _lost(cluster, errand):
        return Seen(False, (lost,))
    if errand.job.watch != "rollout":
        return Seen(True)

    started = time.monotonic()
    seen = await _rolled(cluster, errand.job.target)
    lost = await _lost(cluster, errand)
    words = f"{seen.words}, after {time.monotonic() - started:.0f} s"
    if lost:
        return Seen(False, (lost, words))
    if seen.done:
        return Seen(True, (words,))

    why = f"it failed: {seen.failed}" if seen.failed else "not there yet"
    return Seen(False, (f"{why}: {words}", *await _blocking(cluster, errand.job.target)))


async def _gone(cluster: Cluster, errand: Errand) -> Seen:
    try:
        await cluster.get(errand.job.path, Named)
    except NotFound:
        return Seen(True, ("it is gone",))

    return Seen(False, ("it is still there",))


async def _lost(cluster: Cluster, errand: Errand) -> str:
    """Say which fields are not as we left them; nothing where all hold."""
    now = await cluster.get(errand.job.path, Object)
    lost = [one.name for one in errand.fields if not (moves(one) or as_left(now, one))]

    return f"changed again at once by somebody else: {join_words(lost[:5])}" if lost else ""


async def _rolled(cluster: Cluster, target: Target) -> Progress:
    """Follow a rollout until it is through, has failed, or the time is up."""
    until = anyio.current_effective_deadline() - SPARE_SECONDS
    told = failed = ""
    while True:
        seen = progress_of(target.kind, await cluster.get(target.path, Controller))
        if seen.words != told:
            told = seen.words
            await progress(f"{target.full}: {told}")
        # A failure seen once may be the one before: controllers correct their words late.
        over = seen.done or (seen.failed and seen.failed == failed)
        if over or anyio.current_time() + POLL_SECONDS > until:
            return seen
        failed = seen.failed
        await anyio.sleep(POLL_SECONDS)


async def _blocking(cluster: Cluster, target: Target) -> list[str]:
    """Say what keeps pods from getting ready; nothing where that cannot be seen."""
    try:
        listing = Listing(PODS, target.namespace, await selector_of(cluster, target))
        pods = await cluster.all(listing, Pod)
    except (BackendError, NotFound):
        return []

    ours = [one for one in pods if owner_of(one.metadata) in (None, target.owner)]
    causes = Counter(cause for one in ours if (cause := cause_of(one)))
    return [f"{count('pod', number)}: {cause}" for cause, number in causes.most_common(4)]


def cause_of(pod: Pod) -> str:
    """Say what keeps a pod from getting ready; nothing for one that is about to go."""
    if pod.metadata.deletion_timestamp is not None:
        return ""

    stands = standing_of(pod)
    found = ailment_of(pod, stands, time.time_ns() + _LATER_NS)
    return found.cause if found else ""
