"""Why a container ends: its exit, who killed it, and its last words."""

from collections import Counter

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_base.when import Nanoseconds, nanoseconds
from jamie_kubernetes.client.objects import ContainerStatus, Terminated
from jamie_kubernetes.facts.causes import kills
from jamie_kubernetes.facts.causes.cases import (
    Case,
    Clue,
    Lines,
    end_words,
    events_call,
    logs_call,
)
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.last_words import with_last_words
from jamie_kubernetes.facts.causes.starts import obstacle_in

_START_REASONS = ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError")
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
        kills.out_of_memory(case, status, end)
        or _not_started(case, status, end)
        or _lost(case, status, end)
        or kills.clue(case, status, end)
        or _exit(case, status, end)
    )
    evidence = (end_words(case, status, end), *found.evidence, *_doubles(case, status.name))
    return replace(found, evidence=evidence, since_ns=found.since_ns or _since(case, end))


def _not_started(case: Case, status: ContainerStatus, end: Terminated) -> Clue | None:
    if end.reason not in _START_REASONS and "OCI runtime" not in end.message:
        return None

    return start_clue(case, status.name, end.message)


def start_clue(case: Case, container: str, text: str) -> Clue:
    """Tell why the runtime could not create or start a container."""
    told = obstacle_in(text)
    asked = _command_words(case, container)
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


def _command_words(case: Case, container: str) -> tuple[str, ...]:
    spec = case.container(container)
    command = " ".join((*spec.command, *spec.args))
    return (f"command: {' '.join(command.split())[:120]}",) if command else ()


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


def forgotten_clue(case: Case, status: ContainerStatus) -> Clue:
    """Tell of a container that is restarted again and again, nobody knows why."""
    waiting = status.state.waiting
    found = Clue(
        ContainerCause.APP_ERROR,
        f"{case.called(status.name)} is restarted again and again; how it ended is not known",
        said=(waiting.message,) if waiting and waiting.message else (),
        next=logs_call(case, status.name, previous=True),
        confidence="likely",
        since_ns=case.group.since_ns,
        seeks=(Lines(status.name, previous=True),),
    )
    return replace(found, finish=with_last_words(case, status.name))


def _exit(case: Case, status: ContainerStatus, end: Terminated) -> Clue:
    name = case.called(status.name)
    code = end.exit_code
    match code:
        case 0:
            found = Clue(
                ContainerCause.EXITS_ZERO,
                f"{name} ends without an error, but has to keep running",
                evidence=_command_words(case, status.name),
                next=f"let {status.name} run in the foreground, or make it a Job",
            )
        case 126:
            found = Clue(
                ContainerCause.NOT_EXECUTABLE,
                f"{name}: its command may not be executed",
                evidence=_command_words(case, status.name),
            )
        case 127:
            found = Clue(
                ContainerCause.BAD_COMMAND,
                f"{name}: its command is not found",
                evidence=_command_words(case, status.name),
            )
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
        if one.reason in ("SystemOOM", "OOMKilling") and kills.near(end, one.last_ns)
    ]
    if system:
        return kills.node_out_of_memory(case, status)

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


def _since(case: Case, end: Terminated) -> Nanoseconds:
    """Return since when it crashes: the first back-off known, not being ready, or this end."""
    known = [one.first_ns for one in case.happened("BackOff") if one.first_ns]
    known += [nanoseconds(end.finished_at)] if end.finished_at else []
    ready = case.condition("Ready")
    if ready and ready.status == "False" and ready.last_transition_time:
        known.append(nanoseconds(ready.last_transition_time))

    return min(known, default=case.group.since_ns)
