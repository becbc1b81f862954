"""Objects of any kind, told by their metadata alone; Helm releases and Jobs by what they mean."""

from collections.abc import Iterator, Sequence

from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers_changes import Change
from jamie_kubernetes.client.managed import Managed, ManagedMeta
from jamie_kubernetes.facts.changes.edits import edited, leaving, made, maker
from jamie_kubernetes.facts.changes.told import Key, Tier, Told, told, within
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.kinds import Kind

_LEADER = "control-plane.alpha.kubernetes.io/leader"
_NOISE = {
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "cluster-autoscaler-status"),
    ("ServiceAccount", "default"),
}
"""What comes with every namespace, and what is written anew all the time."""
_MINOR = frozenset({
    "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "Job", "PriorityClass",
})  # fmt: skip


class ObjectChanges:
    """Takes objects of one kind, tells what happened to them; keeps the names of all."""

    def __init__(self, kind: Kind, since_ns: Nanoseconds, *, minor: bool = False) -> None:
        self._kind = kind
        self._since = since_ns
        self._minor = minor or kind.name in _MINOR
        self.told: list[Told] = []
        self.names: set[tuple[str, str]] = set()

    def add(self, page: Sequence[Managed]) -> None:
        """Take one page of objects."""
        for one in page:
            self.names.add((one.metadata.namespace, one.metadata.name))
            self.told += self._of(one.metadata)

    def _of(self, meta: ManagedMeta) -> Iterator[Told]:
        if meta.labels.get("owner") == "helm" and "version" in meta.labels:
            yield from _release(meta, self._since)
        elif self._kind.name == "Job" and (owner := owner_of(meta)):
            # Jobs of others are their owners' doings: a CronJob's run, an operator's work.
            for change in made(meta, self._since):
                key = (meta.namespace, str(owner))
                yield told(key, Change(change.at_ns, "started a Job"), Tier.ROUTINE)
        elif not self._is_noise(meta):
            yield from self._plain(meta)

    def _is_noise(self, meta: ManagedMeta) -> bool:
        return (self._kind.name, meta.name) in _NOISE or _LEADER in meta.annotations

    def _plain(self, meta: ManagedMeta) -> Iterator[Told]:
        key = (meta.namespace, f"{self._kind.short}/{meta.name}")
        owned = any(ref.controller for ref in meta.owner_references)
        tier = Tier.MINOR if self._minor or owned else Tier.TELLING
        for change in (*made(meta, self._since), *edited(meta, self._since)):
            yield told(key, change, tier)
        for change in leaving(meta, self._since):
            yield told(key, change)


def _release(meta: ManagedMeta, since_ns: Nanoseconds) -> Iterator[Told]:
    labels = meta.labels
    if not within(meta.created_ns, since_ns):
        return

    modified = labels.get("modifiedAt", "")
    at = int(modified) * SECOND if modified.isdecimal() else meta.created_ns
    key: Key = (meta.namespace, f"helm/{labels.get('name', '')}")
    what = f"Helm revision {labels['version']} {labels.get('status', '')}".strip()
    yield told(key, Change(at, what, maker(meta)))
