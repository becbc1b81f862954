"""One round through a cluster: what its areas read, each thing once, gaps noted once."""

from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, TypeVar, cast

from jamie_base.errors import BackendError, Denied, NotFound, TimedOut
from jamie_base.flight import SingleFlight
from jamie_base.redact import Redactor
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.cluster import METADATA_OF_ONE, Reducer
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Event, Named
from jamie_kubernetes.client.secrets import NO_OBJECT, SECRET_TABLE, SecretTable
from jamie_kubernetes.client.survey import SurveyedPod
from jamie_kubernetes.facts.crowd import Crowd
from jamie_kubernetes.facts.event_index import EventIndex
from jamie_kubernetes.facts.happenings import EVENT_WINDOW_NS
from jamie_kubernetes.facts.survey import PodSurvey
from jamie_kubernetes.kinds import (
    DAEMON_SETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NODES,
    PODS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
)
from jamie_kubernetes.tools.parts import Parts

T = TypeVar("T")
ObjectT = TypeVar("ObjectT")
ReducerT = TypeVar("ReducerT", bound=Reducer[Any])


COUNTED = (NODES, DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, SERVICES)
"""Kinds whose number is told."""

Report = Callable[[Finding], None]
"""Takes a finding as soon as it is made, so that an area which runs out of time loses nothing."""


class Round:
    """Hands out what the areas read. `None` stands for what could not be had; a gap names it.

    `intentions` tell of owners, by their keys, that rest because somebody wants it so.
    """

    def __init__(
        self,
        parts: Parts,
        marks: Redactor,
        now_ns: Nanoseconds,
        survey: PodSurvey | None = None,
    ) -> None:
        self.parts = parts
        self.marks = marks
        self.now_ns = now_ns
        self.unlooked: list[str] = []
        self.intentions: dict[str, str] = {}
        self._known: dict[Hashable, object] = {"pods": survey} if survey else {}
        self._flights = SingleFlight[object]()

    @property
    def cluster(self) -> Cluster:
        """Return the cluster."""
        return self.parts.cluster

    @property
    def namespace(self) -> str:
        """Return the namespace we look at; empty: all."""
        return self.parts.namespace

    async def pods(self) -> PodSurvey | None:
        """Return the survey of the scope's pods, failed tries of finished Jobs forgiven."""
        return await self.once("pods", self._pods)

    async def crowd(self) -> Crowd | None:
        """Return the pods of the whole cluster as neighbours: what they take, and of whom."""
        if not self.namespace:
            survey = await self.pods()
            return survey.crowd if survey else None

        return await self.once("crowd", self._crowd)

    async def nodes(self) -> list[Host] | None:
        """Return the nodes."""
        return await self.listed(NODES, Host)

    async def events(self) -> EventIndex | None:
        """Return the warnings of the last hour."""
        return await self.once("events", partial(self._events, "events", "type=Warning"))

    async def notes(self, reason: str) -> EventIndex | None:
        """Return the last hour's events of a reason that is no warning: `Killing`, `Pulling`."""
        fields = f"type=Normal,reason={reason}"
        return await self.once(("notes", reason), partial(self._events, f"{reason} events", fields))

    async def folded(
        self, kind: Kind, item: type[ObjectT], start: Callable[[], ReducerT]
    ) -> ReducerT | None:
        """Return the scope's objects of a kind, reduced while they come; `start` is the key."""

        async def read(namespace: str) -> ReducerT:
            try:
                return await self.cluster.fold(Listing(kind, namespace), item, start)
            except NotFound:
                return start()

        async def ask() -> ReducerT | None:
            return (await self.parts.ask(kind.plural, self.parts.scoped(kind.plural, read))).value

        return await self.once((kind, start), ask)

    async def offered(self, plural: str, group: str) -> Kind | None:
        """Return a kind that not every cluster has, in the version it has; None: it has none."""
        try:
            known = await self.cluster.kinds()
        except Unauthorised:
            raise
        except BackendError:
            return None

        named = known.named(f"{plural}.{group}")
        return named[0].kind if named else None

    async def listed(
        self, kind: Kind, item: type[ObjectT], *, labels: str = "", fields: str = ""
    ) -> list[ObjectT] | None:
        """Return the scope's objects of a kind; none where the cluster has no such kind."""

        async def read(namespace: str) -> list[ObjectT]:
            where = namespace if kind.namespaced else ""
            try:
                return await self.cluster.all(Listing(kind, where, labels, fields), item)
            except NotFound:
                return []

        async def ask() -> list[ObjectT] | None:
            scoped = self.parts.scoped(kind.plural, read) if kind.namespaced else _bare(read)
            return (await self.parts.ask(kind.plural, scoped)).value

        return await self.once((kind, item, labels, fields), ask)

    async def one(
        self, kind: Kind, namespace: str, name: str, item: type[ObjectT]
    ) -> ObjectT | None:
        """Return one object; None where it does not exist or may not be read: see `exists`."""

        async def ask() -> ObjectT | None:
            try:
                return await self.cluster.get(kind.path(namespace, name), item)
            except Unauthorised:
                raise
            except BackendError:
                return None

        return await self.once((kind, namespace, name, item), ask)

    async def exists(self, kind: Kind, namespace: str, name: str) -> bool | None:
        """Tell whether an object exists; None where we may not know."""

        async def ask() -> bool | None:
            try:
                await self.cluster.get(kind.path(namespace, name), Named, accept=METADATA_OF_ONE)
            except Unauthorised:
                raise
            except BackendError as exc:
                return _absent(exc)

            return True

        return await self.once(("exists", kind, namespace, name), ask)

    async def secret_type(self, namespace: str, name: str) -> str | None:
        """Return the type of a Secret without its data; empty: it does not exist; None: unknown."""
        path = SECRETS.path(namespace, name)

        async def ask() -> str | None:
            try:
                table = await self.cluster.get(path, SecretTable, NO_OBJECT, accept=SECRET_TABLE)
            except Unauthorised:
                raise
            except NotFound:
                return ""
            except BackendError as exc:
                self.unread("certificates' Secrets", exc)
                return None

            return table.type

        return await self.once(("type", path), ask)

    def checked(self) -> dict[str, int]:
        """Count what was looked at, by kind."""
        survey = self._known.get("pods")
        counted = {"pod": survey.tally.total} if isinstance(survey, PodSurvey) else {}
        for key, known in self._known.items():
            kind = cast("tuple[object, ...]", key)[0] if isinstance(key, tuple) else None
            if isinstance(kind, Kind) and kind in COUNTED and isinstance(known, list):
                counted[kind.name] = len(cast("list[object]", known))

        order = ["pod", *(kind.name for kind in COUNTED)]
        return {name: counted[name] for name in order if name in counted}

    def unfinished(self, part: str, why: str) -> None:
        """Name what could not be looked at."""
        self.parts.plan(part, _bare(_nothing)).error = TimedOut(why)

    def unread(self, what: str, error: BackendError) -> None:
        """Note what is looked at only where we may, or name why it could not be read."""
        if isinstance(error, Denied):
            self.unlooked.append(what)
        else:
            self.parts.plan(what, _bare(_nothing)).error = error

    async def once(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """Do something once a round, however many areas want it, and keep what came of it."""
        if key not in self._known:
            self._known[key] = await self._flights.run(key, work)

        return cast("T", self._known[key])

    async def _pods(self) -> PodSurvey | None:
        async def read(namespace: str) -> PodSurvey:
            def start() -> PodSurvey:
                return PodSurvey(self.now_ns)

            return await self.cluster.fold(Listing(PODS, namespace), SurveyedPod, start)

        survey = (await self.parts.ask("pods", self.parts.scoped("pods", read))).value
        if survey and survey.tally.tries:
            jobs = await self.listed(JOBS, Controller) or []
            survey.settle(
                {
                    (job.metadata.namespace, job.metadata.name)
                    for job in jobs
                    if job.condition("Complete") or job.condition("SuccessCriteriaMet")
                }
            )

        return survey

    async def _crowd(self) -> Crowd | None:
        async def read() -> Crowd:
            def start() -> Crowd:
                return Crowd(self.now_ns)

            return await self.cluster.fold(Listing(PODS), SurveyedPod, start)

        return (await self.parts.ask("pods of other namespaces", read)).value

    async def _events(self, part: str, fields: str) -> EventIndex | None:
        async def read(namespace: str) -> EventIndex:
            def start() -> EventIndex:
                return EventIndex(self.now_ns - EVENT_WINDOW_NS)

            return await self.cluster.fold(Listing(EVENTS, namespace, fields=fields), Event, start)

        return (await self.parts.ask(part, self.parts.scoped(part, read))).value


def _absent(error: BackendError) -> bool | None:
    return False if isinstance(error, NotFound) else None


async def _nothing(_: str) -> None:
    """Stand for the work of a part that is not asked for again."""


def _bare(read: Callable[[str], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    async def work() -> T:
        return await read("")

    return work
