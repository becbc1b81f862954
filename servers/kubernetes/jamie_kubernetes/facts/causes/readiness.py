"""Why a pod runs and is not ready."""

import re

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.client.objects import ContainerStatus
from jamie_kubernetes.facts.causes.cases import (
    Case,
    Clue,
    Finish,
    Lines,
    Looked,
    event_words,
    events_call,
    logs_call,
)
from jamie_kubernetes.facts.causes.complaints import telling
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.causes.probing import (
    REASONS,
    Kind,
    answer_words,
    failures,
    listener_in,
    probe_of,
    probe_timing,
    probe_words,
    wrong_port,
)

_GATE = re.compile(r"readiness gate \"([\w./-]{1,300})\"")


def clue(case: Case) -> Clue:
    """Tell why a running pod is not ready."""
    return _job_sidecar(case) or _probe(case) or _gate(case) or _unknown(case)


def _job_sidecar(case: Case) -> Clue | None:
    """Find a Job's pod whose work is done while something beside it runs on."""
    mains = case.pod.status.container_statuses
    done = [
        one.name for one in mains if one.state.terminated and not one.state.terminated.exit_code
    ]
    running = [one.name for one in mains if one.state.running]
    if not case.runs_to_end or not done or not running:
        return None

    return Clue(
        ContainerCause.JOB_SIDECAR,
        f"{join_words(done)} is done, but {join_words(running)} runs on: the pod never completes",
        next=f"make {running[0]} a sidecar (init container with restartPolicy Always), or end it",
        since_ns=case.group.since_ns,
    )


def _probe(case: Case) -> Clue | None:
    for status in case.lasting:
        if status.ready or not status.state.running:
            continue
        container = case.container(status.name)
        starting = status.started is False and (container.startup_probe or not case.whole)
        kind: Kind = (
            "Startup" if starting and failures(case, "Startup", status.name) else "Readiness"
        )
        if starting and not failures(case, "Readiness", status.name):
            kind = "Startup"
        if probe_of(container, kind) or failures(case, kind, status.name):
            return _failing(case, status, kind)

    return None


def _failing(case: Case, status: ContainerStatus, kind: Kind) -> Clue:
    container = case.container(status.name)
    probe = probe_of(container, kind)
    said = failures(case, kind, status.name)
    text = said[0].text if said else ""
    asked = f"{case.called(status.name)}: {kind.lower()} {probe_words(probe)}"
    what = f"{asked} fails: {answer_words(text, probe)}" if said else f"{asked} has not passed yet"
    wrong = wrong_port(case, container, probe)
    general = ContainerCause.STARTUP_FAILING if kind == "Startup" else ContainerCause.READINESS
    # A port need not be declared to be listened to: only a refusal tells.
    mistaken = bool(wrong) and ("refused" in text or "named" in wrong)

    return Clue(
        ContainerCause.PROBE_PORT if mistaken else general,
        f"{what}; {wrong}" if mistaken else what,
        evidence=(
            *event_words(case, *case.happened(*REASONS)[:1]),
            *probe_timing(probe, kind),
        ),
        said=(text,) if text else (),
        next=_next(case, status.name, kind, mistaken=mistaken),
        confidence="likely" if mistaken and "named" not in wrong else "certain",
        since_ns=case.group.since_ns,
        seeks=(Lines(status.name, previous=False),),
        finish=_with_log(probe.port if probe else 0, mistaken=mistaken),
    )


def _next(case: Case, container: str, kind: Kind, *, mistaken: bool) -> str:
    if mistaken:
        return f"correct {kind.lower()}Probe.port of container {container}, or the port it opens"

    return logs_call(case, container)


def _with_log(port: int | str, *, mistaken: bool) -> Finish:
    def finish(found: Clue, looked: Looked) -> Clue:
        told = telling(looked.entries)
        worth = told if told and (told.is_error or told.complaint) else None
        listener = listener_in(looked.entries)
        refused = any("refused" in text for text in found.said)
        what, next_ = found.what, found.next
        needs: tuple[str, ...] = ()
        if refused and listener and listener.only_inside:
            what += f"; its log says it listens at localhost:{listener.port} only"
            next_ = "let it listen at 0.0.0.0: the kubelet asks from outside the container"
        elif refused and listener and str(listener.port) != str(port):
            what += f"; its log says it listens at port {listener.port}"
            next_ = f"set the probe's port to {listener.port}, or the port it opens to {port}"
        elif worth and worth.complaint and not mistaken:
            what += f"; its log: {worth.complaint.words}"
            needs = worth.complaint.needs

        said = (*found.said, worth.text) if worth else found.said
        return replace(found, what=what, next=next_, said=said, needs=needs)

    return finish


def _gate(case: Case) -> Clue | None:
    ready = case.condition("Ready")
    if ready is None or ready.reason != "ReadinessGatesNotReady":
        return None

    named = _GATE.search(ready.message)
    gate = f" {named[1]}" if named else ""
    return Clue(
        ContainerCause.GATE,
        f"its containers are ready, but the readiness gate{gate} is not met",
        said=(ready.message,),
        next="look at the controller that sets this condition (a load balancer's, a mesh's)",
        since_ns=case.group.since_ns,
    )


def _unknown(case: Case) -> Clue:
    unready = [case.called(one.name) for one in case.lasting if not one.ready]
    what = f"{join_words(unready)} not ready" if unready else "containers are ready, the pod is not"
    return Clue(
        ContainerCause.NOT_READY,
        f"{what}, and no event says why",
        evidence=event_words(case, *case.events[:2]),
        next=events_call(case),
        confidence="possible",
        since_ns=case.group.since_ns,
    )
