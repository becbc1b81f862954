"""How far a workload is from what it should be, as `kubectl rollout status` tells it."""

import msgspec

from jamie_base.text import count
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, Kind


class Progress(msgspec.Struct, frozen=True):
    """Whether it is done, has failed (why), or how far it is."""

    words: str
    done: bool = False
    failed: str = ""


def progress_of(kind: Kind, one: Controller) -> Progress:
    """Tell how far a workload is."""
    if one.status.observed_generation < one.metadata.generation:
        return Progress("not noticed by its controller yet")
    if kind == DAEMON_SETS:
        return _daemon_set(one)
    if kind == STATEFUL_SETS:
        return _stateful_set(one)
    if kind == DEPLOYMENTS:
        return _deployment(one)

    ready, wanted = one.status.ready_replicas, one.spec.replicas
    return Progress(f"{ready} of {wanted} ready", one.status.replicas == wanted == ready)


def _deployment(one: Controller) -> Progress:
    status, wanted = one.status, one.spec.replicas
    left = status.replicas - status.updated_replicas
    old = f", {left} old left" if left > 0 else ""
    words = (
        f"{status.updated_replicas} of {wanted} updated, {status.available_replicas} available{old}"
    )
    late = one.condition("Progressing", "False")
    if late and late.reason == "ProgressDeadlineExceeded":
        return Progress(words, failed="it exceeded its progress deadline")
    refused = one.condition("ReplicaFailure")
    if refused and status.replicas < wanted:
        return Progress(words, failed=f"pods are refused ({refused.reason})")
    if one.spec.paused:
        return Progress(f"{words}; paused", status.replicas == wanted == status.available_replicas)

    done = status.updated_replicas == wanted == status.available_replicas and left == 0
    return Progress(words, done)


def _stateful_set(one: Controller) -> Progress:
    status, wanted = one.status, one.spec.replicas
    rolling = one.spec.update_strategy.rolling_update
    updated = wanted - (rolling.partition if rolling else 0)
    words = f"{status.updated_replicas} of {wanted} updated, {status.ready_replicas} ready"
    if one.spec.update_strategy.type == "OnDelete":
        ready = status.replicas == wanted == status.ready_replicas
        return Progress(f"{words}; it replaces pods only when they are deleted", ready)

    enough = status.updated_replicas >= max(updated, 0)
    return Progress(words, enough and status.replicas == wanted == status.ready_replicas)


def _daemon_set(one: Controller) -> Progress:
    status, wanted = one.status, one.status.desired_number_scheduled
    words = (
        f"{status.updated_number_scheduled} of {count('node', wanted)} updated,"
        f" {status.number_available} available"
    )
    if one.spec.update_strategy.type == "OnDelete":
        return Progress(f"{words}; it replaces pods only when they are deleted", done=True)

    done = status.updated_number_scheduled >= wanted <= status.number_available
    return Progress(words, done)
