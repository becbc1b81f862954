"""Why a pod gets no sandbox: no address, no network, no runtime."""

import re

from jamie_kubernetes.facts.causes.cases import Case, Clue, event_words, fresh
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.sayings import row_of, rows

REASONS = (
    "FailedCreatePodSandBox",
    "FailedPodSandBoxStatus",
    "NetworkNotReady",
    "FailedPrepareDynamicResources",
    "FailedCreatePodContainer",
    "FailedSync",
)

_PLUGIN = re.compile(r"plugin type=\\?\"([\w-]{1,60})|networkPlugin (\w{1,20})")
_CLASS = re.compile(
    r"RuntimeClass\S* \\?\"?([\w.-]{1,80})\\?\"? not|runtime for \\?\"([\w.-]{1,80})"
)


_C = ContainerCause
_ROWS = rows(
    (r"no IP addresses available|failed to assign an IP|no addresses? available|range is full"
     r"|no available addresses|exhausted|no more IPs|failed to allocate for range"
     r"|no free (?:ip|addr)|InsufficientFreeAddresses|insufficient (?:cidr|ip)|out of ip",
     _C.IP_EXHAUSTED, "there is no free IP address for it on node {node}",
     "free addresses: a larger pod range or subnet, fewer pods a node, or leaked ones of the CNI"),
    (r"RuntimeClass|no runtime for|unknown runtime handler",
     _C.RUNTIME_CLASS, "node {node} cannot run its RuntimeClass{}",
     "correct runtimeClassName, or choose nodes that have that runtime"),
    (r"cni plugin not initialized|NetworkPluginNotReady|network is not ready|subnet\.env"
     r"|failed to find plugin|no networks found|cni config uninitialized",
     _C.CNI, "the network of node {node} is not ready: its CNI plugin is not set up",
     "look at the CNI's DaemonSet on that node"),
    (r"sandbox image|pause(?:-\w+)?:\d|pause image",
     _C.SANDBOX, "node {node} cannot get the pause image",
     "give the node a way to the registry of its pause image"),
    (r"DynamicResources|ResourceClaim",
     _C.DEVICE, "the devices of its ResourceClaim cannot be prepared on node {node}",
     "look at the DRA driver on that node"),
    (r"FQDN .{0,300}too long",
     _C.SANDBOX, "its host name is too long for node {node}, as setHostnameAsFQDN makes it",
     "shorten its hostname or subdomain, or drop setHostnameAsFQDN"),
    (r"user ?namespaces?\b|userns",
     _C.SANDBOX, "node {node} cannot give it a user namespace (hostUsers: false)",
     "choose nodes whose kernel and runtime have user namespaces, or drop hostUsers: false"),
    (r"\bcni\b|network|endpoint|plugin type",
     _C.SANDBOX, "its network cannot be set up on node {node}{}",
     "look at the CNI's pods on that node"),
    (r"", _C.SANDBOX, "node {node} cannot set it up", "look at the node's container runtime"),
)  # fmt: skip


def clue(case: Case) -> Clue | None:
    """Tell why a pod gets no sandbox; None where nothing says that it does not."""
    saying = next(iter(fresh(case.says(*REASONS))), None)
    if saying is None:
        return None

    text = saying.text
    row = row_of(_ROWS, text)
    detail = _CLASS.search(text) if row.cause is _C.RUNTIME_CLASS else _PLUGIN.search(text)
    name = next((one for one in detail.groups() if one), "") if detail else ""
    words = row.words.replace("{}", f" ({name})" if name else "")

    return Clue(
        row.cause,
        words.format(node=case.node),
        evidence=event_words(case, *case.happened(*REASONS)[:2]),
        said=(text,),
        next=row.remedy,
        follows=case.node_key,
    )
