"""What is read to tell changes: metadata of most kinds, small parts of some, revisions of a few."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import anyio
import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_base.redact import Redactor
from jamie_base.text import count
from jamie_base.together import together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.changed import ChangedNode, ChangedScaler, ChangedWorkload
from jamie_kubernetes.client.cluster import Reducer
from jamie_kubernetes.client.managed import Managed
from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.changes.events import QUIET, EventChanges
from jamie_kubernetes.facts.changes.nodes import NodeChanges
from jamie_kubernetes.facts.changes.objects import ObjectChanges
from jamie_kubernetes.facts.changes.scaling import Known, ScalerChanges, from_events
from jamie_kubernetes.facts.changes.told import Key, Tier, Told, told
from jamie_kubernetes.facts.changes.workloads import Touched, WorkloadChanges
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    CRON_JOBS,
    EVENTS,
    NODES,
    ROLLED,
    Kind,
)
from jamie_kubernetes.tools.parts import Part, Parts, why_of
from jamie_kubernetes.tools.revisions import read_revisions
from jamie_kubernetes.tools.targets import Target, joined
from jamie_kubernetes.tools.watched import custom

REVISIONS_READ = 40
GROUPS_NAMED = 5
AT_ONCE = 8

ObjectT = TypeVar("ObjectT")
ReducerT = TypeVar("ReducerT", bound=Reducer[Any])
ValueT = TypeVar("ValueT")

ByKind = dict[Kind, Part[ValueT]]


class Customs(msgspec.Struct, frozen=True):
    """What the cluster's own kinds told; why groups could not be read, and how many were not."""

    tallies: tuple[ObjectChanges, ...]
    unread: Mapping[str, str]
    left: int


@dataclass
class Reading:
    """Everything that is read for one answer."""

    parts: Parts
    since_ns: Nanoseconds
    workloads: ByKind[WorkloadChanges] = field(default_factory=ByKind[WorkloadChanges])
    objects: ByKind[ObjectChanges] = field(default_factory=ByKind[ObjectChanges])
    scalers: Part[ScalerChanges] | None = None
    nodes: Part[NodeChanges] | None = None
    customs: Part[Customs] | None = None
    events: Part[EventChanges] | None = None
    unrevised: int = 0
    unread: list[BackendError] = field(default_factory=list[BackendError])

    def plan(self, kinds: Sequence[Kind], name: str = "") -> None:
        """Plan to read kinds, or of each only the object of a name."""
        fields = f"metadata.name={name}" if name else ""
        since = self.since_ns
        for kind in kinds:
            start = partial(WorkloadChanges, kind, since)
            if kind in ROLLED:
                self.workloads[kind] = self._list(kind, ChangedWorkload, start, fields)
            elif kind == AUTOSCALERS:
                scalers = partial(ScalerChanges, since)
                self.scalers = self._list(kind, ChangedScaler, scalers, fields)
            elif kind == NODES:
                self.nodes = self._list(kind, ChangedNode, partial(NodeChanges, since), fields)
            else:
                objects = partial(ObjectChanges, kind, since)
                self.objects[kind] = self._list(kind, Managed, objects, fields, bare=True)

    def plan_events(self, now_ns: Nanoseconds) -> None:
        """Plan to read the events, but for the commonest; those before tell what there was."""
        back_ns = self.since_ns - max(now_ns - self.since_ns, 0)
        start = partial(EventChanges, self.since_ns, back_ns)
        self.events = self._list(EVENTS, Event, start, QUIET)

    def plan_customs(self) -> None:
        """Plan to find out which kinds the cluster has of its own, and to read some."""
        self.customs = self.parts.plan("custom resources", self._read_customs)

    async def fill(self) -> None:
        """Read everything, then the revisions of the workloads that may have rolled out."""
        await self.parts.fill()
        limiter = anyio.CapacityLimiter(AT_ONCE)
        rolled = [one for one in self._touched() if one.may_have_rolled]
        rolled.sort(key=lambda one: -one.latest)
        self.unrevised = max(len(rolled) - REVISIONS_READ, 0)
        await together(*(partial(self._revise, one, limiter) for one in rolled[:REVISIONS_READ]))

    def told(self, marks: Redactor, now_ns: Nanoseconds) -> list[Told]:
        """Tell every change."""
        touched = self._touched()
        rolled = {one.key: [*one.rolled(marks)] for one in touched}
        found: list[Told] = []
        for one in touched:
            key, rollouts = one.key, rolled[one.key]
            found += [told(key, each) for each in (*rollouts, *one.edits(rollouts))]
            found += [told(key, each, Tier.MINOR) for each in one.outcomes(rollouts)]
        for tally in (*self._objects(), *_values(self.scalers), *_values(self.nodes)):
            found += tally.told
        known = self._known(touched, {key for key, each in rolled.items() if each})
        heard = self.events.value.heard if self.events and self.events.value else {}
        return [*found, *from_events(heard, known, self.since_ns, now_ns)]

    def scalers_of(self, key: Key | None) -> set[Key]:
        """Return the autoscalers of a workload."""
        return {
            scaler
            for each in _values(self.scalers)
            for scaler, target in each.targets.items()
            if target == key
        }

    @property
    def looked_at(self) -> int:
        """Return how many kinds were read."""
        planned = [*self.workloads.values(), *self.objects.values(), self.scalers, self.nodes]
        return sum(part is not None and part.value is not None for part in planned) + sum(
            len(each.tallies) for each in _values(self.customs)
        )

    @property
    def left_out(self) -> int:
        """Return how many of the cluster's own kinds were not looked at."""
        return sum(each.left for each in _values(self.customs))

    def gaps(self) -> tuple[Gap, ...]:
        """Name what is missing."""
        found = [*self.parts.gaps()]
        found += [Gap("revisions", why_of(self.unread[0]))] if self.unread else []
        if self.unrevised:
            whose = count("workload", self.unrevised, "workloads touched earlier")
            found.append(Gap(f"revisions of {whose}", f"only {REVISIONS_READ} are compared"))
        return (*found, *(gap for each in _values(self.customs) for gap in _unread(each)))

    def _list(
        self,
        kind: Kind,
        item: type[ObjectT],
        start: Callable[[], ReducerT],
        fields: str,
        *,
        bare: bool = False,
    ) -> Part[ReducerT]:
        async def read(namespace: str) -> ReducerT:
            listing = Listing(kind, namespace, fields=fields, bare=bare)
            try:
                return await self.parts.cluster.fold(listing, item, start)
            except NotFound:
                # An API that this server does not have holds nothing.
                return start()

        scoped = self.parts.scoped(kind.plural, read) if kind.namespaced else partial(read, "")
        return self.parts.plan(kind.plural, scoped)

    async def _read_customs(self) -> Customs:
        cluster, namespace = self.parts.cluster, self.parts.namespace
        kinds = await cluster.kinds()
        chosen, left = custom(kinds.kinds, namespaced=bool(namespace))
        limiter = anyio.CapacityLimiter(AT_ONCE)

        async def read(kind: Kind) -> ObjectChanges | BackendError:
            start = partial(ObjectChanges, kind, self.since_ns, minor=True)
            async with limiter:
                try:
                    return await cluster.fold(Listing(kind, namespace, bare=True), Managed, start)
                except NotFound:
                    return start()
                except Unauthorised:
                    raise
                except BackendError as exc:
                    # One that may not be read, or whose extension is down, hides no other.
                    return exc

        found = await together(*(partial(read, kind) for kind in chosen))
        tallies = tuple(one for one in found if isinstance(one, ObjectChanges))
        unread = {
            kind.root.split("/")[2]: why_of(one)
            for kind, one in zip(chosen, found, strict=True)
            if isinstance(one, BackendError)
        }
        return Customs(tallies, unread, left)

    async def _revise(self, one: Touched, limiter: anyio.CapacityLimiter) -> None:
        meta = one.one.metadata
        target = Target(one.kind, meta.namespace, meta.name)
        labels = joined(one.one.spec.selector)
        async with limiter:
            try:
                one.revisions = await read_revisions(self.parts.cluster, target, meta.uid, labels)
            except BackendError as exc:
                self.unread.append(exc)

    def _touched(self) -> list[Touched]:
        tallies = (part.value for part in self.workloads.values())
        return [one for tally in tallies if tally for one in tally.touched]

    def _objects(self) -> list[ObjectChanges]:
        plain = [part.value for part in self.objects.values() if part.value]
        return [*plain, *(one for each in _values(self.customs) for one in each.tallies)]

    def _known(self, touched: Sequence[Touched], rolled: set[Key]) -> Known:
        scalers = _values(self.scalers)
        return Known(
            born={one.key: one.one.metadata.created_ns for one in touched if one.was_made},
            rolled=rolled,
            autoscaled=scalers[0].scaled if scalers else {},
            scalers={
                key: found
                for part in self.workloads.values()
                if part.value
                for key, found in part.value.scalers.items()
            },
            exists=self._exist(),
        )

    def _exist(self) -> Mapping[str, set[Key]]:
        """Return what exists, of the kinds of which all was read."""
        names: dict[Kind, set[tuple[str, str]]] = {
            kind: part.value.names for kind, part in self.workloads.items() if part.value
        }
        crons = self.objects.get(CRON_JOBS)
        if crons and crons.value:
            names[CRON_JOBS] = crons.value.names
        for scalers in _values(self.scalers):
            names[AUTOSCALERS] = scalers.names
        for nodes in _values(self.nodes):
            names[NODES] = {("", name) for name in nodes.names}

        return {
            kind.short: {(namespace, f"{kind.short}/{name}") for namespace, name in each}
            for kind, each in names.items()
            if kind.plural not in self.parts.narrowed
        }


def _unread(customs: Customs) -> list[Gap]:
    """Name the groups that could not be read, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for group, why in customs.unread.items():
        by_reason.setdefault(why, []).append(group)

    return [Gap(f"kinds of {_few(groups)}", why) for why, groups in by_reason.items()]


def _few(groups: Sequence[str]) -> str:
    more = len(groups) - GROUPS_NAMED
    return f"{', '.join(groups[:GROUPS_NAMED])}{f' and {more} more' if more > 0 else ''}"


def _values(part: Part[ValueT] | None) -> list[ValueT]:
    """Return the value of a part, if it has one, as a list."""
    return [part.value] if part and part.value is not None else []
