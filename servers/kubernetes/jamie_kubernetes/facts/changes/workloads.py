"""Deployments, StatefulSets and DaemonSets: made, rolled out, gone back, edited, no more available.

Which template was rolled out only the revisions tell; they are read for the touched workloads.
"""

from collections.abc import Iterator, Sequence

from jamie_base.redact import Redactor
from jamie_base.text import shorten
from jamie_base.when import SECOND, Nanoseconds, instant
from jamie_kubernetes.answers_changes import Change
from jamie_kubernetes.client.changed import ChangedWorkload, UpdatedCondition
from jamie_kubernetes.client.managed import ManagedFields
from jamie_kubernetes.facts.changes.edits import edited, is_machine, leaving, made
from jamie_kubernetes.facts.changes.told import SLACK_NS, Key, within
from jamie_kubernetes.facts.managers import changed_at, owned
from jamie_kubernetes.facts.revisions import Revision
from jamie_kubernetes.facts.standing import word
from jamie_kubernetes.facts.templates import change_of, differences
from jamie_kubernetes.kinds import Kind

FIELDS_SHOWN = 3
YOUNG_NS = 30 * SECOND
VALUE_CELLS = 64
_RESTARTED = "kubectl.kubernetes.io/restartedAt"


class Touched:
    """A workload that something happened to in the window."""

    def __init__(self, kind: Kind, one: ChangedWorkload, since_ns: Nanoseconds) -> None:
        self.kind = kind
        self.one = one
        self.since = since_ns
        self.revisions: list[Revision] | None = None
        self._writers = [
            entry
            for entry in one.metadata.managed_fields
            if within(changed_at(entry), since_ns) and not is_machine(entry)
        ]

    @property
    def key(self) -> Key:
        """Return which it is."""
        meta = self.one.metadata
        return (meta.namespace, f"{self.kind.short}/{meta.name}")

    @property
    def templaters(self) -> list[ManagedFields]:
        """Return the entries of those who wrote the template, after it was made."""
        born = self.one.metadata.created_ns + SLACK_NS
        later = (entry for entry in self._writers if changed_at(entry) > born)
        return [entry for entry in later if _writes_template(entry)]

    @property
    def was_made(self) -> bool:
        """Tell whether it was made in the window."""
        return within(self.one.metadata.created_ns, self.since)

    @property
    def is_touched(self) -> bool:
        """Tell whether anything happened to it."""
        leaves = self.one.metadata.deletion_timestamp is not None
        turned = any(_turned_at(each) >= self.since for each in self.one.status.conditions)
        return self.was_made or leaves or turned or bool(self._writers)

    @property
    def may_have_rolled(self) -> bool:
        """Tell whether its revisions are worth a look."""
        progressed = (_turned_at(each) for each in self.one.status.conditions)
        return bool(self.templaters) or any(at >= self.since for at in progressed)

    @property
    def latest(self) -> Nanoseconds:
        """Return when it was touched last."""
        conditions = (_turned_at(each) for each in self.one.status.conditions)
        return max((self.one.metadata.created_ns, *conditions, *map(changed_at, self._writers)))

    def edits(self, rolled: Sequence[Change]) -> list[Change]:
        """Tell what else was done to it, beside its rollouts."""
        meta = self.one.metadata
        images = ", ".join(self.one.spec.template.images[:3])
        explained = self.templaters if rolled else []
        return [
            *made(meta, self.since, images),
            *leaving(meta, self.since),
            *edited(meta, self.since, skip=explained),
        ]

    def rolled(self, marks: Redactor) -> Iterator[Change]:
        """Tell its rollouts, put together in one; nothing where its revisions are not known."""
        revisions = self.revisions or []
        born = self.one.metadata.created_ns + SLACK_NS
        old = [one for one in revisions if not within(one.created_ns, max(self.since, born + 1))]
        new = [one for one in revisions if one not in old]
        wrote = max(map(changed_at, self.templaters), default=self._progressed())
        by = ", ".join(dict.fromkeys(entry.manager for entry in self.templaters))
        if _came_back(revisions) and within(wrote, self.since):
            yield _return(wrote, by, revisions, marks)
        elif new:
            yield _rollout(new, old[0] if old else new[-1], by, marks)

    def outcomes(self, rolled: Sequence[Change]) -> Iterator[Change]:
        """Tell what became of it, by its conditions; and that a rollout from before is through."""
        yield from self._conditions()
        if not rolled and self.revisions and not self.was_made and self._is_through():
            what = f"rollout of revision {self.revisions[0].number} got through"
            yield Change(self._progressed(), what)

    def _progressed(self) -> Nanoseconds:
        found = (one for one in self.one.status.conditions if one.type == "Progressing")
        return next((_updated(one) for one in found), 0)

    def _is_through(self) -> bool:
        return within(self._progressed(), self.since) and any(
            one.type == "Progressing" and one.reason == "NewReplicaSetAvailable"
            for one in self.one.status.conditions
        )

    def _conditions(self) -> Iterator[Change]:
        young = self.one.metadata.created_ns + YOUNG_NS
        for one in self.one.status.conditions:
            at = instant(one.last_transition_time)
            words = _words(one)
            # A new one first is not available, then is.
            fresh = one.type == "Available" and (at < young or one.status == "True")
            if words and within(at, self.since) and not (self.was_made and fresh):
                yield Change(at, words)


class WorkloadChanges:
    """Takes workloads of one kind, keeps those that were touched; of all the names and scalers."""

    def __init__(self, kind: Kind, since_ns: Nanoseconds) -> None:
        self._kind = kind
        self._since = since_ns
        self.touched: list[Touched] = []
        self.names: set[tuple[str, str]] = set()
        self.scalers: dict[Key, tuple[str, int]] = {}

    def add(self, page: Sequence[ChangedWorkload]) -> None:
        """Take one page of workloads."""
        for one in page:
            self.names.add((one.metadata.namespace, one.metadata.name))
            found = Touched(self._kind, one, self._since)
            if found.is_touched:
                self.touched.append(found)
            # Who scaled by the scale subresource has no time there: events have it.
            scalers = [each for each in one.metadata.managed_fields if each.subresource == "scale"]
            if scalers:
                self.scalers[found.key] = (scalers[-1].manager, one.spec.replicas)


def _came_back(revisions: Sequence[Revision]) -> bool:
    return len(revisions) > 1 and revisions[0].created_ns < revisions[1].created_ns


def _return(at_ns: Nanoseconds, by: str, revisions: Sequence[Revision], marks: Redactor) -> Change:
    now, before = revisions[0], revisions[1]
    was = f" (it was {now.earlier[-1]})" if now.earlier else ""
    what = f"went back to an earlier template, now revision {now.number}{was}"
    return Change(at_ns, what, by, _difference(before, now, marks))


def _rollout(new: Sequence[Revision], before: Revision, by: str, marks: Redactor) -> Change:
    """Tell a rollout; several at once are told by what the last of them came to."""
    last = new[0]
    if _is_restart(before, last, marks):
        return Change(last.created_ns, "restarted", by)

    several = f"revisions {new[-1].number} to {last.number}"
    which = several if len(new) > 1 else f"revision {last.number}"
    return Change(last.created_ns, f"rolled out {which}", by, _difference(before, last, marks))


def _is_restart(before: Revision, after: Revision, marks: Redactor) -> bool:
    fields = differences(before.template, after.template, marks)
    return bool(fields) and all(_RESTARTED in one.path for one in fields)


def _difference(before: Revision, after: Revision, marks: Redactor) -> str:
    fields = [change_of(one) for one in differences(before.template, after.template, marks)]
    shown = [f"{_brief(one.field)} {_fit(one.before)} -> {_fit(one.after)}" for one in fields]
    more = len(shown) - FIELDS_SHOWN
    return ", ".join([*shown[:FIELDS_SHOWN], *([f"{more} more"] if more > 0 else [])])


def _brief(field: str) -> str:
    """Leave out which container, where that is clear enough: `image`, `env[LOG]`."""
    first, dot, rest = field.partition("].")
    return rest if dot and first.startswith("containers[") else field


def _fit(text: str) -> str:
    return shorten(" ".join(text.split()), VALUE_CELLS, middle=True)


def _writes_template(entry: ManagedFields) -> bool:
    return any(path[:2] == ("spec", "template") for path in owned(entry))


def _turned_at(one: UpdatedCondition) -> Nanoseconds:
    turned = instant(one.last_transition_time)
    return max(turned, _updated(one))


def _updated(one: UpdatedCondition) -> Nanoseconds:
    return instant(one.last_update_time)


def _words(one: UpdatedCondition) -> str:
    match (one.type, one.status):
        case ("Available", "False"):
            return "no longer available"
        case ("Available", "True"):
            return "available again"
        case ("Progressing", "False"):
            return f"rollout stuck ({word(one.reason)})"
        case ("ReplicaFailure", "True"):
            return f"pods refused ({word(one.reason)})"
        case _:
            return ""
