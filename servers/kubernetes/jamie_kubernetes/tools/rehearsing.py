"""A change rehearsed at the server, which tells what would be so and whether it refuses."""

from contextlib import suppress
from datetime import UTC, datetime

from jamie_base.errors import BackendError, InvalidArgument, NotConfirmed, NotFound
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.sending import MERGE, NOW, Object, Sending, text_at
from jamie_kubernetes.facts.fields import merged
from jamie_kubernetes.tools.change import Acted, Draft, Job, fields_of

NOT_REHEARSED = (
    "Not rehearsed: an admission webhook refuses dry runs; it may change or refuse this."
)
TRIES = 5
"""How often a change is sent again because only the object's version moved."""


async def rehearsed(cluster: Cluster, job: Job) -> Draft:
    """Rehearse a change at the server.

    Raises:
        BackendError: The server would refuse it; in its own words.

    """
    whole = await looked(cluster, job, job.target.path)
    before = await cluster.get(job.path, Object) if job.below else whole
    before, after, note = await _rehearsed(cluster, job, before)
    acted = Acted(before, after, rehearsed=True)

    return Draft(job, whole, acted, fields_of(job, acted), note)


async def looked(cluster: Cluster, job: Job, path: str) -> Object:
    """Return an object, or nothing where the change may make it."""
    try:
        return await cluster.get(path, Object)
    except NotFound:
        if not job.applies:
            raise
        return {}


def body_of(sending: Sending, seen: Object, moment: str = "") -> bytes:
    """Return what is sent, on condition that the object is as it was seen."""
    return sending.body(
        text_at(seen, "metadata", "uid"),
        text_at(seen, "metadata", "resourceVersion"),
        moment or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


async def _rehearsed(
    cluster: Cluster, job: Job, before: Object
) -> tuple[Object, Object, tuple[str, ...]]:
    """Return the object as it is, as it would be, and a word where the server could not tell."""
    for again in range(TRIES):
        # Its status may have moved between the look and the rehearsal, as in a rollout: look again.
        now = await looked(cluster, job, job.path) if again else before
        with suppress(Conflict):
            return now, *await _rehearsed_once(cluster, job, now)

    raise NotConfirmed(f"{job.target.full} changes while it is looked at; try again.")


async def _rehearsed_once(
    cluster: Cluster, job: Job, before: Object
) -> tuple[Object, tuple[str, ...]]:
    sending = job.sending
    try:
        return await cluster.send(sending, body_of(sending, before, NOW), rehearse=True), ()
    except BackendError as exc:
        if "does not support dry run" not in str(exc):
            raise
        if sending.media != MERGE or isinstance(sending.content, list):
            raise InvalidArgument(
                f"{job.target.full}: this cannot be rehearsed, so it is not planned: {exc}"
            ) from exc

        return merged(before, sending.content), (NOT_REHEARSED,)
