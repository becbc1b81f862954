"""Objects made, edited and deleted, as their metadata tell it: by whom, and which fields.

A manager's entry has one time for all of its fields: when it last changed one of them. Which one it
was is known only where it has few.
"""

from collections.abc import Iterable, Iterator, Sequence

from jamie_base.text import count
from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_changes import Change
from jamie_kubernetes.client.managed import ManagedFields, ManagedMeta
from jamie_kubernetes.facts.changes.told import SLACK_NS, within
from jamie_kubernetes.facts.managers import Path, changed_at, owned, words_of

FIELDS_SHOWN = 4
MACHINES = frozenset({
    "before-first-apply", "cloud-controller-manager", "clusterrole-aggregation-controller",
    "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kwok",
    "metrics-server", "node-problem-detector",
})  # fmt: skip
"""Managers that only follow what people and deployments do."""

_FOLLOWING = ("status", "binding", "finalize")
"""Subresources that tell what became of an object."""

_ECHOES = ("kubectl.kubernetes.io/last-applied-configuration",)


def made(meta: ManagedMeta, since_ns: Nanoseconds, detail: str = "") -> list[Change]:
    """Tell that an object was made, if it was."""
    at = meta.created_ns
    return [Change(at, "created", maker(meta), detail)] if within(at, since_ns) else []


def leaving(meta: ManagedMeta, since_ns: Nanoseconds) -> list[Change]:
    """Tell that an object is being deleted, and what holds it."""
    at = instant(meta.deletion_timestamp)
    if not within(at, since_ns):
        return []

    held = ", ".join(meta.finalizers[:3])
    return [Change(at, "being deleted", detail=f"held by {held}" if held else "")]


def edited(
    meta: ManagedMeta, since_ns: Nanoseconds, skip: Iterable[ManagedFields] = ()
) -> Iterator[Change]:
    """Tell who changed an object after it was made, and which fields, as far as known."""
    after = max(since_ns, meta.created_ns + SLACK_NS + 1)
    skipped = tuple(skip)
    for entry in meta.managed_fields:
        if changed_at(entry) < after or entry in skipped or is_machine(entry):
            continue
        paths = telling_paths(entry)
        if paths:
            yield Change(changed_at(entry), _verb(entry, paths), entry.manager, fields_words(paths))


def is_machine(entry: ManagedFields) -> bool:
    """Tell whether an entry is the work of a controller that follows, or a status."""
    return entry.subresource in _FOLLOWING or entry.manager in MACHINES


def telling_paths(entry: ManagedFields) -> list[Path]:
    """Return the fields of an entry, but for statuses and copies."""
    return [path for path in owned(entry) if path[0] != "status" and path[-1] not in _ECHOES]


def maker(meta: ManagedMeta) -> str:
    """Return who made an object: the manager whose time is the creation's, machines last."""
    born = meta.created_ns
    first = [
        one
        for one in meta.managed_fields
        if abs(changed_at(one) - born) <= SLACK_NS and not one.subresource
    ]
    first.sort(key=is_machine)
    return first[0].manager if first else ""


def fields_words(paths: Sequence[Path]) -> str:
    """Name fields, or where there are many the places they are in."""
    if len(paths) <= FIELDS_SHOWN:
        several = "one or more of " if len(paths) > 1 else ""
        return several + ", ".join(words_of(path) for path in paths)

    places = dict.fromkeys(".".join(path[: 2 if path[0] == "metadata" else 1]) for path in paths)
    return f"one or more of its {count('field', len(paths))} in {', '.join(list(places)[:5])}"


def _verb(entry: ManagedFields, paths: Sequence[Path]) -> str:
    heads = {path[:2] if path[0] == "metadata" else path[:1] for path in paths}
    if heads == {("metadata", "labels")}:
        return "labelled"
    if heads == {("metadata", "annotations")}:
        return "annotated"

    return "applied" if entry.operation == "Apply" else "edited"
