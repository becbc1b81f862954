"""Custom resources of every kind the cluster has, and Helm releases."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_base.together import together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.control import Custom
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.objects import Meta
from jamie_kubernetes.facts.causes.custom_links import is_pending, keepers, made_by, with_words
from jamie_kubernetes.facts.causes.operators import custom_findings, release_finding
from jamie_kubernetes.kinds import DEPLOYMENTS, SECRETS, STATEFUL_SETS, ApiKind, short_kind
from jamie_kubernetes.tools.diagnosing.round import Report, Round

KINDS_READ = 400
AT_ONCE = 6
KIND_SECONDS = 5.0

_ELSEWHERE = ("gateway.networking.k8s.io", "metrics.k8s.io", "apiregistration.k8s.io")
"""Groups that other areas look at, or that hold no objects of their own."""

_BUILT_IN = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver",
        "networking", "node", "rbac.authorization", "resource", "scheduling", "storage",
        "storagemigration",
    )
)  # fmt: skip
"""Groups of the API server itself."""

HELM = "owner=helm"

Linked = tuple[Finding, Sequence[str]]
"""A finding, and the keys of what made the object it is about."""

Made = Mapping[str, Sequence[str]]
"""The keys of the workloads that custom resources own, by the keys of those."""


async def examine(round_: Round, report: Report) -> None:
    """Report custom resources that say that they are not well, and releases that failed."""
    await together(partial(_customs, round_, report), partial(_releases, round_, report))


async def _customs(round_: Round, report: Report) -> None:
    async def discover() -> list[ApiKind]:
        kinds = (await round_.cluster.kinds()).kinds
        return _custom_kinds(kinds, namespaced_only=bool(round_.namespace))

    kinds = (await round_.parts.ask("API kinds", discover)).value or []
    made: Made = await _made(round_, {one.group for one in kinds}) if kinds else {}
    limit = anyio.CapacityLimiter(AT_ONCE)
    read: list[_Unwell] = []
    works = [partial(_of_kind, round_, read, one, made, limit) for one in kinds[:KINDS_READ]]
    try:
        await together(*works)
    finally:
        # Also what was read until the time was up.
        found = [linked for one in read for linked in one.found]
        between = {key: makers for one in read for key, makers in one.between.items()}
        for told in with_words(found, between):
            report(told)
    if len(kinds) > KINDS_READ:
        round_.unfinished("custom resources", f"only {KINDS_READ} of {len(kinds)} kinds looked at")


def _custom_kinds(kinds: Sequence[ApiKind], *, namespaced_only: bool) -> list[ApiKind]:
    """Return each custom kind once, in the version the server prefers."""
    chosen: dict[tuple[str, str], ApiKind] = {}
    for one in kinds:
        if _is_custom(one) and (one.kind.namespaced or not namespaced_only):
            chosen.setdefault((one.group, one.kind.plural), one)

    return list(chosen.values())


def _is_custom(one: ApiKind) -> bool:
    if "list" not in one.verbs or one.group.endswith(_ELSEWHERE):
        return False

    return "." in one.group and one.group not in _BUILT_IN


async def _made(round_: Round, groups: Container[str]) -> Made:
    """Find which workloads belong to custom resources, whose fault then is the workload's.

    Those that are not owned but labelled as kept are by the group of who keeps them, too.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for kind in (DEPLOYMENTS, STATEFUL_SETS):
        for one in await round_.listed(kind, Controller) or ():
            about = one.metadata
            own = key_of(about.namespace, f"{kind.short}/{about.name}")
            for ref in about.owner_references:
                owner = key_of(about.namespace, f"{short_kind(ref.kind)}/{ref.name}")
                found[owner].append(own)
            for keeper in keepers(about.labels, groups):
                found[keeper].append(own)

    return found


class _Unwell:
    """Keeps what is wrong with the objects of one kind."""

    def __init__(self, kind: ApiKind, made: Made, now_ns: Nanoseconds) -> None:
        self._kind = kind
        self._made = made
        self._now = now_ns
        self.found: list[Linked] = []
        self.between: dict[str, Sequence[str]] = {}

    def add(self, page: Sequence[Custom]) -> None:
        for one in page:
            makers = made_by(one.metadata)
            told = [*self._judged(one)]
            self.found += [(each, makers) for each in told]
            if not told and makers and is_pending(one):
                self.between[self._key(one)] = makers

    def _judged(self, one: Custom) -> Iterator[Finding]:
        kind, group, about = self._kind.kind, self._kind.group, one.metadata
        made = self._made.get(self._key(one), ())
        keeps = self._made.get(f"{group} {about.namespace}/{about.name}", ())
        yield from custom_findings(kind, group, one, self._now, made, keeps)

    def _key(self, one: Custom) -> str:
        about = one.metadata
        return key_of(about.namespace, f"{short_kind(self._kind.kind.name)}/{about.name}")


async def _of_kind(
    round_: Round, done: list[_Unwell], kind: ApiKind, made: Made, limit: anyio.CapacityLimiter
) -> None:
    """Read a kind; one that does not answer is the API service's own trouble, and named once."""

    async def read(namespace: str) -> _Unwell:
        where = namespace if kind.kind.namespaced else ""
        start = partial(_Unwell, kind, made, round_.now_ns)
        return await round_.cluster.fold(Listing(kind.kind, where), Custom, start)

    unwell: _Unwell | None = None
    async with limit:
        with anyio.move_on_after(KIND_SECONDS) as patience:
            try:
                unwell = await read(round_.namespace)
            except (Unauthorised, NotFound) as exc:
                # Gone since the kinds were discovered.
                if isinstance(exc, Unauthorised):
                    raise
            except BackendError as exc:
                round_.unread(kind.full, exc)
    if patience.cancelled_caught:
        round_.unfinished(kind.full, f"no answer within {KIND_SECONDS:g} s")
    if unwell:
        done.append(unwell)


class _Release(msgspec.Struct, frozen=True):
    """The Secret that holds a revision of a release, without its data."""

    metadata: Meta


async def _releases(round_: Round, report: Report) -> None:
    """Judge the newest revision of each Helm release, by the labels of the Secrets that hold it."""
    listing = Listing(SECRETS, round_.namespace, labels=HELM, bare=True)
    try:
        found = await round_.cluster.all(listing, _Release)
    except Unauthorised:
        raise
    except BackendError as exc:
        round_.unread("Helm releases", exc)
        return

    newest: dict[tuple[str, str], Meta] = {}
    for one in sorted((each.metadata for each in found), key=_revision):
        newest[one.namespace, one.labels.get("name", "")] = one
    for (namespace, name), one in newest.items():
        status = one.labels.get("status", "")
        if finding := release_finding(namespace, name, status, one.created_ns):
            report(finding)


def _revision(one: Meta) -> int:
    version = one.labels.get("version", "")
    return int(version) if version.isdecimal() else 0
