"""The dependency graph: what an object hangs on, and what hangs on it."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from jamie_base.answer import SortKey, paginate
from jamie_kubernetes.answers_graph import Edge, Graph
from jamie_kubernetes.facts.graph import Role
from jamie_kubernetes.render.graph import ROWS_BYTES, graph, line
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.hubs import BARE, hubs_of
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.reaching import reaches
from jamie_kubernetes.tools.surroundings import edges_of, plan
from jamie_kubernetes.tools.toolset import Backend, Cursor, Home, tools

HUBS_DRAWN = 5
EDGES_SHOWN = 120

About = Annotated[str, Field(description="svc/web, deploy/api, ing/shop, cm/app.", max_length=300)]
To = Annotated[
    str,
    Field(description="May it reach this, by NetworkPolicies? data/svc/db:5432.", max_length=400),
]


@tools.reads(graph)
async def k8s_graph(
    cluster: Backend,
    object: About,  # noqa: A002  # the word kubectl's users know
    namespace: Home = "",
    to: To = "",
    cursor: Cursor = "",
) -> Graph:
    """Draw what an object hangs on: routes to volumes, broken edges marked."""
    now_ns = cluster.now_ns
    await check_namespace(cluster, namespace)
    target = await object_named(cluster, object, namespace, BARE)
    parts = Parts(cluster, target.namespace)
    hubs = await hubs_of(parts, target)
    reach = await reaches(parts, hubs, to) if to else ()
    around = plan(parts)
    await parts.fill()
    found = [
        edge for hub in hubs[:HUBS_DRAWN] for edge in await edges_of(parts, around, hub, now_ns)
    ]
    edges = [*dict.fromkeys(found)] or around.loose(target)
    page = paginate(
        edges,
        key=_rank,
        line=line,
        limit=EDGES_SHOWN,
        cursor=cursor,
        query=repr((object, namespace, to)),
        budget=ROWS_BYTES - sum(len(one.why) + 120 for one in reach),
    )
    return Graph(
        now_ns=now_ns,
        scope=f"Graph of {target} in namespace {target.namespace}",
        edges=page.rows,
        objects=_objects(edges),
        broken=sum(bool(one.broken) for one in edges),
        reach=reach,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        left=max(len(hubs) - HUBS_DRAWN, 0),
        gaps=parts.gaps(),
    )


def _rank(edge: Edge) -> SortKey:
    """Order edges as traffic goes, then what is needed; unique for each."""
    return (Role[edge.role.upper()], not edge.broken, edge.source, edge.target, edge.about)


def _objects(edges: Sequence[Edge]) -> int:
    return len({end for one in edges for end in (one.source.partition(" ")[0], one.target)})
