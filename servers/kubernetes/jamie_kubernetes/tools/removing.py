"""One deletion, whatever asked for it: rehearsed, planned, sent on condition, seen through."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import anyio
import msgspec
from msgspec import structs

from jamie_base.errors import (
    BackendError,
    InvalidArgument,
    NotConfirmed,
    NotFound,
    NotReached,
    TimedOut,
    Unreachable,
)
from jamie_base.plan import Binding, Outcome, Plan
from jamie_base.progress import progress
from jamie_base.redact import Redactor
from jamie_base.text import join_words
from jamie_base.when import age
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Conflict
from jamie_kubernetes.client.sending import Object, Sending, text_at
from jamie_kubernetes.facts.fields import lasting
from jamie_kubernetes.facts.removals import holders
from jamie_kubernetes.tools.aftermath import POLL_SECONDS, SPARE_SECONDS
from jamie_kubernetes.tools.changing import generation_of, unknown
from jamie_kubernetes.tools.rehearsing import NOT_REHEARSED, TRIES
from jamie_kubernetes.tools.targets import Target

Propagation = Literal["background", "foreground", "orphan"]

FOR_GOOD = "A deletion cannot be undone; k8s_get output=yaml shows what would be lost."


class Removal(msgspec.Struct, frozen=True, tag="removal"):
    """A deletion: of what, and how; `content` is a digest of the object that was looked at.

    A pod deleted by `force` is forgotten at once, whether its containers have stopped or not.
    """

    target: Target
    propagation: Propagation = "background"
    force: bool = False
    content: str = ""

    @property
    def sending(self) -> Sending:
        """Return the request that makes it."""
        options: Object = {"propagationPolicy": self.propagation.capitalize()}
        if self.force:
            options["gracePeriodSeconds"] = 0

        return Sending("DELETE", self.target.path, options)


async def rehearsed(cluster: Cluster, removal: Removal) -> tuple[Object, tuple[str, ...]]:
    """Rehearse a deletion at the server; return what would be gone, and a word where it could not.

    Raises:
        InvalidArgument: It is being deleted already.
        BackendError: The server would refuse it; in its own words.

    """
    for _ in range(TRIES):
        # Its status may move between the look and the rehearsal: look again.
        whole = await cluster.get(removal.target.path, Object)
        _check_there(removal, whole)
        with suppress(Conflict):
            return whole, await _rehearsed(cluster, removal, whole)

    raise NotConfirmed(f"{removal.target.full} changes while it is looked at; try again.")


def planned_removal(
    cluster: Cluster, marks: Redactor, removal: Removal, whole: Object, impact: Sequence[str]
) -> Plan:
    """Plan a deletion that was rehearsed."""
    target = removal.target
    bound = structs.replace(removal, content=_digest(whole))
    binding = Binding(
        target=target.full,
        uid=text_at(whole, "metadata", "uid"),
        generation=generation_of(whole),
        # Marks made with our key: a bare hash of a short secret could be guessed.
        touched={name: marks.value(_packed(value)) for name, value in lasting(whole).items()},
        body=msgspec.json.encode(bound, order="deterministic"),
    )
    return Plan(
        summary=f"delete {target.full} (context {cluster.access.context})",
        binding=binding,
        changes=(f"{target.full}: {_age(whole)} -> gone",),
        impact=(*impact,),
        undo=FOR_GOOD,
    )


async def remove(cluster: Cluster, plan: Plan) -> Outcome:
    """Send a planned deletion, for the very object that was planned for.

    Raises:
        NotConfirmed: It is another, or gone.
        BackendError: The server refused, or nobody knows whether it did it.

    """
    removal = msgspec.json.decode(plan.binding.body, type=Removal)
    for _ in range(TRIES):
        whole = await _looked(cluster, plan)
        with suppress(Conflict):
            await _sent(cluster, plan, removal, whole)
            return Outcome(f"{plan.binding.target} was deleted", verified=False)

    raise NotConfirmed(
        f"{plan.binding.target} changes faster than it can be deleted; nothing was changed."
        " Try again."
    )


async def see_gone(cluster: Cluster, plan: Plan, outcome: Outcome) -> Outcome:
    """Wait until the object is gone; say what holds it when the time is over."""
    removal = msgspec.json.decode(plan.binding.body, type=Removal)
    started = time.monotonic()
    until = anyio.current_effective_deadline() - SPARE_SECONDS
    told = ""
    while True:
        left, words = await _left(cluster, removal.target, plan.binding.uid)
        took = f"after {time.monotonic() - started:.0f} s"
        if not left:
            return structs.replace(outcome, verified=True, details=(f"{words}, {took}",))
        if words != told:
            told = words
            await progress(f"{removal.target.full}: {told}")
        if anyio.current_time() + POLL_SECONDS > until:
            summary = f"{plan.binding.target} is being deleted and is not gone yet"
            return Outcome(summary, verified=False, details=(f"{words}, {took}",))
        await anyio.sleep(POLL_SECONDS)


def _check_there(removal: Removal, whole: Object) -> None:
    since = text_at(whole, "metadata", "deletionTimestamp")
    if not since or removal.force:
        return

    raise InvalidArgument(
        f"{removal.target.full} is being deleted already; {join_words(holders(whole))}. Nothing"
        " more is needed but what holds it."
    )


async def _looked(cluster: Cluster, plan: Plan) -> Object:
    removal = msgspec.json.decode(plan.binding.body, type=Removal)
    try:
        whole = await cluster.get(removal.target.path, Object)
    except NotFound as exc:
        raise NotConfirmed(f"{plan.binding.target} is gone already; nothing was changed.") from exc

    if text_at(whole, "metadata", "uid") != plan.binding.uid:
        raise NotConfirmed(
            f"{plan.binding.target} is another object of that name now; nothing was changed."
        )
    if _digest(whole) != removal.content:
        raise NotConfirmed(
            f"{plan.binding.target} changed in the last moment; nothing was changed. Look again,"
            " then ask again."
        )

    return whole


async def _sent(cluster: Cluster, plan: Plan, removal: Removal, whole: Object) -> None:
    try:
        await cluster.send(removal.sending, _body(removal, whole))
    except NotFound:
        return
    except NotReached:
        raise
    except (TimedOut, Unreachable) as exc:
        try:
            left, _ = await _left(cluster, removal.target, plan.binding.uid)
        except BackendError:
            raise unknown(plan.summary, exc) from exc
        if left and not text_at(left, "metadata", "deletionTimestamp"):
            raise unknown(plan.summary, exc) from exc


async def _left(cluster: Cluster, target: Target, uid: str) -> tuple[Object, str]:
    """Return what is left of an object, nothing where it is gone, and words about that."""
    try:
        now = await cluster.get(target.path, Object)
    except NotFound:
        return {}, "gone"

    if text_at(now, "metadata", "uid") != uid:
        return {}, "gone; a new one of that name is there"

    return now, join_words(holders(now))


async def _rehearsed(cluster: Cluster, removal: Removal, whole: Object) -> tuple[str, ...]:
    try:
        await cluster.send(removal.sending, _body(removal, whole), rehearse=True)
    except BackendError as exc:
        if isinstance(exc, Conflict) or "does not support dry run" not in str(exc):
            raise
        return (NOT_REHEARSED,)

    return ()


def _body(removal: Removal, seen: Object) -> bytes:
    uid = text_at(seen, "metadata", "uid")

    return removal.sending.body(uid, text_at(seen, "metadata", "resourceVersion"), "")


def _digest(whole: Object) -> str:
    return hashlib.blake2b(_packed(lasting(whole)).encode(), digest_size=16).hexdigest()


def _packed(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _age(whole: Object) -> str:
    created = text_at(whole, "metadata", "creationTimestamp")
    if not created:
        return "there"

    seconds = datetime.now(UTC) - datetime.fromisoformat(created)
    return f"there for {age(max(seconds.total_seconds(), 0.0))}"
