"""Services as the API holds them, where they lead, and what leads to them."""

import msgspec

from jamie_kubernetes.client.objects import Container, Meta, Pod, PodSpec

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class NotedMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with the notes that controllers act on."""

    annotations: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class ServicePort(_Wire, frozen=True):
    """A port of a Service; pods are reached at `target_port`, a number or a name."""

    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str = 0
    node_port: int = 0


class Balancer(_Wire, frozen=True):
    """Where a load balancer answers."""

    ip: str = ""
    hostname: str = ""


class BalancerStatus(_Wire, frozen=True):
    """What the cloud gave."""

    ingress: tuple[Balancer, ...] = ()


class NetServiceSpec(_Wire, frozen=True):
    """What a Service should be."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    session_affinity: str = ""
    internal_traffic_policy: str = ""
    external_traffic_policy: str = ""


class Balanced(_Wire, frozen=True):
    """The status of what a load balancer stands before."""

    load_balancer: BalancerStatus = BalancerStatus()


class NetService(_Wire, frozen=True):
    """A Service."""

    metadata: NotedMeta
    spec: NetServiceSpec = NetServiceSpec()
    status: Balanced = Balanced()


class EndpointConditions(_Wire, frozen=True):
    """Whether an endpoint takes traffic; not said means that it does."""

    ready: bool | None = None
    terminating: bool | None = None


class Endpoint(_Wire, frozen=True):
    """One place a Service sends to."""

    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None


class EndpointPort(_Wire, frozen=True):
    """A port at which the endpoints of a slice are reached."""

    name: str | None = None
    port: int | None = None


class EndpointSlice(_Wire, frozen=True):
    """Some of a Service's endpoints."""

    metadata: Meta
    address_type: str = ""
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None


class BackendPort(_Wire, frozen=True):
    """The port of a backend, by number or name."""

    number: int = 0
    name: str = ""


class ServiceBackend(_Wire, frozen=True):
    """The Service an Ingress sends to."""

    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(_Wire, frozen=True):
    """Where an Ingress sends."""

    service: ServiceBackend | None = None


class IngressPath(_Wire, frozen=True):
    """One path of a host."""

    path: str = ""
    backend: IngressBackend = IngressBackend()


class HttpRule(_Wire, frozen=True):
    """The paths of a host."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(_Wire, frozen=True):
    """A host and its paths."""

    host: str = ""
    http: HttpRule | None = None


class IngressTls(_Wire, frozen=True):
    """The certificate of some hosts."""

    hosts: tuple[str, ...] | None = None
    secret_name: str = ""


class IngressSpec(_Wire, frozen=True):
    """What an Ingress routes."""

    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] | None = None
    tls: tuple[IngressTls, ...] | None = None


class Ingress(_Wire, frozen=True):
    """An Ingress."""

    metadata: NotedMeta
    spec: IngressSpec = IngressSpec()
    status: Balanced = Balanced()


class IngressClassSpec(_Wire, frozen=True):
    """Who serves Ingresses of a class."""

    controller: str = ""


class IngressClass(_Wire, frozen=True):
    """An IngressClass."""

    metadata: NotedMeta
    spec: IngressClassSpec = IngressClassSpec()

    @property
    def is_default(self) -> bool:
        """Tell whether Ingresses without a class get this one."""
        return self.metadata.annotations.get(DEFAULT_CLASS) == "true"


class ContainerPort(_Wire, frozen=True):
    """A port a container says it listens at, and the node's that it takes; 0: none."""

    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")

    @property
    def address(self) -> str:
        """Return the address of the node at which it is taken; empty: at all of them."""
        return "" if self.host_ip in ("0.0.0.0", "::") else self.host_ip  # compared


class OpenContainer(Container, frozen=True, rename="camel"):
    """A container with its ports."""

    ports: tuple[ContainerPort, ...] = ()


class OpenPodSpec(PodSpec, frozen=True, rename="camel"):
    """A pod's specification with its ports."""

    containers: tuple[OpenContainer, ...] = ()
    init_containers: tuple[OpenContainer, ...] = ()

    @property
    def ports(self) -> tuple[ContainerPort, ...]:
        """Return every port its containers declare."""
        return tuple(
            port for one in (*self.containers, *self.init_containers) for port in one.ports
        )


class OpenPod(Pod, frozen=True, rename="camel"):
    """A pod with its ports."""

    spec: OpenPodSpec = OpenPodSpec()
