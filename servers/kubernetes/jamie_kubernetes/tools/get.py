"""Any object of any kind: one whole, or a list projected, filtered, sorted, counted."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from jamie_base.errors import BackendError, InvalidArgument, NotFound
from jamie_base.text import count
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.discovery import FRESH_SECONDS
from jamie_kubernetes.facts.conditions import read_conditions
from jamie_kubernetes.facts.paths import Path, read_path, read_paths
from jamie_kubernetes.facts.veil import Veil
from jamie_kubernetes.kinds import Kind
from jamie_kubernetes.render.get import objects
from jamie_kubernetes.tools.asked import Asked, Order
from jamie_kubernetes.tools.explain import contexts_listed, explained, kinds_listed
from jamie_kubernetes.tools.naming import wanted
from jamie_kubernetes.tools.one import one_object, unset
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.portions import portion
from jamie_kubernetes.tools.sifting import sift
from jamie_kubernetes.tools.toolset import Backend, Cursor, Marks, Namespace, Selector, tools

What = Annotated[
    str,
    Field(
        description="svc, deploy/web, certs.cert-manager.io; kinds, contexts, explain deploy.spec."
    ),
]
Fields = Annotated[str, Field(description="Paths: spec.nodeName,spec.containers[*].image,age.")]
Where = Annotated[
    str, Field(description="status.phase!=Running, age<1h, spec.x exists; ~ contains.")
]
Sort = Annotated[str, Field(description="Path; -path: largest first.")]
GroupBy = Annotated[str, Field(description="Paths to count by.")]
Form = Annotated[
    Literal["auto", "table", "yaml", "json"], Field(description="auto: one yaml, else table.")
]
Limit = Annotated[int, Field(ge=1, le=200, description="Rows.")]

_LONGEST = 1_000


@tools.reads(objects)
async def k8s_get(
    cluster: Backend,
    marks: Marks,
    what: What,
    namespace: Namespace = "",
    selector: Selector = "",
    fields: Fields = "",
    where: Where = "",
    sort: Sort = "",
    group_by: GroupBy = "",
    output: Form = "auto",
    limit: Limit = 40,
    cursor: Cursor = "",
) -> Objects:
    """Get any kind, CRDs too: one, a list, fields or counts; Secrets as marks."""
    for text in (what, fields, where, sort, group_by):
        if len(text) > _LONGEST:
            raise InvalidArgument(f"{text[:40]!r}... is over {_LONGEST:,} characters long.")
    if offered := await _offered(cluster, what, limit, cursor):
        return offered

    meant = await wanted(cluster, what)
    now_ns = cluster.now_ns
    secret = meant.kind.name == "Secret"
    falling = sort.strip().startswith("-")
    asked = Asked(
        cluster=cluster,
        veil=Veil(marks, secret=secret),
        now_ns=now_ns,
        query=repr((what, namespace, selector, fields, where, sort, group_by, output)),
        kind=meant.kind,
        name=meant.name,
        namespace=namespace,
        selector=selector.strip(),
        fields=tuple(read_paths(fields)),
        where=tuple(read_conditions(where, now_ns, secret=secret)),
        order=Order(read_path(sort.strip().lstrip("-+")), falling) if sort.strip() else None,
        groups=tuple(read_paths(group_by)),
        output=output,
        limit=limit,
        cursor=cursor,
        said=where.strip(),
        stale=meant.stale,
    )
    if asked.groups and (asked.fields or asked.order):
        raise InvalidArgument("group_by counts; leave out fields and sort, or leave out group_by.")

    return await _answered(asked)


async def _offered(cluster: Cluster, what: str, limit: int, cursor: str) -> Objects | None:
    """Answer what is asked about the API itself: kinds, contexts, explain."""
    word, _, rest = what.strip().replace("/", " ", 1).partition(" ")
    match word.lower():
        case "kinds" | "api-resources":
            return await kinds_listed(cluster, rest.strip(), limit, cursor)
        case "contexts" | "context":
            return contexts_listed(cluster)
        case "explain" if rest.strip():
            return await explained(cluster, rest)
        case _:
            return None


async def _answered(asked: Asked) -> Objects:
    if asked.kind.namespaced:
        await check_namespace(asked.cluster, asked.namespace)
    try:
        return await _shown(asked)
    except NotFound:
        # Old servers have some kinds in other versions, and CRDs come and go.
        kind = await _elsewhere(asked)
        if kind is None:
            raise

    return await _shown(msgspec.structs.replace(asked, kind=kind))


async def _elsewhere(asked: Asked) -> Kind | None:
    """Find where the server has a kind that is not where we looked."""
    try:
        kinds = await asked.cluster.kinds(older_than=FRESH_SECONDS)
    except BackendError:
        return None

    group = asked.kind.root.split("/")[2] if asked.kind.root.startswith("/apis/") else ""
    found = next((one.kind for one in kinds.named(asked.kind.plural) if one.group == group), None)

    return found if found and found.root != asked.kind.root else None


async def _shown(asked: Asked) -> Objects:
    found = await one_object(asked) if asked.is_one else await _listed(asked)
    notes = [
        *found.notes,
        *([asked.stale] if asked.stale else []),
        *(
            [f"{asked.kind.plural} are in no namespace"]
            if asked.namespace and not asked.kind.namespaced
            else []
        ),
    ]
    return msgspec.structs.replace(found, notes=tuple(notes))


async def _listed(asked: Asked) -> Objects:
    parts = Parts(asked.cluster, asked.namespace)
    read = partial(_read, asked)
    part = await parts.ask(asked.kind.plural, parts.scoped(asked.kind.plural, read))
    gaps = parts.gaps()
    found, dead = part.needed
    namespace = asked.cluster.namespace if parts.narrowed else asked.namespace
    mark = "\n" if asked.output == "json" else "\n\n"
    return msgspec.structs.replace(
        found,
        title=_title(asked, found, asked.scope(namespace)),
        source=asked.kind.plural,
        rows=() if asked.is_whole else found.rows,
        body=mark.join(row[0] for row in found.rows) if asked.is_whole else "",
        notes=(*found.notes, *await unset(asked, dead)),
        gaps=gaps,
    )


async def _read(asked: Asked, namespace: str) -> tuple[Objects, list[Path]]:
    if asked.needs_all:
        return await sift(asked, namespace)

    found = await portion(asked, namespace)
    offset = len(found.columns) - len(asked.fields)
    dead = [
        path
        for place, path in enumerate(asked.fields, offset)
        if asked.output in ("auto", "table")
        and found.rows
        and all(row[place] == "-" for row in found.rows)
    ]
    return found, dead


def _title(asked: Asked, found: Objects, scope: str) -> str:
    kind = asked.kind
    known = found.read if found.matched < 0 else found.matched
    if not known and asked.where and found.read:
        return f"None of {count(kind.name.lower(), found.read, kind.plural)} {scope}."
    if not known and not found.rows:
        return f"No {kind.plural} {scope}."

    what = kind.plural if known < 0 else count(kind.name.lower(), known, kind.plural)
    whole = f" of {found.read:,}" if asked.where and known != found.read else ""
    by = f", by {', '.join(path.text for path in asked.groups)}" if asked.groups else ""
    return f"{what}{whole} {scope}{by}:"
