"""Which workloads take their configuration from a ConfigMap or Secret that changed."""

from collections.abc import Sequence
from functools import partial

import msgspec

from jamie_base.errors import BackendError
from jamie_base.together import together
from jamie_kubernetes.answers_changes import ChangeRow
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.objects import Meta
from jamie_kubernetes.client.sending import Object
from jamie_kubernetes.facts.changes.told import Key
from jamie_kubernetes.facts.uses import FIXED, uses_of
from jamie_kubernetes.kinds import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, Kind

MOST_NAMESPACES = 5
USERS_KEPT = 5
_CONFIG = ("cm/", "secret/")
_SHORTS = {"ConfigMap": "cm", "Secret": "secret"}

Users = dict[Key, list[str]]


class _Spec(msgspec.Struct, frozen=True):
    template: Object = {}


class _User(msgspec.Struct, frozen=True):
    metadata: Meta
    spec: _Spec = _Spec()


class _Uses:
    """Takes workloads, keeps who uses the objects asked for."""

    def __init__(self, kind: Kind, wanted: set[Key]) -> None:
        self._kind = kind
        self._wanted = wanted
        self.users: Users = {}

    def add(self, page: Sequence[_User]) -> None:
        """Take one page of workloads."""
        for one in page:
            name = f"{self._kind.short}/{one.metadata.name}"
            for use in uses_of(one.spec.template):
                key = (one.metadata.namespace, f"{_SHORTS[use.kind]}/{use.name}")
                if key in self._wanted:
                    fixed = any(how in FIXED for how in use.how)
                    said = f"{name} (its pods keep the old until restarted)" if fixed else name
                    self.users.setdefault(key, []).append(said)


async def users_of(cluster: Cluster, rows: Sequence[ChangeRow]) -> tuple[ChangeRow, ...]:
    """Add to configuration that changed who uses it; in a few namespaces, as far as allowed."""
    wanted = {
        (row.namespace, row.object)
        for row in rows
        if row.object.startswith(_CONFIG) and row.changes[0].what != "created"
    }
    spaces = [*dict.fromkeys(namespace for namespace, _ in sorted(wanted))][:MOST_NAMESPACES]
    found = await together(
        *(
            partial(_read, cluster, kind, namespace, wanted)
            for namespace in spaces
            for kind in (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
        )
    )
    users: Users = {}
    for each in found:
        for key, names in each.items():
            users.setdefault(key, []).extend(names)

    return tuple(_with_users(row, users.get((row.namespace, row.object), [])) for row in rows)


async def _read(cluster: Cluster, kind: Kind, namespace: str, wanted: set[Key]) -> Users:
    try:
        found = await cluster.fold(Listing(kind, namespace), _User, partial(_Uses, kind, wanted))
    except BackendError:
        # What may not be read was named when the changes were read.
        return {}

    return found.users


def _with_users(row: ChangeRow, users: list[str]) -> ChangeRow:
    more = len(users) - USERS_KEPT
    shown = (*users[:USERS_KEPT], *([f"{more} more"] if more > 0 else []))
    return msgspec.structs.replace(row, used_by=shown) if users else row
