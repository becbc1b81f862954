"""Who killed a container: the kernel for its memory, the kubelet for a probe, hook or sandbox."""

import re

from msgspec.structs import replace

from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.client.objects import ContainerStatus, Terminated
from jamie_kubernetes.facts.causes.cases import (
    Case,
    Clue,
    Lines,
    Looked,
    Used,
    event_words,
    ran_seconds,
)
from jamie_kubernetes.facts.causes.complaints import telling
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.probing import (
    REASONS,
    Kind,
    answer_words,
    failures,
    probe_of,
    probe_timing,
    probe_words,
    wrong_port,
)

NEAR_NS = 300 * 1_000_000_000
"""How far apart an order to kill and the end may lie."""

SANDBOXES = 3
"""How often a sandbox is made anew before that is no restart of the node."""

SHORT_SECONDS = 30

_KILL = re.compile(r"[Cc]ontainer (?:([\w.-]{1,63}) )?failed (liveness|startup) probe")


def clue(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    """Tell who killed a container; None: nobody is known to have."""
    return _hook(case, status, end) or _remade(case, end) or _probe(case, status, end)


def out_of_memory(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    """Tell that a container needed more memory than it may; None: it did not."""
    if end.reason != "OOMKilled":
        return None

    resources = case.container(status.name).resources
    own, shared = (one.limits.get("memory", "") for one in (resources, case.pod.spec.resources))
    limit = own or shared
    if not limit:
        return node_out_of_memory(case, status)

    ran = ran_seconds(end)
    at_once = ran is not None and ran < SHORT_SECONDS
    return Clue(
        ContainerCause.OOM,
        f"{case.called(status.name)} needs more memory than {_allowed(own, shared)}"
        f"{', already to start' if at_once else ''} (OOMKilled)",
        evidence=_request_words(resources.requests.get("memory", ""), limit),
        next=f"raise limits.memory of {status.name if own else 'the pod'} in {case.group.owner},"
        " or find what grows:"
        f" k8s_top namespace={case.group.namespace} by=memory",
        seeks=(Used(status.name),),
        finish=_with_usage,
    )


def _allowed(own: str, shared: str) -> str:
    return f"its limit of {own}" if own else f"the limit of {shared} its pod's containers share"


def _request_words(request: str, limit: str) -> tuple[str, ...]:
    return (f"requests.memory {request}, limits.memory {limit}",) if request and limit else ()


def node_out_of_memory(case: Case, status: ContainerStatus) -> Clue:
    """Tell that a container was killed because its node ran out of memory."""
    system = [one for one in case.node_events if one.reason in ("SystemOOM", "OOMKilling")]
    return Clue(
        ContainerCause.NODE_OOM,
        f"{case.called(status.name)} was killed because node {case.node} ran out of memory",
        evidence=(*event_words(case, *system[:1]), "it has no memory limit of its own"),
        said=tuple(one.message for one in system[:1]),
        next="set requests and limits.memory; see who uses most: k8s_top by=memory",
        confidence="certain" if system else "likely",
        follows=case.node_key,
    )


def _with_usage(found: Clue, looked: Looked) -> Clue:
    if not looked.used:
        return found

    used = f"uses {looked.used / 2**20:,.0f}Mi now"
    return replace(found, evidence=(*found.evidence, used))


def _remade(case: Case, end: Terminated) -> Clue | None:
    """Find a pod that is torn down and made anew with all its containers, by the node."""
    times = sum(one.count for one in case.remade)
    lately = any(near(end, one.last_ns) for one in case.remade)
    if times < SANDBOXES or not lately or end.exit_code not in (0, 2, 130, 137, 143):
        return None

    return Clue(
        ContainerCause.SANDBOX,
        f"node {case.node} makes its sandbox anew again and again, and ends its containers so",
        evidence=event_words(case, *case.remade[:1]),
        said=(case.remade[0].message,),
        next="look at the node's container runtime and CNI: often the cgroup driver of kubelet and"
        " runtime differ",
        confidence="likely",
        follows=case.node_key,
    )


def _hook(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    hooks = case.says("FailedPostStartHook", container=status.name)
    said = [one for one in hooks if near(end, one.last_ns)]
    waiting = status.state.waiting
    hooked = waiting is not None and waiting.reason == "PostStartHookError"
    if not said and not hooked:
        return None

    return hook_clue(case, status.name)


def hook_clue(case: Case, container: str) -> Clue:
    """Tell that a postStart hook fails: the kubelet then kills its container."""
    said = case.says("FailedPostStartHook")
    return Clue(
        ContainerCause.POST_START,
        f"{case.called(container)}: its postStart hook fails, so the kubelet kills it",
        evidence=event_words(case, *case.happened("FailedPostStartHook")[:1]),
        said=tuple(one.text for one in said[:1]),
        next=f"correct lifecycle.postStart of {container}: its command must end with 0",
    )


def _probe(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    kind = _killed_by(case, status, end)
    if kind is None:
        return None

    container = case.container(status.name)
    probe = probe_of(container, kind)
    said = failures(case, kind, status.name)
    text = said[0].text if said else ""
    wrong = wrong_port(case, container, probe)
    answer = f": {answer_words(text, probe)}" if text else ""
    return Clue(
        ContainerCause.LIVENESS if kind == "Liveness" else ContainerCause.STARTUP,
        f"{case.called(status.name)} is killed by the kubelet: its {kind.lower()}"
        f" {probe_words(probe)} fails{answer}{f'; {wrong}' if wrong else ''}",
        evidence=(*event_words(case, *case.happened(*REASONS)[:1]), *probe_timing(probe, kind)),
        said=(text,) if text else (),
        next=_probe_remedy(kind, status.name, wrong, text),
        seeks=(Lines(status.name, previous=status.last_state.terminated is end),),
        finish=_with_hint,
    )


def _probe_remedy(kind: Kind, container: str, wrong: str, text: str) -> str:
    probe = f"{kind.lower()}Probe of {container}"
    if wrong:
        return f"correct the port of {probe}"
    if "imeout" in text or "deadline" in text:
        return f"raise timeoutSeconds of {probe}, or find why it answers slowly"
    if kind == "Startup":
        return f"raise failureThreshold or periodSeconds of {probe}, or find why it starts slowly"

    return f"correct {probe}; if it is slow to start, give it a startupProbe"


def _with_hint(found: Clue, looked: Looked) -> Clue:
    """Quote a log line only where it complains: a killed program's last line says nothing."""
    told = telling(looked.entries)
    if told is None or told.complaint is None:
        return found

    return replace(
        found,
        what=f"{found.what}; its log: {told.complaint.words}",
        said=(*found.said, told.text),
        needs=told.complaint.needs,
    )


def _killed_by(case: Case, status: ContainerStatus, end: Terminated) -> Kind | None:
    """Tell which probe made the kubelet kill a container; None: it did not."""
    for one in (saying for kill in case.kills for saying in kill.says):
        found = _KILL.search(one.text)
        named = found and (found[1] or one.container or status.name)
        if found and named == status.name and near(end, one.last_ns):
            return "Startup" if found[2] == "startup" else "Liveness"

    # The order may be forgotten; a program that ends by itself while asked is another matter.
    if end.exit_code not in (0, 130, 137, 143):
        return None

    container = case.container(status.name)
    kinds: tuple[Kind, ...] = ("Startup", "Liveness")
    for kind in kinds:
        asked = probe_of(container, kind) is not None or not case.whole
        if asked and any(near(end, one.last_ns) for one in failures(case, kind, status.name)):
            return kind

    return None


def near(end: Terminated, at_ns: Nanoseconds) -> bool:
    """Tell whether something happened about when a container ended."""
    return not end.finished_at or abs(nanoseconds(end.finished_at) - at_ns) <= NEAR_NS
