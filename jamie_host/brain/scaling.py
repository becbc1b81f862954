"""Being told to scale something: an order is understood whole or not at all."""

import re

from jamie_host.brain.plan import Step

NOT_OFFERED = (
    "Nothing is changed: the Kubernetes server only reads. To allow changes, each shown and asked"
    " about first, start it with --write: set JAMIE_KUBERNETES_WRITE=true for jamie, or"
    ' env = { JAMIE_KUBERNETES_WRITE = "true" } under [servers.kubernetes] in jamie.toml.'
)

_NAME = r"(?:[a-z]+/)?[a-z0-9][a-z0-9.-]*[a-z0-9]"
_WHERE = r"in (?:the )?(?:namespace |ns )?(?P<namespace{0}>[a-z0-9][a-z0-9-]*)(?: namespace)?"
_HOW = r"(?P<to>to|by) (?P<number>\d{1,5})(?: (?:replicas?|pods?|instances?|copies))?"

# A part that is not understood ("to half", "by 50%") must not be left out of an order.
ORDER = re.compile(
    r"(?:(?:hey |please |jamie,? |can you |could you |would you )*)"
    r"scale (?:(?P<first>up|down) )?(?:the )?(?:deployment |statefulset |service |workload )?"
    rf"(?P<name>{_NAME})(?: (?:deployment|statefulset|service|workload))?"
    rf"(?: (?P<last>up|down))?(?: {_WHERE.format('_before')})?(?: {_HOW})?"
    rf"(?: {_WHERE.format('_after')})?(?:,? please)?\s*[.!?]*"
)


def replicas_in(order: re.Match[str]) -> str:
    """Return what an order says about the replicas, as the tool takes it; empty: nothing."""
    way = order["first"] or order["last"] or ""
    if order["to"] == "to":
        return order["number"]
    if not way:
        return ""

    return f"{'+' if way == 'up' else '-'}{order['number'] or '1'}"


def is_order(text: str) -> bool:
    """Tell whether a text, in small letters, is an order to scale that can be carried out."""
    order = ORDER.fullmatch(text)

    return bool(order and replicas_in(order))


def scale(question: str) -> list[Step]:
    """Call the tool with what the order says."""
    order = ORDER.fullmatch(" ".join(question.lower().split()))
    if order is None:
        return []

    namespace = order["namespace_before"] or order["namespace_after"]
    arguments: dict[str, object] = {
        "name": order["name"],
        "replicas": replicas_in(order),
        **({"namespace": namespace} if namespace else {}),
    }
    return [Step("kubernetes", "k8s_scale", arguments, absent=NOT_OFFERED)]
