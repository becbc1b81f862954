"""Pods as a survey of a whole cluster reads them: how they are, and what they request."""

from jamie_kubernetes.client.limits import Resources
from jamie_kubernetes.client.network import ContainerPort
from jamie_kubernetes.client.objects import Container, Pod, PodSpec


class SurveyedContainer(Container, frozen=True, rename="camel"):
    """A container, with what it asks for and where it listens."""

    resources: Resources = Resources()
    ports: tuple[ContainerPort, ...] = ()


class SurveyedSpec(PodSpec, frozen=True, rename="camel"):
    """A pod's specification, as far as every pod's is read."""

    containers: tuple[SurveyedContainer, ...] = ()
    init_containers: tuple[SurveyedContainer, ...] = ()


class SurveyedPod(Pod, frozen=True, rename="camel"):
    """A pod of the survey."""

    spec: SurveyedSpec = SurveyedSpec()
