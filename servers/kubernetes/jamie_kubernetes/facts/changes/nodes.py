"""Nodes: come and gone, ready and not, under pressure, cordoned, tainted."""

from collections.abc import Iterator, Sequence

from jamie_base.when import Nanoseconds, instant
from jamie_kubernetes.answers_changes import Change
from jamie_kubernetes.client.changed import ChangedNode
from jamie_kubernetes.client.managed import ManagedFields
from jamie_kubernetes.client.objects import Condition
from jamie_kubernetes.facts.changes.edits import edited, leaving, made
from jamie_kubernetes.facts.changes.told import SLACK_NS, Told, told, within
from jamie_kubernetes.facts.managers import changed_at, owned
from jamie_kubernetes.facts.standing import word

_ECHO = "node.kubernetes.io/"
"""Taints that Kubernetes puts itself; conditions and the cordon say the same."""


class NodeChanges:
    """Takes nodes, tells what happened to them."""

    def __init__(self, since_ns: Nanoseconds) -> None:
        self._since = since_ns
        self.told: list[Told] = []
        self.names: set[str] = set()

    def add(self, page: Sequence[ChangedNode]) -> None:
        """Take one page of nodes."""
        for one in page:
            key = ("", f"node/{one.metadata.name}")
            self.names.add(one.metadata.name)
            self.told += [told(key, change) for change in self._changes(one)]

    def _changes(self, one: ChangedNode) -> Iterator[Change]:
        meta, since = one.metadata, self._since
        after = max(since, meta.created_ns + SLACK_NS + 1)
        lately = [entry for entry in meta.managed_fields if within(changed_at(entry), after)]
        taking = [entry for entry in lately if _writes(entry, "taints")]
        closing = [entry for entry in lately if _writes(entry, "unschedulable")]
        yield from made(meta, since)
        yield from leaving(meta, since)
        yield from self._conditions(one)
        if one.spec.unschedulable:
            yield from [*_by(closing, "cordoned")] or self._dated(one, after)
        yield from self._taints(one, taking)
        yield from edited(meta, since, skip=(*taking, *closing))

    def _dated(self, one: ChangedNode, after: Nanoseconds) -> Iterator[Change]:
        """Tell a cordon by the taint that follows it, which has a time but no author."""
        for taint in one.spec.taints:
            at = instant(taint.time_added)
            if taint.key == f"{_ECHO}unschedulable" and within(at, after):
                yield Change(at, "cordoned")

    def _conditions(self, one: ChangedNode) -> Iterator[Change]:
        after = max(self._since, one.metadata.created_ns + 60 * SLACK_NS)
        ready_at = next((_at(each) for each in one.status.conditions if each.type == "Ready"), 0)
        for each in one.status.conditions:
            at = _at(each)
            # A node that comes back turns every condition at once.
            echo = each.type != "Ready" and abs(at - ready_at) <= 5 * SLACK_NS
            if within(at, after) and not (echo and each.status != "True"):
                yield Change(at, _turned(each))

    def _taints(self, one: ChangedNode, entries: Sequence[ManagedFields]) -> Iterator[Change]:
        own = [taint for taint in one.spec.taints if not taint.key.startswith(_ECHO)]
        dated = [taint for taint in own if taint.time_added]
        for taint in dated:
            at = instant(taint.time_added)
            if within(at, self._since):
                yield Change(at, f"tainted {taint}")
        others = ", ".join(str(taint) for taint in own if not taint.time_added)
        if others:
            yield from _by(entries, f"tainted {others}")


def _by(entries: Sequence[ManagedFields], what: str) -> Iterator[Change]:
    for entry in entries:
        yield Change(changed_at(entry), what, entry.manager)


def _writes(entry: ManagedFields, field: str) -> bool:
    return not entry.subresource and any(path[:2] == ("spec", field) for path in owned(entry))


def _at(condition: Condition) -> Nanoseconds:
    at = condition.last_transition_time
    return instant(at)


def _turned(condition: Condition) -> str:
    reason = f" ({word(condition.reason)})" if condition.reason else ""
    if condition.type == "Ready":
        return "became Ready" if condition.status == "True" else f"NotReady{reason}"

    return word(condition.type) if condition.status == "True" else f"{word(condition.type)} over"
