"""Ports of Services that lead to none of their pods'."""

from collections.abc import Iterator, Sequence

from jamie_kubernetes.answers_diagnose import Finding
from jamie_kubernetes.client.network import ContainerPort, NetService, ServicePort
from jamie_kubernetes.facts.causes.serving import Net, ServiceCause, service_finding, service_key
from jamie_kubernetes.facts.causes.telling import named
from jamie_kubernetes.facts.crowd import LabelSet
from jamie_kubernetes.facts.endpoints import Places
from jamie_kubernetes.facts.findings import Harm
from jamie_kubernetes.facts.standing import word
from jamie_signals.similar import nearest


def port_causes(
    one: NetService, places: Places | None, pods: Sequence[LabelSet], net: Net
) -> Iterator[Finding]:
    """Yield ports at which nobody listens."""
    declared = _declared(pods)
    sure = all(each.ports for pod in pods for each in pod.first.spec.containers)
    unnamed = [
        port
        for port in one.spec.ports
        if places and isinstance(port.target_port, str) and port.name not in places.ports
    ]
    undeclared = [
        port
        for port in one.spec.ports
        if isinstance(port.target_port, int) and not any(_listens(each, port) for each in declared)
    ]
    if unnamed:
        yield _unnamed(one, unnamed, declared, net)
    elif undeclared and sure:
        yield _undeclared(one, undeclared, declared)


def unmatched(one: NetService, places: Places, net: Net) -> Iterator[Finding]:
    """Yield ports of which endpoints that somebody made by hand know nothing, by their names."""
    lost = [port for port in one.spec.ports if port.name not in places.ports]
    if not lost or not places.ports:
        return

    everything = len(lost) == len(one.spec.ports)
    if everything:
        net.down.add(service_key(one))
    have = [_called(name) for name in sorted(places.ports)]
    yield service_finding(
        one,
        ServiceCause.NO_PORT,
        Harm.DOWN if everything else Harm.BROKEN,
        f"its EndpointSlice has no port named like its port {_called(lost[0].name)}, but"
        f" {named(have)}: what is sent there is dropped",
        "give the port of the EndpointSlice the name of the Service's: k8s_get"
        f" what=endpointslices namespace={one.metadata.namespace} output=yaml",
    )


def _called(name: str) -> str:
    return word(name) if name else "without a name"


def _declared(pods: Sequence[LabelSet]) -> list[ContainerPort]:
    boxes = (
        each
        for pod in pods
        for each in (*pod.first.spec.containers, *pod.first.spec.init_containers)
    )
    return [port for box in boxes for port in box.ports]


def _listens(declared: ContainerPort, port: ServicePort) -> bool:
    target = port.target_port or port.port
    return (declared.container_port, declared.protocol) == (target, port.protocol)


def _unnamed(
    one: NetService, lost: Sequence[ServicePort], declared: Sequence[ContainerPort], net: Net
) -> Finding:
    names = sorted({each.name for each in declared if each.name})
    wanted = str(lost[0].target_port)
    near = nearest(wanted, names, n=1)
    known = f"they have {', '.join(map(word, names[:4]))}" if names else "they name none"
    everything = len(lost) == len(one.spec.ports)
    if everything:
        net.down.add(service_key(one))
    return service_finding(
        one,
        ServiceCause.NO_PORT,
        Harm.DOWN if everything else Harm.BROKEN,
        f"its pods have no port named {word(wanted)} (for port {lost[0].port}); {known}",
        f"correct targetPort of port {lost[0].port}"
        f"{f': {near[0]}?' if near else ', or name the port in the pod template'}",
    )


def _undeclared(
    one: NetService, lost: Sequence[ServicePort], declared: Sequence[ContainerPort]
) -> Finding:
    shown = sorted({f"{each.container_port}/{each.protocol}" for each in declared})
    wrong = ", ".join(f"{port.target_port or port.port}/{word(port.protocol)}" for port in lost)
    return service_finding(
        one,
        ServiceCause.WRONG_PORT,
        Harm.BROKEN,
        f"it sends to {wrong}, and its containers say that they listen to"
        f" {', '.join(shown[:5])} only",
        "correct targetPort; if they do listen there, declare it in the pod template",
        confidence="likely",
    )
