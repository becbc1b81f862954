"""Who may do what, and why."""

import re
import time
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from jamie_base.answer import paginate
from jamie_base.errors import BackendError, InvalidArgument, NotFound, did_you_mean
from jamie_kubernetes.answers import Gap
from jamie_kubernetes.answers_access import Access, Allowed
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.rbac import (
    SELF_RULES,
    Attributes,
    RulesFor,
    RulesReview,
    RulesReviewed,
)
from jamie_kubernetes.facts.permits import (
    MASTERS,
    Identity,
    Rbac,
    Wish,
    condensed,
    covers,
    grant_rank,
    granting_roles,
    grants,
    paths_of,
)
from jamie_kubernetes.probe import identity, missing
from jamie_kubernetes.render.access import ROWS_BYTES, access, grant_line
from jamie_kubernetes.tools.parts import Parts, check_namespace
from jamie_kubernetes.tools.reviews import Ruling, my_rulings, read_rbac, someone, their_ruling
from jamie_kubernetes.tools.toolset import Backend, Cursor, tools
from jamie_kubernetes.tools.wishes import wish_words, wishes
from jamie_signals.similar import nearest

Verb = Annotated[str, Field(description="get, delete...; empty: the usual ones.")]
What = Annotated[str, Field(description="pods, pods/log, secrets/db, /metrics; or a tool here.")]
Space = Annotated[str, Field(description="Empty: all.")]
Who = Annotated[str, Field(description="me; anyone (who can?); sa/web, user/ann, group/ops.")]

TOOL_PREFIX = "k8s_"
ROLES_NAMED = 4
GRANTS_SHOWN = 60


@tools.reads(access)
async def k8s_access(
    cluster: Backend,
    verb: Verb = "",
    what: What = "",
    namespace: Space = "",
    who: Who = "me",
    cursor: Cursor = "",
) -> Access:
    """Tell what we or others may do, who can, by which role; what a tool here lacks."""
    await check_namespace(cluster, namespace)
    if what.strip().startswith(TOOL_PREFIX):
        return await _tool(cluster, what.strip())
    if verb and not what:
        raise InvalidArgument("A verb needs what it is about: verb=delete what=pods.")

    match who.strip().lower():
        case "me" | "":
            return await _me(cluster, verb, what, namespace)
        case "anyone" | "anybody" | "*":
            return await _anyone(cluster, verb, what, namespace, cursor)
        case _:
            return await _other(cluster, verb, what, namespace, who)


async def _tool(cluster: Cluster, tool: str) -> Access:
    names = [spec.name for spec in tools]
    if tool not in names:
        raise NotFound(f"There is no tool {tool[:80]!r} here.{did_you_mean(nearest(tool, names))}")

    lacking = [gap.why for gap in await missing(cluster) if tool in re.findall(r"\w+", gap.tool)]
    verdict = f"{tool} lacks:" if lacking else f"{tool} lacks nothing that we know of."
    return Access(time.time_ns(), verdict, notes=tuple(lacking))


async def _me(cluster: Cluster, verb: str, what: str, namespace: str) -> Access:
    if not what:
        return await _my_rules(cluster, namespace or cluster.namespace)

    rulings = await my_rulings(cluster, await wishes(cluster, verb, what, namespace))
    refused = next((one.wish for one in rulings if not one.allowed and not one.only), None)
    notes, gaps = await _mended(cluster, namespace, refused) if refused else ((), ())
    why = tuple(dict.fromkeys(one.why for one in rulings if one.why))
    return Access(time.time_ns(), _verdict("we", rulings), why=why, notes=notes, gaps=gaps)


async def _my_rules(cluster: Cluster, namespace: str) -> Access:
    review = RulesReview(RulesFor(namespace))
    rules = (await cluster.review(SELF_RULES, review, RulesReviewed)).status
    who = await identity(cluster) or "We"
    notes = (
        f"all that RBAC says; {rules.evaluation_error or 'an authoriser lists no rules'}"
        if rules.incomplete
        else ""
    )
    return Access(
        now_ns=time.time_ns(),
        verdict=f"{who} may, in namespace {namespace}:",
        allowed=tuple(condensed(rules.resource_rules)),
        notes=(notes,) if notes else (),
    )


async def _anyone(cluster: Cluster, verb: str, what: str, namespace: str, cursor: str) -> Access:
    asked = await wishes(cluster, verb, what, namespace) if what else []
    if len(asked) != 1:
        raise InvalidArgument("who=anyone needs one verb and what: verb=delete what=pods.")

    parts = Parts(cluster, namespace)
    rbac = await read_rbac(parts)
    gaps = parts.gaps()
    page = paginate(
        grants(rbac, asked[0]),
        key=grant_rank,
        line=grant_line,
        limit=GRANTS_SHOWN,
        cursor=cursor,
        query=repr((verb, what, namespace)),
        budget=ROWS_BYTES,
    )
    wish = f"{asked[0].verb} {wish_words(asked[0])}"
    return Access(
        now_ns=time.time_ns(),
        verdict=f"Who can {wish}, by RBAC: {page.total or f'nobody{_unseen(gaps)}'}.",
        grants=page.rows,
        left=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        notes=(f"the group {MASTERS} always may; other authorisers are not asked",),
        gaps=gaps,
    )


async def _other(cluster: Cluster, verb: str, what: str, namespace: str, who: str) -> Access:
    meant = await someone(cluster, who, namespace)
    asked = await wishes(cluster, verb, what, namespace) if what else []
    parts = Parts(cluster, namespace)
    rbac = await read_rbac(parts)
    gaps = parts.gaps()
    if not asked:
        return _their_rules(rbac, meant, namespace, meant.user or who, gaps)

    rulings = [await _their_ruling(cluster, rbac, meant, one) for one in asked]
    why = tuple(dict.fromkeys(one.why for one in rulings if one.why))
    partly = any(not one.allowed for one in rulings) and gaps
    notes = (*_about(meant), *(("what could not be read may allow more",) if partly else ()))
    return Access(
        time.time_ns(), _verdict(meant.user or who, rulings), why=why, notes=notes, gaps=gaps
    )


async def _their_ruling(cluster: Cluster, rbac: Rbac, who: Identity, wish: Wish) -> Ruling:
    """Ask the authorisers; where we may not, the RBAC objects decide."""
    by_rbac = _by_rbac(rbac, who, wish)
    ruling = await their_ruling(cluster, who, wish)
    if ruling is None:
        return by_rbac

    only = "" if ruling.allowed else by_rbac.only
    return Ruling(wish, ruling.allowed, ruling.why or by_rbac.why, only)


def _by_rbac(rbac: Rbac, who: Identity, wish: Wish) -> Ruling:
    namespace = wish.namespace if isinstance(wish, Attributes) else ""
    able = [
        path
        for path in paths_of(rbac, who, namespace)
        if path.role and any(covers(rule, wish) for rule in path.role.rules or ())
    ]
    why = able[0].words(wish, cluster_roles=rbac.cluster_roles) if able else ""
    allowed = MASTERS in who.groups or any(path.namespace in ("", namespace) for path in able)
    only = next((path.namespace for path in able if path.namespace), "")

    return Ruling(wish, allowed, why, "" if allowed else only)


def _their_rules(
    rbac: Rbac, who: Identity, namespace: str, name: str, gaps: tuple[Gap, ...]
) -> Access:
    found: list[Allowed] = []
    broken: list[str] = []
    for path in paths_of(rbac, who, namespace):
        where = f" in {path.namespace}" if path.namespace else ""
        if path.role is None and path.binding.role_ref.kind in rbac.unread:
            broken.append(f"{path.words()}{where}: what it grants may not be read")
        elif path.role is None:
            broken.append(f"{path.words()}{where}: there is no such role, so it grants nothing")
        else:
            found += condensed(path.role.rules or (), f"{path.words()}{where}")

    scope = f" in namespace {namespace}" if namespace else ""
    nothing = f"{name} may do nothing{scope} by RBAC{_unseen(gaps)}."
    verdict = f"{name} may{scope}, by RBAC:" if found else nothing
    notes = (*broken, *_about(who))
    return Access(time.time_ns(), verdict, allowed=tuple(found), notes=notes, gaps=gaps)


async def _mended(
    cluster: Cluster, namespace: str, wish: Wish
) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
    """Name the roles that would allow it, where we may see them."""
    parts = Parts(cluster, namespace)
    try:
        rbac = await read_rbac(parts)
        gaps = parts.gaps()
    except BackendError:
        return ("we may not list roles, so none that would allow it is named",), ()

    able = granting_roles(rbac, wish)[:ROLES_NAMED]
    wanted = f"{wish.verb} {wish_words(wish)}"
    nobody = f"no role{_unseen(gaps)} allows {wanted}"
    return (f"{wanted} is allowed by {', '.join(able)}" if able else nobody,), gaps


def _unseen(gaps: Sequence[Gap]) -> str:
    """Restrict what is said of nobody or nothing to what could be seen."""
    return " that could be read" if gaps else ""


def _about(who: Identity) -> tuple[str, ...]:
    if who.user and not who.user.startswith("system:"):
        return (
            "the cluster does not know which groups a user is in; bindings of groups are left out",
        )

    return ()


def _verdict(who: str, rulings: list[Ruling]) -> str:
    about = wish_words(rulings[0].wish)
    yes = [one.wish.verb for one in rulings if one.allowed]
    only = [one for one in rulings if one.only]
    no = [one.wish.verb for one in rulings if not one.allowed and not one.only]
    here = ", ".join(one.wish.verb for one in only)
    parts = [
        f"may {', '.join(yes)} {about}" if yes else "",
        f"may {here} {about} in namespace {only[0].only} only" if only else "",
        f"may not {', '.join(no)} {about}" if no else "",
    ]
    short = "Yes" if not (no or only) else "No" if not (yes or only) else "In part"
    return f"{short}: {who} {'; '.join(part for part in parts if part)}."
