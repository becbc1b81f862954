"""VerticalPodAutoscalers, as far as they are judged."""

import msgspec

from jamie_kubernetes.client.controllers import ScaleTarget
from jamie_kubernetes.client.objects import Conditional, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class UpdatePolicy(_Wire, frozen=True):
    """Whether pods are changed, or only advised."""

    update_mode: str = ""


class ContainerPolicy(_Wire, frozen=True):
    """Which resources of a container are changed; none given means both."""

    controlled_resources: tuple[str, ...] | None = None


class ResourcePolicy(_Wire, frozen=True):
    """How containers are treated."""

    container_policies: tuple[ContainerPolicy, ...] = ()


class VerticalSpec(_Wire, frozen=True):
    """Whose pods are changed, and how."""

    target_ref: ScaleTarget = ScaleTarget()
    update_policy: UpdatePolicy = UpdatePolicy()
    resource_policy: ResourcePolicy = ResourcePolicy()


class Vertical(_Wire, frozen=True):
    """A VerticalPodAutoscaler."""

    metadata: Meta
    spec: VerticalSpec = VerticalSpec()
    status: Conditional = Conditional()

    @property
    def resources(self) -> frozenset[str]:
        """Return the resources whose requests it changes; none if it only advises."""
        if self.spec.update_policy.update_mode == "Off":
            return frozenset()

        policies = self.spec.resource_policy.container_policies
        given = [one.controlled_resources for one in policies]
        if not given or any(one is None for one in given):
            return frozenset({"cpu", "memory"})

        return frozenset(name for one in given for name in one or ())
