"""Applying: objects as a manifest says they should be, old ones and new ones."""

from collections.abc import Sequence
from typing import Annotated, cast

import msgspec
from pydantic import Field

from jamie_base.errors import BackendError, InvalidArgument, NotFound
from jamie_base.plan import Binding, Plan
from jamie_base.redact import Redactor
from jamie_base.text import clip, count
from jamie_base.toolset import VEILED
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.api_server import Claimed
from jamie_kubernetes.client.sending import APPLY, Object, Sending, mapping_at
from jamie_kubernetes.facts.copies import Wary
from jamie_kubernetes.facts.diffs import lines_of, touched_of
from jamie_kubernetes.facts.fields import sown
from jamie_kubernetes.facts.keepers import keeper_line
from jamie_kubernetes.facts.manifests import Manifest, manifests
from jamie_kubernetes.kinds import NAMESPACES, ROLLED
from jamie_kubernetes.tools.applying import apply_all, look_at_all, named
from jamie_kubernetes.tools.change import CAN_UNDO, Acted, Draft, Job
from jamie_kubernetes.tools.changing import generation_of, leaving_line, ways_back
from jamie_kubernetes.tools.manifest_kinds import manifest_kind
from jamie_kubernetes.tools.parts import check_namespace
from jamie_kubernetes.tools.rehearsing import rehearsed
from jamie_kubernetes.tools.targets import Target
from jamie_kubernetes.tools.toolset import Backend, Marks, tools
from jamie_kubernetes.tools.weighing import applying_lines

LINES = 28
LINES_BYTES = 3_000
IMPACT_BYTES = 1_600

ManifestText = Annotated[
    str,
    VEILED,
    Field(description="YAML or JSON, one or several objects.", min_length=2, max_length=262_144),
]
Where = Annotated[str, Field(description="For objects that name none.", max_length=63)]


@tools.writes(apply_all, look_at_all)
async def k8s_apply(
    cluster: Backend, marks: Marks, manifest: ManifestText, namespace: Where = ""
) -> Plan:
    """Apply manifests server-side, never by force, after its user agreed."""
    wanted = manifests(manifest)
    jobs = [await _job(cluster, one, wanted, namespace) for one in wanted]
    _refuse_twice(jobs)
    drafts = await _rehearsals(cluster, jobs)
    moving = [one for one in drafts if one.changes]
    if not moving:
        raise InvalidArgument(f"Nothing to change, already like that: {named(jobs)}.")

    impact = [
        f"Left out of it, the server keeps it: {', '.join(one.dropped)} of {one}."
        for one in wanted
        if one.dropped
    ]
    for draft in moving:
        impact += await _impact(cluster, draft, alone=len(drafts) == 1)

    return _plan(cluster, marks, drafts, impact)


async def _job(
    cluster: Cluster, manifest: Manifest, others: Sequence[Manifest], namespace: str
) -> Job:
    kind = await manifest_kind(cluster, manifest, others)
    if kind.namespaced and namespace and manifest.namespace not in ("", namespace):
        raise InvalidArgument(
            f"{manifest} is for namespace {manifest.namespace!r}, not for {namespace!r}; leave"
            " namespace out, or change the manifest."
        )

    home = manifest.namespace or namespace or cluster.namespace
    target = Target(kind, home if kind.namespaced else "", manifest.name)
    meta = mapping_at(manifest.content, "metadata")
    placed = {**meta, "namespace": home} if kind.namespaced else meta
    return Job(
        target,
        Sending("PATCH", target.path, {**manifest.content, "metadata": placed}, APPLY),
        summary=f"apply {target.full}",
        done=f"{target.full} was applied",
        watch="rollout" if kind in ROLLED else "fields",
    )


def _refuse_twice(jobs: Sequence[Job]) -> None:
    paths = [one.target.path for one in jobs]
    twice = [one for place, one in enumerate(jobs) if one.target.path in paths[:place]]
    if twice:
        raise InvalidArgument(f"The manifest holds the same object twice: {named(twice)}.")


async def _rehearsals(cluster: Cluster, jobs: Sequence[Job]) -> list[Draft]:
    """Rehearse each, and name every field that belongs to somebody else."""
    spaces = {one.target.name for one in jobs if one.target.kind == NAMESPACES}
    drafts: list[Draft] = []
    claims: list[str] = []
    for job in jobs:
        try:
            drafts.append(await _rehearsed(cluster, job, spaces))
        except Claimed as exc:
            claims += [
                f"  {job.target.full}: {one.field} belongs to {one.owner}" for one in exc.claims
            ]
        except (BackendError, InvalidArgument) as exc:
            if len(jobs) == 1:
                raise
            raise InvalidArgument(
                f"{job.target.full} cannot be applied, so none of the {len(jobs)} objects was:"
                f" {exc}"
            ) from exc
    if claims:
        shown = clip(claims, LINES_BYTES)
        raise InvalidArgument(
            f"Not applied, these fields belong to somebody else; nothing was changed:\n{shown}\n"
            "Leave them out of the manifest, or take them over one by one with k8s_patch."
        )

    return drafts


async def _rehearsed(cluster: Cluster, job: Job, spaces: set[str]) -> Draft:
    target = job.target
    try:
        return await rehearsed(cluster, job)
    except NotFound:
        if target.namespace not in spaces:
            await check_namespace(cluster, target.namespace)
            raise

        # It is the manifest that makes the namespace, so there is nowhere to rehearse yet.
        content = cast("Object", job.sending.content)
        note = "Not rehearsed, because the manifest makes its namespace."
        acted = Acted({}, content, rehearsed=True)
        return Draft(job, {}, acted, tuple(sown(content, content)), (note,), guessed=True)


async def _impact(cluster: Cluster, draft: Draft, *, alone: bool) -> list[str]:
    lines = [
        *draft.note,
        *leaving_line(draft),
        *keeper_line(draft.whole),
        *await applying_lines(
            cluster, draft.job.target, draft.whole, draft.acted.after, draft.fields
        ),
    ]
    return lines if alone else [f"{draft.job.target.full}: {line}" for line in lines]


def _plan(
    cluster: Cluster, marks: Redactor, drafts: Sequence[Draft], impact: Sequence[str]
) -> Plan:
    moving = [one for one in drafts if one.changes]
    alone = len(drafts) == 1
    touched = {
        name if alone else f"{one.job.target.full} {name}": value
        for one in moving
        for name, value in touched_of(
            one.fields, one.job.target.kind.name, _wary(one, marks)
        ).items()
    }
    binding = Binding(
        target=named([one.job for one in moving]),
        uid=",".join(one.errand.uid for one in moving),
        # Each of them only grows, so the sum is another when one of them is.
        generation=sum(generation_of(one.whole) for one in moving),
        touched=touched,
        body=msgspec.json.encode([one.errand for one in moving], order="deterministic"),
    )
    changes = [line for one in drafts for line in _shown(one, marks, len(drafts))]
    return Plan(
        summary=f"{_summary(drafts)} (context {cluster.access.context})",
        binding=binding,
        changes=(*clip(changes, LINES_BYTES).split("\n"),),
        impact=(*clip(impact, IMPACT_BYTES).split("\n"),) if impact else (),
        undo=_undo(moving),
        ways_back=tuple(way for one in moving for way in ways_back(cluster, one.job, one.acted)),
    )


def _wary(draft: Draft, marks: Redactor) -> Wary:
    return Wary(marks, draft.job.target.kind.name, draft.acted.before, draft.acted.after)


def _shown(draft: Draft, marks: Redactor, number: int) -> list[str]:
    target = draft.job.target
    if not draft.changes:
        return [f"{target.full}: as it is"]

    room = max(1, LINES // number - 1)
    new = not draft.whole
    lines = lines_of(draft.fields, target.kind.name, _wary(draft, marks), room, new=new)
    head = f"{target.full}:{'' if draft.whole else ' new'}"
    if number == 1:
        return [*lines] if draft.whole else [head, *lines]

    return [head, *(f"  {line}" for line in lines)]


def _summary(drafts: Sequence[Draft]) -> str:
    new = sum(not one.whole for one in drafts)
    same = sum(not one.changes for one in drafts)
    if len(drafts) == 1:
        return f"apply {drafts[0].job.target.full}{', which is new' if new else ''}"

    parts = {"new": new, "changed": len(drafts) - new - same, "as they are": same}
    said = [f"{number} {word}" for word, number in parts.items() if number]
    return f"apply {count('object', len(drafts))} ({', '.join(said)})"


def _undo(moving: Sequence[Draft]) -> str:
    new = [one for one in moving if not one.whole]
    if not new:
        return CAN_UNDO

    deletes = "k8s_undo deletes what is new again, unless somebody else changes it"
    back = " and puts the rest back" if len(new) < len(moving) else ""
    return f"This can be undone: {deletes}{back}."
