"""Probes: what a container is asked, how it answers, and what that says."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from jamie_base.text import shorten
from jamie_kubernetes.client.whole_pods import Probe, WholeContainer
from jamie_kubernetes.facts.causes.cases import Case
from jamie_kubernetes.facts.event_index import Saying
from jamie_kubernetes.facts.loglines import Found

Kind = Literal["Liveness", "Readiness", "Startup"]

REASONS = ("Unhealthy", "ProbeError", "ProbeWarning")

_STATUS = re.compile(r"statuscode: (\d{3})")
_LISTENS = re.compile(
    r"(?:listen\w*|serving|running|started|server|bound|available)\b[^\n]{0,80}?"
    r"(?:(127\.0\.0\.1|localhost)|0\.0\.0\.0|\[?::\]?|\*|\b)?(?::|\bport(?:\(s\))?[ =:(]{1,2})"
    r"(80|\d{3,5})\b",
    re.IGNORECASE,
)
_ANSWERS = (
    (re.compile(r"connection refused"), "the connection is refused"),
    (re.compile(r"HTTP response to HTTPS client|malformed HTTP response|x509|tls:"),
     "HTTP and HTTPS are mixed up (scheme), or its certificate is not accepted"),
    (re.compile(r"deadline exceeded|[Tt]imed out|[Tt]imeout"), "no answer within its {timeout}s"),
    (re.compile(r"executable file not found|no such file or directory|not found in \$PATH"),
     "its command does not exist in the image"),
    (re.compile(r"NOT_SERVING"), "it says that it does not serve"),
    (re.compile(r"[Uu]nknown service|Unimplemented"), "it has no such gRPC health service"),
    (re.compile(r"connection reset|\bEOF\b|broken pipe"), "the connection is cut"),
    (re.compile(r"no route to host|network is unreachable"), "the pod is not reached"),
    (re.compile(r"no such host"), "its host name does not resolve"),
)  # fmt: skip
_STATUSES = {
    "400": "it answers 400 (an HTTPS port asked over HTTP does so)",
    "401": "it answers 401: the probe's path wants a login",
    "403": "it answers 403: the probe's path is forbidden",
    "404": "it answers 404: there is no such path",
    "429": "it answers 429: it limits the rate of the probe, too",
}


class Listener(NamedTuple):
    """Where a log line says a program listens."""

    port: int
    only_inside: bool


def probe_of(container: WholeContainer, kind: Kind) -> Probe | None:
    """Return a container's probe of a kind."""
    match kind:
        case "Liveness":
            return container.liveness_probe
        case "Readiness":
            return container.readiness_probe
        case "Startup":
            return container.startup_probe


def failures(case: Case, kind: Kind, container: str) -> list[Saying]:
    """Return what the kubelet said of a container's failed probes of a kind, the latest first."""
    said = case.says(*REASONS, container=container)
    return [one for one in said if one.text.startswith(f"{kind} probe")]


def probe_words(probe: Probe | None) -> str:
    """Say what a probe asks: `GET :8080/healthz`."""
    if probe is None:
        return "probe"
    if http := probe.http_get:
        scheme = "" if http.scheme == "HTTP" else f"{http.scheme} "
        return f"probe {scheme}GET :{http.port}{http.path}"
    if tcp := probe.tcp_socket:
        return f"probe of TCP :{tcp.port}"
    if grpc := probe.grpc:
        return f"probe of gRPC :{grpc.port}"
    if probe.exec:
        return f"probe `{shorten(' '.join(' '.join(probe.exec.command).split()), 60)}`"

    return "probe"


def probe_timing(probe: Probe | None, kind: Kind) -> tuple[str, ...]:
    """Say how patient a probe is."""
    if probe is None:
        return ()

    delay = f" after {probe.initial_delay_seconds}s" if probe.initial_delay_seconds else ""
    every = f"every {probe.period_seconds}s, timeout {probe.timeout_seconds}s"
    return (f"{kind.lower()} probe:{delay} {every}, {probe.failure_threshold} failures",)


def answer_words(text: str, probe: Probe | None) -> str:
    """Say how a container answered a probe."""
    if status := _STATUS.search(text):
        return _STATUSES.get(status[1], f"it answers {status[1]}")

    timeout = probe.timeout_seconds if probe else 1
    found = next((words for pattern, words in _ANSWERS if pattern.search(text)), "")
    if found:
        return found.format(timeout=timeout)

    return "its command fails" if probe and probe.exec else "it fails"


def wrong_port(case: Case, container: WholeContainer, probe: Probe | None) -> str:
    """Say that a probe asks at a port the container does not declare; empty: it does, or none."""
    if probe is None or not probe.port:
        return ""
    if isinstance(probe.port, str) and not probe.port.isdecimal():
        names = [one.name for one in container.ports if one.name]
        if probe.port in names:
            return ""
        return f"its container has no port named {probe.port} ({_listed(names)})"

    declared = [port.container_port for one in case.pod.spec.containers for port in one.ports]
    if not declared or int(probe.port) in declared:
        return ""

    own = [str(one.container_port) for one in container.ports] or [str(one) for one in declared]
    return f"port {probe.port} is not one it declares ({_listed(own)})"


def listener_in(entries: Sequence[Found]) -> Listener | None:
    """Find where a program's log says that it listens, the last time."""
    for one in reversed(entries):
        if found := _LISTENS.search(one.line.text):
            return Listener(int(found[2]), found[1] is not None)

    return None


def startup_words(case: Case, name: str) -> tuple[str, ...]:
    """Say what a container's startup probe asks, and how often it failed."""
    probe = case.container(name).startup_probe
    times = sum(one.count for one in failures(case, "Startup", name))
    failed = (f"startup {probe_words(probe)} failed x{times}",) if times else ()
    return (*failed, *probe_timing(probe, "Startup"))


def _listed(names: Sequence[str]) -> str:
    return f"it has {', '.join(names[:4])}" if names else "it declares none"
