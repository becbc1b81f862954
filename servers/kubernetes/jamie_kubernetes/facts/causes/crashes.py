"""Why a container ends: its exit, who killed it, and its last words."""

import re
from collections import Counter

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.client.objects import ContainerStatus, Terminated
from jamie_kubernetes.facts.causes.cases import (
    Case,
    Clue,
    Lines,
    Looked,
    Used,
    end_words,
    event_words,
    events_call,
    logs_call,
    ran_seconds,
)
from jamie_kubernetes.facts.causes.complaints import telling
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.last_words import with_last_words
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
from jamie_kubernetes.facts.causes.starts import obstacle_in

NEAR_NS = 300 * 1_000_000_000
"""How far apart an order to kill and the end may lie."""

SHORT_SECONDS = 30

_START_REASONS = ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError")
_KILL = re.compile(r"[Cc]ontainer (?:([\w.-]{1,63}) )?failed (liveness|startup) probe")
_SIGNALS = {
    129: "SIGHUP",
    131: "SIGQUIT",
    132: "SIGILL: the CPU lacks an instruction it uses",
    133: "SIGTRAP",
    134: "SIGABRT: it gave up by itself",
    135: "SIGBUS: often a full /dev/shm or a truncated file",
    136: "SIGFPE",
    138: "SIGUSR1",
    141: "SIGPIPE",
    159: "SIGSYS: seccomp forbids a system call it makes",
}


def clue(case: Case, status: ContainerStatus, end: Terminated) -> Clue:
    """Tell why a container ended."""
    found = (
        _out_of_memory(case, status, end)
        or _not_started(case, status, end)
        or _lost(case, status, end)
        or _hook(case, status, end)
        or _probe(case, status, end)
        or _exit(case, status, end)
    )
    evidence = (end_words(case, status, end), *found.evidence, *_doubles(case, status.name))
    return replace(found, evidence=evidence, since_ns=found.since_ns or _since(case, end))


def _out_of_memory(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    if end.reason != "OOMKilled":
        return None

    resources = case.container(status.name).resources
    limit = resources.limits.get("memory", "")
    if case.whole and not limit:
        return _node_out_of_memory(case, status)

    ran = ran_seconds(end)
    at_once = ran is not None and ran < SHORT_SECONDS
    limited = f" its limit of {limit}" if limit else " its memory limit"
    return Clue(
        ContainerCause.OOM,
        f"{case.called(status.name)} needs more memory than{limited}"
        f"{', already to start' if at_once else ''} (OOMKilled)",
        evidence=_request_words(resources.requests.get("memory", ""), limit),
        next=f"raise limits.memory of {status.name} in {case.group.owner}, or find what grows:"
        f" k8s_top namespace={case.group.namespace} by=memory",
        seeks=(Used(status.name),),
        finish=_with_usage,
    )


def _request_words(request: str, limit: str) -> tuple[str, ...]:
    return (f"requests.memory {request}, limits.memory {limit}",) if request and limit else ()


def _node_out_of_memory(case: Case, status: ContainerStatus) -> Clue:
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


def _not_started(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    if end.reason not in _START_REASONS and "OCI runtime" not in end.message:
        return None

    return start_clue(case, status.name, end.message)


def start_clue(case: Case, container: str, text: str) -> Clue:
    """Tell why the runtime could not create or start a container."""
    told = obstacle_in(text)
    command = " ".join((*case.container(container).command, *case.container(container).args))
    asked = (f"command: {' '.join(command.split())[:120]}",) if command else ()
    if told is None:
        return Clue(
            ContainerCause.START,
            f"{case.called(container)} cannot be started",
            evidence=asked,
            said=(text,) if text else (),
            next=events_call(case),
        )

    by_command = told.cause in (ContainerCause.BAD_COMMAND, ContainerCause.NOT_EXECUTABLE)
    return Clue(
        told.cause,
        f"{case.called(container)} cannot be started: {told.words}",
        evidence=asked if by_command else (),
        said=(text,),
        next=told.remedy,
        follows=case.node_key if told.cause is ContainerCause.RUNTIME else (),
    )


def _lost(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    if end.reason != "ContainerStatusUnknown":
        return None

    return Clue(
        ContainerCause.CONTAINER_LOST,
        f"{case.called(status.name)} was gone when the kubelet looked for it: node {case.node}"
        " restarted, or it was evicted",
        said=(end.message,) if end.message else (),
        next=f"k8s_nodes node={case.node}",
        confidence="likely",
        follows=case.node_key,
    )


def _hook(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    said = [one for one in case.says("FailedPostStartHook") if _near(end, one.last_ns)]
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
    said = failures(case, kind)
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
        found, what=f"{found.what}; its log: {told.complaint.words}", said=(*found.said, told.text)
    )


def _killed_by(case: Case, status: ContainerStatus, end: Terminated) -> Kind | None:
    """Tell which probe made the kubelet kill a container; None: it did not."""
    for one in (saying for kill in case.kills for saying in kill.says):
        found = _KILL.search(one.text)
        if found and found[1] in (status.name, None) and _near(end, one.last_ns):
            return "Startup" if found[2] == "startup" else "Liveness"

    # The order may be forgotten; a program that ends by itself while asked is another matter.
    if end.exit_code not in (0, 130, 137, 143):
        return None

    container = case.container(status.name)
    kinds: tuple[Kind, ...] = ("Startup", "Liveness")
    for kind in kinds:
        asked = probe_of(container, kind) is not None or not case.whole
        if asked and any(_near(end, one.last_ns) for one in failures(case, kind)):
            return kind

    return None


def _exit(case: Case, status: ContainerStatus, end: Terminated) -> Clue:
    name = case.called(status.name)
    code = end.exit_code
    match code:
        case 0:
            found = Clue(
                ContainerCause.EXITS_ZERO,
                f"{name} ends without an error, but has to keep running",
                next=f"let {status.name} run in the foreground, or make it a Job",
            )
        case 126:
            found = Clue(ContainerCause.NOT_EXECUTABLE, f"{name}: its command may not be executed")
        case 127:
            found = Clue(ContainerCause.BAD_COMMAND, f"{name}: its command is not found")
        case 137:
            return _killed(case, status, end)
        case 139:
            found = Clue(ContainerCause.SEGFAULT, f"{name} crashes: segmentation fault")
        case 130 | 143:
            signal = "SIGTERM" if code == 143 else "SIGINT"
            found = Clue(
                ContainerCause.TERMINATED,
                f"{name} is stopped by {signal} from outside or by its own supervisor",
                confidence="likely",
            )
        case _ if code in _SIGNALS:
            found = Clue(ContainerCause.SIGNAL, f"{name} crashes by {_SIGNALS[code]}")
        case _:
            failed = ContainerCause.INIT if case.is_init(status.name) else ContainerCause.APP_ERROR
            found = Clue(failed, f"{name} ends with exit {code}")

    return _asking_log(case, status, end, found)


def _killed(case: Case, status: ContainerStatus, end: Terminated) -> Clue:
    system = [
        one
        for one in case.node_events
        if one.reason in ("SystemOOM", "OOMKilling") and _near(end, one.last_ns)
    ]
    if system:
        return _node_out_of_memory(case, status)

    found = Clue(
        ContainerCause.KILLED,
        f"{case.called(status.name)} is killed (SIGKILL), not by its memory limit and no probe"
        " is known to have failed",
        next=f"look for memory or a kill on node {case.node}: k8s_events object=node/{case.node}",
        confidence="possible",
    )
    return _asking_log(case, status, end, found)


def _asking_log(case: Case, status: ContainerStatus, end: Terminated, found: Clue) -> Clue:
    previous = status.last_state.terminated is end
    return replace(
        found,
        next=found.next or logs_call(case, status.name, previous=previous),
        seeks=(Lines(status.name, previous=previous),),
        finish=with_last_words(case, status.name, end.message),
    )


def _doubles(case: Case, container: str) -> tuple[str, ...]:
    names = Counter(one.name for one in case.container(container).env)
    twice = [name for name, times in names.items() if times > 1]
    return (f"env {join_words(twice[:3])} is set twice: the last one counts",) if twice else ()


def _near(end: Terminated, at_ns: Nanoseconds) -> bool:
    return not end.finished_at or abs(nanoseconds(end.finished_at) - at_ns) <= NEAR_NS


def _since(case: Case, end: Terminated) -> Nanoseconds:
    """Return since when it crashes: the first back-off known, or this end."""
    backs_off = [one.first_ns for one in case.happened("BackOff") if one.first_ns]
    ended = [nanoseconds(end.finished_at)] if end.finished_at else []
    return min([*backs_off, *ended], default=case.group.since_ns)
