"""Changes: what happened lately, told from the cluster as it is."""

from collections.abc import Collection
from functools import partial
from typing import Annotated

import msgspec
from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.errors import InvalidArgument
from jamie_base.when import SECOND, UNITS, Nanoseconds, window
from jamie_kubernetes.answers_changes import ChangeList
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at
from jamie_kubernetes.facts.changes.rows import rank, rows_of
from jamie_kubernetes.facts.changes.told import Key, Tier, Told
from jamie_kubernetes.facts.uses import uses_of
from jamie_kubernetes.kinds import (
    AUTOSCALERS,
    CONFIG_MAPS,
    CRON_JOBS,
    JOBS,
    NODES,
    ROLLED,
    SECRETS,
    Kind,
)
from jamie_kubernetes.render.changes import ROWS_BYTES, changes, row_line
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.change_reading import Reading
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.targets import Target
from jamie_kubernetes.tools.toolset import Backend, Cursor, Marks, Namespace, Since, tools
from jamie_kubernetes.tools.users import users_of
from jamie_kubernetes.tools.watched import CLUSTER_WIDE, NAMESPACED

ROWS = 50
LONGEST_NAME = 300
EVENTS_KEPT_NS = UNITS["h"] + UNITS["m"]

About = Annotated[str, Field(description="deploy/web, node/n1.")]


class _Focus(msgspec.Struct, frozen=True):
    """What is asked about: everything in a namespace or the cluster, or one object."""

    words: str
    namespace: str
    key: Key | None = None
    keys: frozenset[Key] = frozenset()
    kinds: tuple[Kind, ...] = ()
    name: str = ""

    def includes(self, one: Told, scaled: Collection[Key]) -> bool:
        """Tell whether a change belongs to it; `scaled` are the autoscalers of the object."""
        if self.key is None or one.key in self.keys or one.key in scaled:
            return True

        # A release is not looked for beforehand, so its namespace may not be known.
        return self.key[0] == "" and one.key[1] == self.key[1]


@tools.reads(changes)
async def k8s_changes(
    cluster: Backend,
    marks: Marks,
    namespace: Namespace = "",
    object: About = "",  # noqa: A002  # the word kubectl's users know
    since: Since = "30m",
    cursor: Cursor = "",
) -> ChangeList:
    """Tell what changed lately, by whom: rollouts, config, nodes."""
    now_ns = cluster.now_ns
    # The API's instants are whole seconds, cut: what happened in the first one is in.
    since_ns = window(since, now=now_ns / 1e9).start_ns // SECOND * SECOND
    if len(object) > LONGEST_NAME:
        raise InvalidArgument(f"{object[:40]!r}... is over {LONGEST_NAME} characters long.")

    await check_namespace(cluster, namespace)
    focus = await _focus(cluster, object, namespace)
    reading = _planned(cluster, focus, since_ns, now_ns)
    await reading.fill()
    scaled = reading.scalers_of(focus.key)
    told = [one for one in reading.told(marks, now_ns) if focus.includes(one, scaled)]
    rows = rows_of(told)
    page = paginate(
        rows,
        key=rank,
        line=partial(row_line, now_ns=now_ns),
        limit=ROWS,
        cursor=cursor,
        query=repr((namespace, object, since)),
        budget=ROWS_BYTES,
    )
    gaps = reading.gaps()
    return ChangeList(
        now_ns=now_ns,
        scope=focus.words,
        since_ns=since_ns,
        total=sum(row.objects for row in rows),
        routine=sum(row.objects for row in rows if row.tier == Tier.ROUTINE),
        rows=await users_of(cluster, page.rows),
        looked_at=reading.looked_at,
        left_out=reading.left_out,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        notes=_notes(focus, now_ns - since_ns),
        gaps=gaps,
    )


def _planned(
    cluster: Cluster, focus: _Focus, since_ns: Nanoseconds, now_ns: Nanoseconds
) -> Reading:
    reading = Reading(Parts(cluster, focus.namespace), since_ns)
    reading.plan(focus.kinds, focus.name)
    reading.plan_events(now_ns)
    if focus.key is None:
        reading.plan_customs()

    return reading


async def _focus(cluster: Cluster, text: str, namespace: str) -> _Focus:
    where = f" in namespace {namespace}" if namespace else f" in {cluster.access.context}"
    everything = (*ROLLED, AUTOSCALERS, *NAMESPACED)
    if not text.strip():
        kinds = everything if namespace else (*everything, NODES, *CLUSTER_WIDE)
        return _Focus(where, namespace, kinds=kinds)

    kind, _, name = text.strip().partition("/")
    if kind.lower() == "helm" and name:
        key = (namespace, f"helm/{name}")
        return _Focus(
            f" of helm/{name}{where}",
            namespace,
            key,
            frozenset([key]),
            kinds=(SECRETS, CONFIG_MAPS),
        )

    target = await object_named(cluster, text, namespace)
    key = (target.namespace, str(target))
    words = f" of {target.full}"
    if target.kind in ROLLED:
        keys = await _related(cluster, target)
        return _Focus(f"{words} and what it uses", target.namespace, key, keys, kinds=everything)

    kinds = (CRON_JOBS, JOBS) if target.kind == CRON_JOBS else (target.kind,)
    only = "" if target.kind == CRON_JOBS else target.name
    return _Focus(words, target.namespace, key, frozenset([key]), kinds, only)


async def _related(cluster: Cluster, target: Target) -> frozenset[Key]:
    """Return a workload and what its pods take: configuration, account, volumes, its release."""
    whole = await cluster.get(target.path, Object)
    template = mapping_at(whole, "spec", "template")
    shorts = {"ConfigMap": "cm", "Secret": "secret"}
    names = [f"{shorts[one.kind]}/{one.name}" for one in uses_of(template)]
    names += [
        f"pvc/{text_at(one, 'persistentVolumeClaim', 'claimName')}"
        for one in list_at(template, "spec", "volumes")
    ]
    notes = mapping_at(whole, "metadata", "annotations")
    account = text_at(template, "spec", "serviceAccountName")
    release = text_at(notes, "meta.helm.sh/release-name")
    names += [str(target), f"sa/{account}", f"helm/{release}"]
    return frozenset((target.namespace, name) for name in names)


def _notes(focus: _Focus, length_ns: Nanoseconds) -> tuple[str, ...]:
    old = "events are kept for about an hour: of what was scaled or deleted before, nothing is told"
    cluster = "nodes and other objects of the whole cluster are looked at without a namespace only"
    return (
        *([old] if length_ns > EVENTS_KEPT_NS else []),
        *([cluster] if focus.namespace and focus.key is None else []),
    )
