"""Pods as a survey of a whole cluster reads them: how they are, what they request and hold."""

import msgspec

from jamie_kubernetes.client.affinity import Guard
from jamie_kubernetes.client.capacity import Quantities, Resources
from jamie_kubernetes.client.network import ContainerPort
from jamie_kubernetes.client.objects import Container, Meta, Pod, PodSpec
from jamie_kubernetes.client.volumes import ClaimSource


class SurveyedContainer(Container, frozen=True, rename="camel"):
    """A container, with its image, what it asks for and where it listens."""

    image: str = ""
    resources: Resources = Resources()
    ports: tuple[ContainerPort, ...] = ()


class Own(msgspec.Struct, frozen=True):
    """A claim that is made for a pod and goes with it."""


class Mount(msgspec.Struct, frozen=True, rename="camel"):
    """A volume, as far as a claim is behind it."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Own | None = None

    def claim(self, pod: str) -> str:
        """Return the claim of a pod's volume, its own one where it is ephemeral."""
        if self.persistent_volume_claim:
            return self.persistent_volume_claim.claim_name

        return f"{pod}-{self.name}" if self.ephemeral else ""


class SurveyedSpec(PodSpec, frozen=True, rename="camel"):
    """A pod's specification, as far as every pod's is read."""

    containers: tuple[SurveyedContainer, ...] = ()
    init_containers: tuple[SurveyedContainer, ...] = ()
    restart_policy: str = "Always"
    overhead: Quantities = msgspec.field(default_factory=dict[str, str])
    resources: Resources = Resources()
    affinity: Guard | None = None
    volumes: tuple[Mount, ...] = ()


class SurveyedMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with how long a pod may take to go."""

    deletion_grace_period_seconds: int | None = None


class SurveyedPod(Pod, frozen=True, rename="camel"):
    """A pod of the survey."""

    metadata: SurveyedMeta
    spec: SurveyedSpec = SurveyedSpec()

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the claims behind its volumes."""
        names = (one.claim(self.metadata.name) for one in self.spec.volumes)
        return tuple(name for name in names if name)
