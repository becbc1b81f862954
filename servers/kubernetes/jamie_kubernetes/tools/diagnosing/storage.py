"""Storage: claims and who waits for them, volumes, what is attached where, and classes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from jamie_base.errors import BackendError, NotFound
from jamie_base.together import pair, together
from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.client.storage import (
    Attachment,
    Claim,
    CsiNode,
    PersistentVolume,
    StorageClass,
)
from jamie_kubernetes.facts.ailments import Severity
from jamie_kubernetes.facts.causes.alike import stand_for
from jamie_kubernetes.facts.causes.claims import claim_findings
from jamie_kubernetes.facts.causes.persistent import (
    attachment_finding,
    defaults_finding,
    ground_of,
    shared_finding,
    volume_findings,
)
from jamie_kubernetes.facts.causes.storage import Case, Stores
from jamie_kubernetes.facts.event_index import EventIndex, Happening
from jamie_kubernetes.facts.storing import AttachmentTally, ClaimTally
from jamie_kubernetes.facts.survey import ClaimUser, PodSurvey
from jamie_kubernetes.kinds import (
    ATTACHMENTS,
    CLAIMS,
    CSI_DRIVERS,
    CSI_NODES,
    STORAGE_CLASSES,
    VOLUMES,
    Kind,
)
from jamie_kubernetes.tools.diagnosing.drivers import missing_drivers
from jamie_kubernetes.tools.diagnosing.round import Report, Round

CLAIMS_LOOKED_INTO = 40
"""Of how many odd claims the volume is read; and how many shared ones are looked at."""

ObjectT = TypeVar("ObjectT")


class _Scene(msgspec.Struct, frozen=True):
    """What the parts of this area share."""

    round: Round
    survey: PodSurvey | None
    events: EventIndex | None
    homeless: frozenset[str]

    @property
    def users(self) -> Mapping[tuple[str, str], Sequence[ClaimUser]]:
        """Return who uses which claim."""
        return self.survey.users if self.survey else {}


async def examine(round_: Round, report: Report) -> None:
    """Report claims and volumes with trouble, and classes that compete."""
    survey, events = await pair(round_.pods, round_.events)
    scene = _Scene(round_, survey, events, _homeless(survey))
    parts = [_claims, _shared, _drivers, *([] if round_.namespace else [_volumes, _attached])]
    await together(*(partial(one, scene, report) for one in parts))


async def _claims(scene: _Scene, report: Report) -> None:
    round_ = scene.round
    tally = await round_.folded(CLAIMS, Claim, ClaimTally)
    classes = await round_.listed(STORAGE_CLASSES, StorageClass)
    if classes and not round_.namespace and (several := defaults_finding(classes)):
        report(several)
    if tally is None or not tally.odd:
        return

    stores, notes = await pair(
        partial(_stores, round_, classes, tally.odd), partial(_notes, round_, tally.odd)
    )
    works = [partial(_case, scene, notes, one) for one in tally.odd[:CLAIMS_LOOKED_INTO]]
    cases = await together(*works)
    cases += [_plain(scene, notes, one) for one in tally.odd[CLAIMS_LOOKED_INTO:]]
    found = [one for case in cases for one in claim_findings(case, stores)]
    for one in stand_for(found, "claim", lambda one: (one.namespace, one.cause, one.summary)):
        report(one)


async def _stores(
    round_: Round, classes: Sequence[StorageClass] | None, odd: Iterable[Claim]
) -> Stores:
    if not any(one.status.phase == "Pending" for one in odd):
        return Stores(round_.now_ns, classes)

    pool = await round_.listed(VOLUMES, PersistentVolume)
    return Stores(round_.now_ns, classes, await _known_drivers(round_, pool or ()), pool)


async def _known_drivers(round_: Round, pool: Sequence[PersistentVolume]) -> frozenset[str] | None:
    """Return the drivers there are: registered, on a node, or makers of a volume."""
    drivers, nodes = await pair(
        partial(_allowed, round_, CSI_DRIVERS, Named), partial(_allowed, round_, CSI_NODES, CsiNode)
    )
    if drivers is None:
        return None

    made = (one.metadata.annotations.get("pv.kubernetes.io/provisioned-by") for one in pool)
    return frozenset(
        [
            *(one.metadata.name for one in drivers),
            *(name for one in nodes or () for name in one.names),
            *(name for name in made if name),
        ]
    )


async def _allowed(round_: Round, kind: Kind, item: type[ObjectT]) -> list[ObjectT] | None:
    """Return what is looked at only where we may."""
    try:
        return await round_.cluster.all(Listing(kind), item)
    except Unauthorised:
        raise
    except NotFound:
        return []
    except BackendError as exc:
        round_.unread(kind.plural, exc)
        return None


async def _notes(round_: Round, odd: Iterable[Claim]) -> EventIndex | None:
    pending = any(one.status.phase == "Pending" for one in odd)
    return await round_.notes("ExternalProvisioning") if pending else None


async def _case(scene: _Scene, notes: EventIndex | None, claim: Claim) -> Case:
    """Add to a claim that names its volume what that is, where it has not got it."""
    case, name = _plain(scene, notes, claim), claim.spec.volume_name
    if not name or claim.status.phase != "Pending":
        return case

    volume = await scene.round.one(VOLUMES, "", name, PersistentVolume)
    gone = volume is None and await scene.round.exists(VOLUMES, "", name) is False
    return msgspec.structs.replace(case, volume=volume, gone=gone)


def _plain(scene: _Scene, notes: EventIndex | None, claim: Claim) -> Case:
    meta = claim.metadata
    happened: list[Happening] = []
    for index in (scene.events, notes):
        if index is not None:
            happened += index.about(meta.namespace, "PersistentVolumeClaim", meta.name)

    return Case(
        claim=claim,
        users=scene.users.get((meta.namespace, meta.name), ()),
        happened=happened,
        homeless=scene.homeless,
    )


def _homeless(survey: PodSurvey | None) -> frozenset[str]:
    return frozenset(
        key_of(one.group.namespace, one.group.owner)
        for one in (survey.sick() if survey else ())
        if one.group.severity == Severity.PENDING and not one.placed
    )


async def _shared(scene: _Scene, report: Report) -> None:
    """Look at claims whose pods are on several nodes and cannot all have it."""
    for (namespace, name), users in _contested(scene)[:CLAIMS_LOOKED_INTO]:
        claim = await scene.round.one(CLAIMS, namespace, name, Claim)
        modes = claim.spec.access_modes if claim else ()
        exclusive = "ReadWriteOnce" in modes and len(modes) == 1
        if exclusive and (one := shared_finding(namespace, name, users)):
            report(one)


def _contested(scene: _Scene) -> list[tuple[tuple[str, str], Sequence[ClaimUser]]]:
    """Return the claims of pods that wait for a volume which is attached elsewhere."""
    return [
        (place, users)
        for place, users in scene.users.items()
        if len({one.node for one in users if one.node}) > 1
        and any(_waits_for_volume(scene, place[0], one) for one in users if not one.ready)
    ]


def _waits_for_volume(scene: _Scene, namespace: str, user: ClaimUser) -> bool:
    happened = scene.events.about(namespace, "Pod", user.pod) if scene.events else []
    return any(
        one.reason == "FailedAttachVolume" and "Multi-Attach" in said.text
        for one in happened
        for said in one.says
    )


async def _drivers(scene: _Scene, report: Report) -> None:
    """Look whether nodes have the drivers of the volumes their pods wait for."""
    if scene.survey is not None:
        for one in await missing_drivers(scene.round, scene.survey):
            report(one)


async def _volumes(scene: _Scene, report: Report) -> None:
    volumes, hosts = await pair(
        partial(scene.round.listed, VOLUMES, PersistentVolume), scene.round.nodes
    )
    ground = ground_of(hosts) if hosts else None
    for one in volume_findings(volumes or (), ground, scene.users, scene.round.now_ns):
        report(one)


async def _attached(scene: _Scene, report: Report) -> None:
    tally = await scene.round.folded(ATTACHMENTS, Attachment, AttachmentTally)
    for one in tally.wrong[:CLAIMS_LOOKED_INTO] if tally else ():
        name = one.spec.source.persistent_volume_name
        volume = await scene.round.one(VOLUMES, "", name, PersistentVolume)
        if found := attachment_finding(one, volume, scene.users):
            report(found)
