"""Revisions read out of the objects that keep them."""

from collections.abc import Iterable

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.client.managed import ManagedMeta
from jamie_kubernetes.client.revisions import ControllerRevision, ReplicaSet
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at
from jamie_kubernetes.kinds import STATEFUL_SETS, Kind

CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
CONTROLLER_HASH = "controller-revision-hash"

_REVISION = "deployment.kubernetes.io/revision"
_EARLIER = "deployment.kubernetes.io/revision-history"


class Revision(msgspec.Struct, frozen=True):
    """A revision and its pod template.

    `hash` is what its pods are labelled with, `earlier` the numbers it had before it was gone back
    to. How many pods it has is known of a Deployment's only.
    """

    number: int
    template: Object
    name: str = ""
    hash: str = ""
    created_ns: Nanoseconds = 0
    cause: str = ""
    earlier: tuple[int, ...] = ()
    replicas: int = 0
    present: int = 0
    ready: int = 0

    @property
    def images(self) -> tuple[str, ...]:
        """Return the images of its containers, each once."""
        return images_in(self.template)


def of_replica_sets(sets: Iterable[ReplicaSet], uid: str) -> list[Revision]:
    """Return the revisions of the Deployment of this uid, the current one first."""
    found = [_of_replica_set(one) for one in sets if _owner_uid(one.metadata) == uid]
    return _newest_first(one for one in found if one)


def of_controller_revisions(
    kept: Iterable[ControllerRevision], uid: str, kind: Kind
) -> list[Revision]:
    """Return the revisions of the StatefulSet or DaemonSet of this uid, the current one first."""
    found = [_of_controller_revision(one, kind) for one in kept if _owner_uid(one.metadata) == uid]
    return _newest_first(one for one in found if one)


def bare_template(template: Object) -> Object:
    """Return a pod template without what its controller added."""
    about = mapping_at(template, "metadata")
    labels = {key: value for key, value in mapping_at(about, "labels").items() if key != HASH}

    return {**template, "metadata": {**about, "labels": labels}}


def images_in(template: Object) -> tuple[str, ...]:
    """Return the images of a template's containers, each once."""
    found = [text_at(one, "image") for one in list_at(template, "spec", "containers")]
    return tuple(dict.fromkeys(image for image in found if image))


def _newest_first(revisions: Iterable[Revision]) -> list[Revision]:
    return sorted(revisions, key=lambda one: one.number, reverse=True)


def _owner_uid(meta: ManagedMeta) -> str:
    return next((ref.uid for ref in meta.owner_references if ref.controller), "")


def _of_replica_set(one: ReplicaSet) -> Revision | None:
    notes = one.metadata.annotations
    number = notes.get(_REVISION, "")
    if not number.isdecimal():
        return None

    return Revision(
        number=int(number),
        template=bare_template(one.spec.template),
        name=one.metadata.name,
        hash=one.metadata.labels.get(HASH, ""),
        created_ns=one.metadata.created_ns,
        cause=notes.get(CAUSE, ""),
        earlier=tuple(int(each) for each in notes.get(_EARLIER, "").split(",") if each.isdecimal()),
        replicas=one.spec.replicas,
        present=one.status.replicas,
        ready=one.status.ready_replicas,
    )


def _of_controller_revision(one: ControllerRevision, kind: Kind) -> Revision | None:
    template = mapping_at(one.data, "spec", "template")
    if not template:
        return None

    labelled = one.metadata.labels.get(CONTROLLER_HASH, "")
    return Revision(
        number=one.revision,
        template={key: value for key, value in template.items() if key != "$patch"},
        name=one.metadata.name,
        hash=one.metadata.name if kind == STATEFUL_SETS else labelled,
        created_ns=one.metadata.created_ns,
        cause=one.metadata.annotations.get(CAUSE, ""),
    )
