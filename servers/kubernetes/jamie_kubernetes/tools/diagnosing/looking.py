"""Looking further into one case: last words, what is referred to, images, logins, claims."""

from collections.abc import Sequence
from typing import TypeVar

import anyio
from msgspec.structs import replace

from jamie_base.errors import BackendError, Denied, NotFound
from jamie_kubernetes.client import Listing
from jamie_kubernetes.client.api_server import Unauthorised
from jamie_kubernetes.client.cluster import METADATA_OF_ONE
from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.client.managed import Managed
from jamie_kubernetes.client.references import BoundClaim, Keyed, PullSecret
from jamie_kubernetes.client.storage import Attachment
from jamie_kubernetes.client.usage import PodUsage
from jamie_kubernetes.facts.causes.cases import (
    Altered,
    Case,
    ClaimUsers,
    Image,
    Lines,
    Login,
    Looked,
    PullLogins,
    Seek,
    Thing,
    Used,
)
from jamie_kubernetes.facts.containers import Source
from jamie_kubernetes.facts.loglines import Filter, entries
from jamie_kubernetes.facts.managers import contents_changed
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.survey import ClaimUser
from jamie_kubernetes.kinds import (
    ATTACHMENTS,
    CLAIMS,
    CONFIG_MAPS,
    POD_METRICS,
    REPLICA_SETS,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from jamie_kubernetes.tools.diagnosing.reading import names_of, near_names, places_of, quietly
from jamie_kubernetes.tools.diagnosing.round import Round
from jamie_kubernetes.tools.lines import Reading, read_one

T = TypeVar("T")

LOG_LINES = 40
LOG_SECONDS = 3.0
"""How long the last words may take: a kubelet that does not answer must not hold up the rest."""

LOGS_TOGETHER = 256
"""Shares what logs may take in memory among so many: 64 KiB each."""

PLACES_KEPT = 3

_KINDS = {
    "ConfigMap": CONFIG_MAPS,
    "Secret": SECRETS,
    "ServiceAccount": SERVICE_ACCOUNTS,
    "PersistentVolumeClaim": CLAIMS,
}


async def look(round_: Round, case: Case, seeks: Sequence[Seek]) -> Looked:
    """Look up what a clue seeks; what may not be read is left out."""
    found = Looked()
    for seek in seeks:
        match seek:
            case Lines():
                found = await _lines(round_, case, seek, found)
            case Thing():
                found = await _thing(round_, case, seek, found)
            case PullLogins():
                logins = [await _login(round_, case, name) for name in seek.names]
                found = replace(found, logins=tuple(logins))
            case Image():
                found = await _images(round_, case, seek, found)
            case Used():
                found = replace(found, used=await _used(round_, case, seek.container))
            case Altered():
                found = await _altered(round_, case, seek, found)
            case ClaimUsers():
                found = replace(found, users=await _users(round_, case, seek.claim))

    return found


async def _lines(round_: Round, case: Case, seek: Lines, found: Looked) -> Looked:
    pod = case.pod.metadata
    source = Source(pod.namespace, pod.name, seek.container, pod.name)
    reading = Reading(previous=seek.previous, tail=LOG_LINES, seconds=0, together=LOGS_TOGETHER)
    read = None
    with anyio.move_on_after(LOG_SECONDS):
        read = await read_one(round_.cluster, source, reading)
    if read is None:
        return replace(found, silent=f"no answer within {LOG_SECONDS:g} s")
    if read.error:
        _note(round_, read.error)
        return replace(found, silent="it cannot be read")

    said = entries("", read.lines, Filter())
    return replace(found, entries=tuple(said))


def _note(round_: Round, error: BackendError) -> None:
    """Name logs that may not be read; single ones that are gone are told with their finding."""
    if isinstance(error, Unauthorised):
        raise error
    if isinstance(error, Denied) and "logs" not in round_.unlooked:
        round_.unlooked.append("logs")


async def _thing(round_: Round, case: Case, seek: Thing, found: Looked) -> Looked:
    kind, namespace = _KINDS[seek.kind], case.group.namespace
    if seek.key:
        keyed = await round_.one(kind, namespace, seek.name, Keyed) if seek.name else None
        near = near_names(seek.key, keyed.keys) if keyed else ()
        changed_ns, by = contents_changed(keyed.metadata) if keyed else (0, "")
        there = keyed is not None
        return replace(found, exists=there, near=near, changed_ns=changed_ns, changed_by=by)

    exists = await round_.exists(kind, namespace, seek.name)
    near = near_names(seek.name, await names_of(round_, kind, namespace))
    places = await places_of(round_, kind, seek.name)
    return replace(
        found,
        exists=exists,
        near=tuple(f"{kind.short}/{one}" for one in near if one != seek.name),
        elsewhere=tuple(one for one in places if one != namespace)[:PLACES_KEPT],
    )


async def _altered(round_: Round, case: Case, seek: Altered, found: Looked) -> Looked:
    known: list[tuple[int, str, str]] = []
    for name in seek.names:
        path = SECRETS.path(case.group.namespace, name)
        try:
            one = await round_.cluster.get(path, Managed, accept=METADATA_OF_ONE)
        except Unauthorised:
            raise
        except BackendError:
            continue
        changed_ns, by = contents_changed(one.metadata)
        known.append((changed_ns, name, by))

    changed_ns, name, by = max(known, default=(0, "", ""))
    return replace(found, changed=name, changed_ns=changed_ns, changed_by=by)


async def _login(round_: Round, case: Case, name: str) -> Login:
    namespace = case.group.namespace
    try:
        found = await round_.cluster.get(SECRETS.path(namespace, name), PullSecret)
    except Unauthorised:
        raise
    except NotFound:
        return Login(name, exists=False)
    except BackendError:
        # Who may not look inside may still be allowed to see the name.
        listed = await names_of(round_, SECRETS, namespace)
        return Login(name, exists=(name in listed) if listed else None)

    return Login(name, exists=True, type=found.type, registries=found.registries())


async def _images(round_: Round, case: Case, seek: Image, found: Looked) -> Looked:
    survey = await round_.pods()
    earlier = await _earlier(round_, case, seek)
    images = tuple(sorted(survey.images)) if survey else ()
    return replace(found, images=images, earlier=earlier)


async def _earlier(round_: Round, case: Case, seek: Image) -> str:
    """Return the image of the same container in the revision before, of a Deployment."""
    if case.owner is None or case.owner.kind != "Deployment":
        return ""

    sets = await quietly(round_, Listing(REPLICA_SETS, case.group.namespace), _Revision)
    ours = [one for one in sets if one.belongs_to(case.owner.name)]
    newest = sorted(ours, key=lambda one: (one.status.ready_replicas, one.born), reverse=True)
    images = (one.image_of(seek.container) for one in newest)
    return next((one for one in images if one and one != seek.name), "")


async def _users(round_: Round, case: Case, claim: str) -> tuple[ClaimUser, ...]:
    """Return the other pods that use a claim; where there is none, where its volume still is."""
    survey = await round_.pods()
    users = survey.users if survey else {}
    here = users.get((case.group.namespace, claim), ())
    others = tuple(one for one in here if one.pod != case.pod.metadata.name)
    if any(one.node and one.node != case.node for one in others):
        return others

    bound = await round_.one(CLAIMS, case.group.namespace, claim, BoundClaim)
    volume = bound.spec.volume_name if bound else ""
    listing = Listing(ATTACHMENTS)
    attached = await quietly(round_, listing, Attachment) if volume else []
    return tuple(
        ClaimUser("", "", one.spec.node_name, ready=False)
        for one in attached
        if one.spec.source.persistent_volume_name == volume
    )


async def _used(round_: Round, case: Case, container: str) -> float:
    pod = case.pod.metadata
    usage = await round_.one(POD_METRICS, pod.namespace, pod.name, PodUsage)
    found = (one for one in (usage.containers if usage else ()) if one.name == container)
    return next((known(one.usage.get("memory", "0")) for one in found), 0.0)


class _Revision(Controller, frozen=True, rename="camel"):
    """A ReplicaSet, as far as what its pods run."""

    @property
    def born(self) -> float:
        born = self.metadata.creation_timestamp
        return born.timestamp() if born else 0.0

    def belongs_to(self, deployment: str) -> bool:
        return any(
            one.kind == "Deployment" and one.name == deployment
            for one in self.metadata.owner_references
        )

    def image_of(self, container: str) -> str:
        found = (one for one in self.spec.template.spec.containers if one.name == container)
        return next((one.image for one in found), "")
