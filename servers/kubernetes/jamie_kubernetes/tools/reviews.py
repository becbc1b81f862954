"""Asking the API server what is allowed, and reading the RBAC objects that say why."""

from functools import partial
from typing import TypeVar

import msgspec

from jamie_base.errors import Denied, InvalidArgument
from jamie_base.together import together
from jamie_kubernetes.client import Cluster, Listing
from jamie_kubernetes.client.rbac import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    SELF_ACCESS,
    SUBJECT_ACCESS,
    AccessReview,
    Attributes,
    Binding,
    Question,
    Reviewed,
    Role,
)
from jamie_kubernetes.facts.permits import EVERYBODY, Identity, Rbac, Wish, service_account
from jamie_kubernetes.kinds import Kind, kind_named
from jamie_kubernetes.tools.parts import Part, Parts
from jamie_kubernetes.tools.targets import locate

T = TypeVar("T")

_ACCOUNT = "system:serviceaccount:"


class Ruling(msgspec.Struct, frozen=True):
    """Whether a wish is allowed; `only` names the one namespace where it is, `why` the path."""

    wish: Wish
    allowed: bool
    why: str = ""
    only: str = ""


async def my_rulings(cluster: Cluster, asked: list[Wish]) -> list[Ruling]:
    """Ask what we may do; what we may not everywhere is asked for our own namespace."""
    return await together(*(partial(_my_ruling, cluster, wish) for wish in asked))


async def their_ruling(cluster: Cluster, who: Identity, wish: Wish) -> Ruling | None:
    """Ask what somebody else may do; None where we may not ask that.

    Raises:
        BackendError: No answer.

    """
    try:
        return await _ruling(cluster, wish, who)
    except Denied:
        return None


async def read_rbac(parts: Parts) -> Rbac:
    """Read the RBAC objects of a namespace, or of all, with those of the whole cluster."""
    cluster_roles = _planned(parts, CLUSTER_ROLES, Role)
    cluster_bindings = _planned(parts, CLUSTER_ROLE_BINDINGS, Binding)
    roles = _planned(parts, ROLES, Role)
    bindings = _planned(parts, ROLE_BINDINGS, Binding)
    await parts.fill()

    planned = (roles, cluster_roles, bindings, cluster_bindings)
    kinds = (ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)
    return Rbac(
        roles=tuple(roles.value or ()),
        cluster_roles=tuple(cluster_roles.value or ()),
        bindings=tuple(bindings.value or ()),
        cluster_bindings=tuple(cluster_bindings.value or ()),
        unread=frozenset(
            kind.name for kind, part in zip(kinds, planned, strict=True) if part.value is None
        ),
    )


async def someone(cluster: Cluster, text: str, namespace: str) -> Identity:
    """Read who is meant: `sa/web`, `user/ann`, `group/ops`, or a user's full name.

    Raises:
        InvalidArgument: Nobody can be read from it.
        NotFound: There is no such service account; the nearest are offered.

    """
    kind, slash, name = text.strip().partition("/")
    if not slash and text.startswith(_ACCOUNT):
        space, _, account = text.removeprefix(_ACCOUNT).partition(":")
        return service_account(space, account)
    if not slash or not name:
        raise InvalidArgument(
            f"{text[:80]!r} is nobody we can look up; write me, anyone, sa/web, user/ann or"
            " group/ops."
        )

    match kind.lower():
        case "sa" | "serviceaccount" | "serviceaccounts":
            return await _account(cluster, name, namespace)
        case "group" | "groups":
            return Identity(groups=(name,))
        case "user" | "users":
            return Identity(name, EVERYBODY)
        case _:
            raise InvalidArgument(f"{kind[:40]!r} is none of sa, user and group.")


async def _account(cluster: Cluster, name: str, namespace: str) -> Identity:
    space, slash, account = name.rpartition("/")
    kind = kind_named("serviceaccounts")
    if kind is None:
        raise AssertionError("service accounts are a kind we know")

    target = await locate(cluster, (kind,), account if slash else name, space or namespace)
    return service_account(target.namespace, target.name)


async def _my_ruling(cluster: Cluster, wish: Wish) -> Ruling:
    found = await _ruling(cluster, wish)
    if found.allowed or not isinstance(wish, Attributes) or wish.namespace:
        return found

    here = await _ruling(cluster, msgspec.structs.replace(wish, namespace=cluster.namespace))
    only = cluster.namespace if here.allowed else ""
    return Ruling(wish, found.allowed, here.why if here.allowed else found.why, only)


async def _ruling(cluster: Cluster, wish: Wish, who: Identity | None = None) -> Ruling:
    is_object = isinstance(wish, Attributes)
    question = Question(
        resource_attributes=wish if is_object else None,
        non_resource_attributes=None if is_object else wish,
        user=who.user if who else "",
        groups=who.groups if who else (),
    )
    kind, path = (
        ("SubjectAccessReview", SUBJECT_ACCESS) if who else ("SelfSubjectAccessReview", SELF_ACCESS)
    )
    verdict = (await cluster.review(path, AccessReview(kind, question), Reviewed)).status
    return Ruling(wish, verdict.allowed, verdict.reason)


def _planned(parts: Parts, kind: Kind, item: type[T]) -> Part[list[T]]:
    async def read(namespace: str) -> list[T]:
        return await parts.cluster.all(Listing(kind, namespace if kind.namespaced else ""), item)

    return parts.plan(kind.plural, parts.scoped(kind.plural, read))
