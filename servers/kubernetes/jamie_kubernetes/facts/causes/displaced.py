"""Who took the place of pods that the scheduler sent away for others of a higher priority."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.objects import ObjectReference
from jamie_kubernetes.client.placing import PlacingPod
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.crowd import owner_name
from jamie_kubernetes.facts.event_index import Happening
from jamie_kubernetes.facts.owners import owner_by_name
from jamie_kubernetes.facts.standing import word

PREEMPTED = "Preempted"
"""The reason of the event by which the scheduler tells it."""

REPLACED_NS = 600 * 1_000_000_000
"""How long after it another pod may come instead: the old one may take its time to go."""

_EARLY_NS = 5 * 1_000_000_000
_BY = re.compile(
    r"Preempted by (?:pod (?P<uid>[0-9a-f-]{36})"
    r"|(?P<namespace>[a-z0-9-]{1,63})/(?P<name>[a-z0-9.-]{1,253}))"
    r" on node (?P<node>[a-z0-9.-]{1,253})"
)


class Pushing(msgspec.Struct, frozen=True):
    """The pod for which others were sent away, as the scheduler tells it.

    It names the node and the pod's uid; older ones the namespace and name instead.
    """

    node: str
    uid: str = ""
    namespace: str = ""
    name: str = ""

    def is_(self, pod: PlacingPod) -> bool:
        """Tell whether this is the pod."""
        about = pod.metadata
        return (
            (about.uid == self.uid)
            if self.uid
            else ((about.namespace, about.name) == (self.namespace, self.name))
        )


class Taker(msgspec.Struct, frozen=True):
    """Whose pod took a place; its priority where the pod is still there to be asked."""

    owner: str
    priority: int | None = None
    priority_class: str = ""


class Displaced(msgspec.Struct, frozen=True):
    """What sent pods away, and for whom, as far as that is known."""

    event: Happening
    takers: tuple[Taker, ...]


def is_why(event: Happening, pod: PlacingPod) -> bool:
    """Tell whether a pod came instead of those that were sent away."""
    born = pod.metadata.created_ns
    return event.first_ns - _EARLY_NS <= born <= event.last_ns + REPLACED_NS


def pushing(event: Happening) -> list[Pushing]:
    """Return the pods for which others were sent away."""
    found = (_BY.search(one.text) for one in event.says)
    return [Pushing(**one.groupdict("")) for one in found if one]


def taker(who: Pushing, pods: Iterable[PlacingPod]) -> Taker | None:
    """Tell whose a pod is, by the pods of its node, or by its name where it is gone."""
    if pod := next(filter(who.is_, pods), None):
        spec = pod.spec
        owner = key_of(pod.metadata.namespace, owner_name(pod))
        return Taker(owner, spec.priority, word(spec.priority_class_name))
    if not who.name:
        return None

    about = ObjectReference(kind="Pod", namespace=who.namespace, name=who.name)
    return Taker(key_of(who.namespace, str(owner_by_name(about))))


def taken_by(takers: Sequence[Taker], own: int) -> str:
    """Say who took the place of pods with a priority: `prod/deploy/pay (priority 10; its own 0)`.

    One that is not higher any more was changed since: then nothing is said of it.
    """
    told = list(dict.fromkeys(_told(one, own) for one in takers))
    return named(told) if told else "pods of a higher priority"


def _told(one: Taker, own: int) -> str:
    if one.priority is None or one.priority <= own:
        return one.owner

    kind = f" of class {one.priority_class}" if one.priority_class else ""
    return f"{one.owner} (priority {one.priority}{kind}, its own is {own})"
