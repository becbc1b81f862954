"""The volumes of a pod: whether they are there, and which nodes reach them."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.storage import (
    Attachment,
    Claim,
    CsiNode,
    PersistentVolume,
    StorageClass,
    TopologyTerm,
)
from jamie_kubernetes.facts.placing.choice import expression, meets
from jamie_kubernetes.facts.placing.neighbours import Check
from jamie_kubernetes.facts.placing.obstacles import Barrier, Obstacle
from jamie_kubernetes.facts.quantities import known
from jamie_kubernetes.facts.selectors import selects

NO_PROVISIONER = "kubernetes.io/no-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
_ZONES = (
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
)


class Stored(msgspec.Struct, frozen=True):
    """A claim of a pod, by name, with what is known of it; None: it does not exist.

    `users` are other pods that use it; `pool` the volumes it may be bound to.
    """

    name: str
    claim: Claim | None
    volume: PersistentVolume | None = None
    kind: StorageClass | None = None
    users: Sequence[str] = ()
    pool: Sequence[PersistentVolume] = ()

    @property
    def waits(self) -> bool:
        """Tell whether it is only bound once the pod has a node."""
        return self.kind is not None and self.kind.waits

    @property
    def exclusive(self) -> bool:
        """Tell whether only one pod at a time may use it."""
        return self.claim is not None and "ReadWriteOncePod" in self.claim.spec.access_modes


class DriverRoom(msgspec.Struct, frozen=True):
    """How many volumes of a driver nodes may hold and do hold, by node."""

    limits: Mapping[str, Mapping[str, int]] = {}
    held: Mapping[str, Mapping[str, int]] = {}


def hindrance(stored: Sequence[Stored]) -> tuple[str, Stored] | None:
    """Find a claim for which no node will do: `missing`, `deleting`, `lost`, `unbound`, `taken`."""
    for one in stored:
        if (why := _hindering(one)) != "":
            return why, one

    return None


def volume_checks(stored: Sequence[Stored], room: DriverRoom) -> list[Check]:
    """Return the rules a pod's volumes must keep, in the scheduler's order."""
    bound = [one.volume for one in stored if one.volume]
    unbound = [one for one in stored if one.claim and not one.claim.spec.volume_name]
    return [
        _limit(bound, room),
        *(_reaches(one) for one in bound),
        *(_finds(one) for one in unbound),
        *(_zone(one) for one in bound),
    ]


def fits_claim(volume: PersistentVolume, claim: Claim) -> str:
    """Say why a volume is not for a claim; empty: it is."""
    spec, wants = volume.spec, claim.spec
    own = (claim.metadata.namespace, claim.metadata.name)
    if (ref := spec.claim_ref) and (ref.namespace, ref.name) != own:
        held = "released by" if volume.status.phase == "Released" else "taken by"
        return f"is {held} {ref.namespace}/pvc/{ref.name}"
    if volume.status.phase in ("Released", "Failed"):
        return f"is {volume.status.phase}"
    if spec.storage_class_name != (wants.storage_class_name or ""):
        return f"is of class {spec.storage_class_name or '(none)'}"
    if known(spec.capacity.get("storage", "0")) < known(claim.wants):
        return f"has {spec.capacity.get('storage', '0')}"
    if missing := set(wants.access_modes) - set(spec.access_modes):
        return f"is not {', '.join(sorted(missing))}"
    if spec.volume_mode != wants.volume_mode:
        return f"is of mode {spec.volume_mode}"
    if wants.selector and not selects(wants.selector, volume.metadata.labels):
        return "does not bear the labels that the claim selects"

    return ""


def _hindering(one: Stored) -> str:
    if one.claim is None:
        return "missing"
    if one.claim.metadata.deletion_timestamp is not None:
        return "deleting"
    if one.claim.status.phase == "Lost":
        return "lost"
    if one.exclusive and one.users:
        return "taken"

    pending = one.claim.status.phase != "Bound"
    chosen = SELECTED_NODE in one.claim.metadata.annotations
    return "unbound" if pending and (chosen or not one.waits) else ""


def _limit(bound: Sequence[PersistentVolume], room: DriverRoom) -> Check:
    drivers = [one.spec.csi.driver for one in bound if one.spec.csi]

    def check(host: Host) -> Iterator[Obstacle]:
        name = host.metadata.name
        for driver in dict.fromkeys(drivers):
            most = room.limits.get(name, {}).get(driver)
            held = room.held.get(name, {}).get(driver, 0)
            if most is not None and held + drivers.count(driver) > most:
                yield Obstacle(
                    Barrier.VOLUME_LIMIT, driver, drivers.count(driver), most - held, most
                )

    return check


def _reaches(volume: PersistentVolume) -> Check:
    choice = volume.spec.node_affinity.required
    said = where(volume)

    def check(host: Host) -> Iterator[Obstacle]:
        if choice and not meets(host, choice):
            yield Obstacle(Barrier.VOLUME_PLACE, said, holder=volume.metadata.name)

    return check


def where(volume: PersistentVolume) -> str:
    """Say which nodes reach a volume: `topology.kubernetes.io/zone=eu-1a`; empty: all."""
    choice = volume.spec.node_affinity.required
    terms = choice.node_selector_terms if choice else ()
    return " or ".join(
        ", ".join(expression(one) for one in (*term.match_expressions, *term.match_fields))
        for term in terms
    )


def _zone(volume: PersistentVolume) -> Check:
    wanted = {
        key: set(value.split("__")) for key in _ZONES if (value := volume.metadata.labels.get(key))
    }

    def check(host: Host) -> Iterator[Obstacle]:
        for key, values in wanted.items():
            here = host.metadata.labels.get(key)
            if here is not None and here not in values:
                said = f"{key}={'/'.join(sorted(values))}"
                yield Obstacle(Barrier.VOLUME_ZONE, said, holder=volume.metadata.name)

    return check


def _finds(stored: Stored) -> Check:
    """Want a volume that can be bound from this node, or a class that makes one there."""
    claim, kind = stored.claim, stored.kind

    def check(host: Host) -> Iterator[Obstacle]:
        if claim is None or kind is None:
            return
        if any(_reachable(host, one) for one in stored.pool if not fits_claim(one, claim)):
            return
        if kind.provisioner == NO_PROVISIONER:
            yield Obstacle(Barrier.VOLUME_NONE, f"pvc/{stored.name}")
        elif kind.allowed_topologies and not _allowed(host, kind.allowed_topologies):
            said = f"class {kind.metadata.name} makes none there"
            yield Obstacle(Barrier.VOLUME_NONE, f"pvc/{stored.name}", holder=said)

    return check


def _reachable(host: Host, volume: PersistentVolume) -> bool:
    choice = volume.spec.node_affinity.required
    return choice is None or meets(host, choice)


def _allowed(host: Host, terms: Sequence[TopologyTerm]) -> bool:
    labels = host.metadata.labels
    return any(
        all(labels.get(one.key) in one.values for one in term.match_label_expressions)
        for term in terms
    )


def driver_room(nodes: Sequence[CsiNode], attached: Sequence[Attachment]) -> DriverRoom:
    """Count what nodes hold against what their drivers say they may."""
    limits = {
        one.metadata.name: {
            driver.name: driver.allocatable.count
            for driver in one.spec.drivers or ()
            if driver.allocatable and driver.allocatable.count is not None
        }
        for one in nodes
    }
    held: dict[str, dict[str, int]] = {}
    for one in attached:
        here = held.setdefault(one.spec.node_name, {})
        here[one.spec.attacher] = here.get(one.spec.attacher, 0) + 1

    return DriverRoom(limits, held)
