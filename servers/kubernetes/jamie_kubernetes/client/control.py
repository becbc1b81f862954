"""What extends and guards the API server: webhooks, aggregated APIs, CRDs, leases."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.network import NotedMeta
from jamie_kubernetes.client.objects import Condition, Conditional, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ServiceReference(_Wire, frozen=True):
    """The Service that answers for the API server."""

    namespace: str = ""
    name: str = ""
    port: int = 443


class WebhookClient(_Wire, frozen=True):
    """How a webhook is reached, and the certificates it is trusted by (base64 of PEM)."""

    service: ServiceReference | None = None
    url: str = ""
    ca_bundle: str = ""


class Webhook(_Wire, frozen=True):
    """One webhook of a configuration."""

    name: str
    client_config: WebhookClient = WebhookClient()
    failure_policy: str = "Fail"
    timeout_seconds: int = 10


class WebhookConfiguration(_Wire, frozen=True):
    """A validating or mutating webhook configuration."""

    metadata: NotedMeta
    webhooks: tuple[Webhook, ...] = ()


class ApiServiceSpec(_Wire, frozen=True):
    """Which Service answers for an API group."""

    service: ServiceReference | None = None
    group: str = ""
    version: str = ""
    ca_bundle: str = ""


class ApiService(_Wire, frozen=True):
    """An API group that another server may answer for."""

    metadata: NotedMeta
    spec: ApiServiceSpec = ApiServiceSpec()
    status: Conditional = Conditional()


class ConversionWebhook(_Wire, frozen=True):
    """The webhook that converts between versions."""

    client_config: WebhookClient = WebhookClient()


class Conversion(_Wire, frozen=True):
    """How a CRD's objects are converted."""

    strategy: str = "None"
    webhook: ConversionWebhook | None = None


class DefinitionSpec(_Wire, frozen=True):
    """What a CRD defines, as far as its conversion."""

    conversion: Conversion = Conversion()


class Definition(_Wire, frozen=True):
    """A custom resource definition."""

    metadata: NotedMeta
    spec: DefinitionSpec = DefinitionSpec()
    status: Conditional = Conditional()


class NamespaceStatus(_Wire, frozen=True):
    """Where a namespace is in its life."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Space(_Wire, frozen=True):
    """A namespace."""

    metadata: Meta
    status: NamespaceStatus = NamespaceStatus()


class LeaseSpec(_Wire, frozen=True):
    """Who leads, and until when."""

    holder_identity: str = ""
    lease_duration_seconds: int = 15
    renew_time: datetime | None = None


class Lease(_Wire, frozen=True):
    """A claim to lead that has to be renewed."""

    metadata: Meta
    spec: LeaseSpec = LeaseSpec()


class CustomSpec(_Wire, frozen=True):
    """Whether a custom resource is held on purpose."""

    suspend: bool | None = None
    paused: bool | None = None


class CustomMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with what holds it when it is deleted."""

    finalizers: tuple[str, ...] = ()


class Custom(_Wire, frozen=True):
    """A custom resource, undecoded: no two are alike, and some break every habit."""

    metadata: CustomMeta
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    status: msgspec.Raw = msgspec.Raw(b"{}")
