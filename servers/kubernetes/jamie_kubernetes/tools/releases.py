"""Helm releases: the list, the history of one, and what differs between two revisions."""

from collections.abc import Sequence
from functools import partial

import anyio
import msgspec

from jamie_base.errors import BackendError, InvalidArgument, NotFound
from jamie_base.redact import Redactor
from jamie_base.together import together
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap
from jamie_kubernetes.answers_rollout import Difference, ReleaseRow, RevisionRow, Rollout
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.managed import Managed
from jamie_kubernetes.client.releases import KeptRelease, Release, unpacked
from jamie_kubernetes.facts.releases import (
    OWNED,
    Kept,
    app_of,
    chart_of,
    images_of,
    kept_in,
    newest,
    rank,
    release_changes,
    release_row,
    release_state,
    why_of,
)
from jamie_kubernetes.kinds import CONFIG_MAPS, SECRETS, Kind
from jamie_kubernetes.tools.pairs import Pair, check_known, chosen
from jamie_kubernetes.tools.parts import Part, Parts, alternatives

ROWS = 30
REVISIONS_READ = 10
AT_ONCE = 4

Read = dict[int, Release | BackendError]
"""Revisions by number, or why they cannot be read."""


class _Releases(msgspec.Struct, frozen=True):
    """The revisions found in both places Helm keeps them, grouped, and what could not be seen."""

    groups: list[list[Kept]]
    gaps: tuple[Gap, ...]


async def list_releases(cluster: Cluster, namespace: str, now_ns: Nanoseconds) -> Rollout:
    """List releases by their labels, the bad ones first; only those shown are opened."""
    found = await _releases(cluster, namespace)
    rows = sorted((release_row(each) for each in found.groups), key=rank)
    by_name = {(each[0].namespace, each[0].release): each[0] for each in found.groups}
    opened = await _opened(cluster, [by_name[row.namespace, row.name] for row in rows[:ROWS]])
    shown = [_described(row, one) for row, one in zip(rows[:ROWS], opened, strict=True)]
    return Rollout(
        now_ns=now_ns,
        subject=f"in namespace {namespace}" if namespace else f"in {cluster.access.context}",
        state="releases",
        words=_counted(found.groups),
        releases=tuple(shown),
        later=len(rows) - len(shown),
        gaps=found.gaps,
    )


async def release_rollout(
    cluster: Cluster,
    marks: Redactor,
    name: str,
    namespace: str,
    pair: Pair,
    now_ns: Nanoseconds,
) -> Rollout:
    """Show a release: its newest revision, its history, what differs between two of them.

    Raises:
        NotFound: There is no such release or revision.
        InvalidArgument: It is in several namespaces.

    """
    found = await _releases(cluster, namespace)
    revisions = await _one_of(cluster, found, name, namespace)
    whose = f"{revisions[0].namespace}/helm/{name}"
    numbers = chosen([one.revision for one in revisions], pair)
    for number in numbers or ():
        check_known([one.revision for one in revisions], number, whose)

    wanted = [
        one
        for at, one in enumerate(revisions)
        if at < REVISIONS_READ or one.revision in (numbers or ())
    ]
    opened = await _opened(cluster, wanted)
    read: Read = {one.revision: each for one, each in zip(wanted, opened, strict=True)}
    return _told(revisions, read, marks, numbers, found.gaps, now_ns)


def _told(
    revisions: Sequence[Kept],
    read: Read,
    marks: Redactor,
    numbers: Pair | None,
    gaps: Sequence[Gap],
    now_ns: Nanoseconds,
) -> Rollout:
    last = revisions[0]
    release = read.get(last.revision)
    deployed = next((one.revision for one in revisions if one.status == "deployed"), 0)
    rows = [_revision_row(one, read.get(one.revision)) for one in revisions[:REVISIONS_READ]]
    unread = [each for each in read.values() if isinstance(each, BackendError)]
    return Rollout(
        now_ns=now_ns,
        subject=f"{last.namespace}/helm/{last.release}",
        state=release_state(last.status),
        words=f"revision {last.revision}, {_chart(release)}",
        why=why_of(last, deployed, now_ns),
        message=_description(release) if last.status != "deployed" else "",
        since_ns=last.at_ns,
        revisions=tuple(rows),
        older=max(len(revisions) - REVISIONS_READ, 0),
        difference=_difference(read, numbers, marks) if numbers else None,
        notes=("deployed says that Helm was content; how the pods are, k8s_workloads tells.",),
        gaps=(*gaps, *([Gap("some revisions", str(unread[0]))] if unread else [])),
    )


async def _releases(cluster: Cluster, namespace: str) -> _Releases:
    parts = Parts(cluster, namespace)

    def plan(kind: Kind) -> Part[list[Managed]]:
        async def read(within: str) -> list[Managed]:
            return await cluster.all(Listing(kind, within, OWNED, bare=True), Managed)

        name = f"Helm releases in {kind.name}s"
        return parts.plan(name, parts.scoped(name, read))

    found = {kind: plan(kind) for kind in (SECRETS, CONFIG_MAPS)}
    await parts.fill()
    kept = [one for kind, part in found.items() for one in kept_in(part.value or (), kind)]
    return _Releases(newest(kept), parts.gaps())


async def _one_of(cluster: Cluster, found: _Releases, name: str, namespace: str) -> list[Kept]:
    ours = {each[0].namespace: each for each in found.groups if each[0].release == name}
    if not ours:
        where = f"in namespace {namespace!r}" if namespace else "in any namespace we may see"
        unseen = "".join(f" {gap.part}: {gap.why}." for gap in found.gaps)
        near = alternatives(name, sorted({each[0].release for each in found.groups}))
        raise NotFound(f"There is no Helm release {name!r} {where}.{near}{unseen}")

    if len(ours) > 1 and cluster.namespace not in ours:
        raise InvalidArgument(
            f"helm/{name} is in {len(ours)} namespaces: {', '.join(sorted(ours)[:12])}; say which"
            " with namespace."
        )
    return ours.get(cluster.namespace) or next(iter(ours.values()))


async def _opened(cluster: Cluster, kept: Sequence[Kept]) -> list[Release | BackendError]:
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def read(one: Kept) -> Release | BackendError:
        async with limiter:
            try:
                found = await cluster.get(one.kind.path(one.namespace, one.object), KeptRelease)
                return unpacked(found, secret=one.kind == SECRETS)
            except BackendError as exc:
                # One revision that cannot be read must not hide the others.
                return exc

    return await together(*(partial(read, one) for one in kept))


def _described(row: ReleaseRow, release: Release | BackendError) -> ReleaseRow:
    if isinstance(release, BackendError):
        return msgspec.structs.replace(row, note="not readable")

    note = _description(release) if row.status != "deployed" else ""
    return msgspec.structs.replace(row, chart=chart_of(release), app=app_of(release), note=note)


def _revision_row(one: Kept, release: Release | BackendError | None) -> RevisionRow:
    known = release if isinstance(release, Release) else None
    return RevisionRow(
        number=one.revision,
        current=one.status == "deployed",
        created_ns=one.at_ns,
        images=(_chart_words(known), *(images_of(known)[:3] if known else ())),
        note=_description(known),
        status=one.status,
    )


def _difference(read: Read, numbers: Pair, marks: Redactor) -> Difference | None:
    before, after = (read.get(number) for number in numbers)
    if not isinstance(before, Release) or not isinstance(after, Release):
        return None

    return Difference(*numbers, tuple(release_changes(before, after, marks)))


def _chart(release: Release | BackendError | None) -> str:
    return chart_of(release) if isinstance(release, Release) else "chart not readable"


def _chart_words(release: Release | None) -> str:
    app = app_of(release) if release else ""
    return f"{_chart(release)}{f' (app {app})' if app else ''}"


def _description(release: Release | BackendError | None) -> str:
    return release.info.description if isinstance(release, Release) and release.info else ""


def _counted(groups: Sequence[Sequence[Kept]]) -> str:
    states = [release_state(each[0].status) for each in groups]
    bad = sum(state in ("failed", "pending", "unknown") for state in states)
    return f"{len(groups)} releases, {bad} failed or pending" if groups else ""
