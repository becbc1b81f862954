"""The Gateway API: classes, Gateways with their listeners, and routes to Services."""

import msgspec

from jamie_kubernetes.client.objects import Condition, Conditional, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ClassSpec(_Wire, frozen=True):
    """Who serves Gateways of a class."""

    controller_name: str = ""


class GatewayClass(_Wire, frozen=True):
    """A GatewayClass."""

    metadata: Meta
    spec: ClassSpec = ClassSpec()
    status: Conditional = Conditional()


class CertificateRef(_Wire, frozen=True):
    """A certificate of a listener; without a namespace in the Gateway's own."""

    kind: str = "Secret"
    namespace: str = ""
    name: str = ""


class ListenerTls(_Wire, frozen=True):
    """How a listener ends TLS."""

    certificate_refs: tuple[CertificateRef, ...] = ()


class ListenerSpec(_Wire, frozen=True):
    """What a Gateway listens to."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = ""
    tls: ListenerTls = ListenerTls()


class GatewaySpec(_Wire, frozen=True):
    """What a Gateway should be."""

    gateway_class_name: str = ""
    listeners: tuple[ListenerSpec, ...] = ()


class ListenerStatus(_Wire, frozen=True):
    """How a listener is doing."""

    name: str = ""
    conditions: tuple[Condition, ...] = ()


class GatewayStatus(_Wire, frozen=True):
    """How a Gateway is doing."""

    conditions: tuple[Condition, ...] = ()
    listeners: tuple[ListenerStatus, ...] = ()


class Gateway(_Wire, frozen=True):
    """A Gateway."""

    metadata: Meta
    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()


class BackendRef(_Wire, frozen=True):
    """What a route sends to."""

    name: str = ""
    namespace: str = ""
    kind: str = "Service"
    port: int | None = None


class RouteRule(_Wire, frozen=True):
    """One rule of a route."""

    backend_refs: tuple[BackendRef, ...] = ()


class ParentRef(_Wire, frozen=True):
    """What a route hangs on; without a namespace in its own."""

    kind: str = "Gateway"
    namespace: str = ""
    name: str = ""
    section_name: str = ""


class RouteSpec(_Wire, frozen=True):
    """What a route routes."""

    parent_refs: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class RouteParent(_Wire, frozen=True):
    """What one Gateway makes of a route."""

    parent_ref: ParentRef = ParentRef()
    conditions: tuple[Condition, ...] = ()


class RouteStatus(_Wire, frozen=True):
    """What the Gateways make of it."""

    parents: tuple[RouteParent, ...] = ()


class Route(_Wire, frozen=True):
    """An HTTPRoute or GRPCRoute of the Gateway API."""

    metadata: Meta
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()
