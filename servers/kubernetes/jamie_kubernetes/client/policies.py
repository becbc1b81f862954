"""NetworkPolicies as the API holds them."""

import msgspec

from jamie_kubernetes.client.controllers import ControllerMeta
from jamie_kubernetes.client.objects import LabelSelector, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class PolicyPort(_Wire, frozen=True):
    """A port that a rule lets through: a number, a name, or with `end_port` a range; none: all."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class Block(_Wire, frozen=True):
    """Addresses outside of what labels can tell."""

    cidr: str = ""


class PolicyPeer(_Wire, frozen=True):
    """Whom a rule is about."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: Block | None = None


class PolicyRule(_Wire, frozen=True):
    """What may come in, or go out; no peers mean everybody, no ports all ports."""

    sources: tuple[PolicyPeer, ...] | None = msgspec.field(default=None, name="from")
    targets: tuple[PolicyPeer, ...] | None = msgspec.field(default=None, name="to")
    ports: tuple[PolicyPort, ...] | None = None

    @property
    def peers(self) -> tuple[PolicyPeer, ...]:
        """Return the peers; none mean everybody."""
        return self.sources or self.targets or ()


class PolicySpec(_Wire, frozen=True):
    """Which pods a policy isolates, in which directions, and what it lets through."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[PolicyRule, ...] | None = None
    egress: tuple[PolicyRule, ...] | None = None


class NetworkPolicy(_Wire, frozen=True):
    """A NetworkPolicy."""

    metadata: ControllerMeta
    spec: PolicySpec = PolicySpec()

    def isolates(self, direction: str) -> bool:
        """Tell whether it isolates its pods in a direction: `Ingress` or `Egress`."""
        if self.spec.policy_types:
            return direction in self.spec.policy_types

        return direction == "Ingress" or bool(self.spec.egress)

    def rules(self, direction: str) -> tuple[PolicyRule, ...]:
        """Return what it lets through in a direction."""
        found = self.spec.ingress if direction == "Ingress" else self.spec.egress
        return found or ()


class ConfigMap(_Wire, frozen=True):
    """A ConfigMap with its texts, as far as it is read whole."""

    metadata: Meta
    data: dict[str, str] = {}
