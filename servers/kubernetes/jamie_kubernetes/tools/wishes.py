"""What somebody may want to do: `delete` `pods/log`, in the terms of the authorisers."""

from jamie_base.errors import InvalidArgument, did_you_mean
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.rbac import Attributes, UrlAttributes
from jamie_kubernetes.facts.permits import VERBS, Wish
from jamie_kubernetes.tools.naming import api_kind_of
from jamie_signals.similar import nearest

FURTHER = ("use", "bind", "escalate", "impersonate", "approve", "sign", "attest", "proxy", "*")
_URL_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "*")


async def wishes(cluster: Cluster, verb: str, what: str, namespace: str) -> list[Wish]:
    """Read verbs (all the usual ones when none is given) and what they are about.

    Raises:
        InvalidArgument: It cannot be read.
        NotFound: The cluster has no such kind; the nearest are offered.

    """
    verbs = [one.strip().lower() for one in verb.split(",") if one.strip()]
    if what.startswith("/"):
        return [UrlAttributes(_known(one, _URL_VERBS), what) for one in verbs or ("get",)]

    first, *rest = [part.strip() for part in what.split("/")]
    if not first or len(rest) > 2 or not all(rest):
        raise InvalidArgument(f"{what[:80]!r} is no resource; write pods, pods/log or secrets/db.")

    known = [_known(one, (*VERBS, *FURTHER)) for one in verbs] or list(VERBS)
    wish = await _wish(cluster, first, rest, namespace)
    return [_with_verb(wish, one) for one in known]


def wish_words(wish: Wish) -> str:
    """Say what a wish is about: `pods/log in namespace shop`."""
    if isinstance(wish, UrlAttributes):
        return wish.path

    group = f".{wish.group}" if "." in wish.group else ""
    below = f"/{wish.subresource}" if wish.subresource else ""
    name = f" {wish.name!r}" if wish.name else ""
    where = f" in namespace {wish.namespace}" if wish.namespace else ""
    return f"{wish.resource}{below}{group}{name}{where}"


async def _wish(cluster: Cluster, first: str, rest: list[str], namespace: str) -> Attributes:
    if first == "*":
        return Attributes("", "*", "*", namespace=namespace)

    api, _ = await api_kind_of(cluster, first)
    below = rest[-1] if rest and (len(rest) == 2 or rest[0] in api.subresources) else ""
    name = rest[0] if rest and rest[0] != below else ""
    if below and below not in api.subresources:
        near = did_you_mean(nearest(below, api.subresources))
        raise InvalidArgument(f"{api.kind.plural} have no subresource {below[:80]!r}.{near}")

    return Attributes(
        verb="",
        group=api.group,
        resource=api.kind.plural,
        subresource=below,
        namespace=namespace if api.kind.namespaced else "",
        name=name,
    )


def _with_verb(wish: Attributes, verb: str) -> Attributes:
    return Attributes(verb, wish.group, wish.resource, wish.subresource, wish.namespace, wish.name)


def _known(verb: str, verbs: tuple[str, ...]) -> str:
    if verb not in verbs and (near := nearest(verb, verbs)):
        raise InvalidArgument(f"{verb[:40]!r} is not a verb.{did_you_mean(near)}")

    return verb
