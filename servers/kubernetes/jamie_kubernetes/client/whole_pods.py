"""One pod read whole: what its containers are told, what it mounts, what it refers to.

Values of environment variables are not read: only their names and where they come from.
"""

import msgspec

from jamie_kubernetes.client import survey
from jamie_kubernetes.client.capacity import Resources
from jamie_kubernetes.client.network import ContainerPort
from jamie_kubernetes.client.objects import Container, Meta, Pod, PodSpec


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class NamedSource(_Wire, frozen=True):
    """A ConfigMap or Secret; a Secret that is a volume says `secretName`."""

    name: str = ""
    secret_name: str = ""
    key: str = ""
    optional: bool = False

    @property
    def called(self) -> str:
        """Return its name."""
        return self.name or self.secret_name


class VariableSource(_Wire, frozen=True):
    """Where a variable comes from."""

    config_map_key_ref: NamedSource | None = None
    secret_key_ref: NamedSource | None = None


class Variable(_Wire, frozen=True):
    """An environment variable, without its value."""

    name: str
    value_from: VariableSource | None = None


class VariableSet(_Wire, frozen=True):
    """All the keys of a ConfigMap or Secret as variables."""

    config_map_ref: NamedSource | None = None
    secret_ref: NamedSource | None = None


class HttpGet(_Wire, frozen=True):
    """A probe or hook that asks over HTTP."""

    path: str = "/"
    port: int | str = 0
    scheme: str = "HTTP"
    host: str = ""


class TcpSocket(_Wire, frozen=True):
    """A probe that connects."""

    port: int | str = 0


class Command(_Wire, frozen=True):
    """A probe or hook that runs a command."""

    command: tuple[str, ...] = ()


class Grpc(_Wire, frozen=True):
    """A probe that asks the gRPC health service."""

    port: int = 0
    service: str | None = None


class Probe(_Wire, frozen=True):
    """How a container is asked whether it lives, is ready, or has started."""

    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: Command | None = None
    grpc: Grpc | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    failure_threshold: int = 3

    @property
    def port(self) -> int | str:
        """Return the port it asks at; 0 where it asks at none."""
        found = self.http_get or self.tcp_socket or self.grpc
        return found.port if found else 0


class Handler(_Wire, frozen=True):
    """What a hook does."""

    exec: Command | None = None
    http_get: HttpGet | None = None


class Lifecycle(_Wire, frozen=True):
    """A container's hooks."""

    post_start: Handler | None = None
    pre_stop: Handler | None = None


class Security(_Wire, frozen=True):
    """As whom a container runs, and what it may not."""

    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    read_only_root_filesystem: bool | None = None


class Mount(_Wire, frozen=True):
    """Where a volume appears in a container."""

    name: str
    mount_path: str = ""
    sub_path: str = ""


class WholeContainer(Container, frozen=True, rename="camel"):
    """A container as specified, without the values of its variables."""

    image: str = ""
    image_pull_policy: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    env: tuple[Variable, ...] = ()
    env_from: tuple[VariableSet, ...] = ()
    resources: Resources = Resources()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle = Lifecycle()
    security_context: Security = Security()
    volume_mounts: tuple[Mount, ...] = ()


class ProjectedSource(_Wire, frozen=True):
    """One part of a projected volume."""

    config_map: NamedSource | None = None
    secret: NamedSource | None = None


class Projected(_Wire, frozen=True):
    """A volume made of several things."""

    sources: tuple[ProjectedSource, ...] = ()


class CsiSource(_Wire, frozen=True):
    """A volume that a CSI driver makes."""

    driver: str = ""
    volume_attributes: dict[str, str] = {}


class HostPath(_Wire, frozen=True):
    """A path of the node."""

    path: str = ""
    type: str | None = None


class Nfs(_Wire, frozen=True):
    """A share of an NFS server."""

    server: str = ""
    path: str = ""


class ImageSource(_Wire, frozen=True):
    """An image whose files are a volume."""

    reference: str = ""


class WholeVolume(survey.Mount, frozen=True, rename="camel"):
    """A volume, as far as where it comes from."""

    config_map: NamedSource | None = None
    secret: NamedSource | None = None
    projected: Projected | None = None
    csi: CsiSource | None = None
    host_path: HostPath | None = None
    nfs: Nfs | None = None
    image: ImageSource | None = None

    def sources(self, *, secret: bool) -> list[NamedSource]:
        """Return the ConfigMaps or Secrets it is made of."""
        parts = self.projected.sources if self.projected else ()
        found = [self.secret if secret else self.config_map]
        found += [part.secret if secret else part.config_map for part in parts]

        return [one for one in found if one]


class Gate(_Wire, frozen=True):
    """A condition that others set and without which the pod is not ready."""

    condition_type: str = ""


class WholeSpec(PodSpec, frozen=True, rename="camel"):
    """What a pod should be."""

    containers: tuple[WholeContainer, ...] = ()
    init_containers: tuple[WholeContainer, ...] = ()
    volumes: tuple[WholeVolume, ...] = ()
    image_pull_secrets: tuple[NamedSource, ...] = ()
    service_account_name: str = ""
    resources: Resources = Resources()
    termination_grace_period_seconds: int = 30
    restart_policy: str = "Always"
    readiness_gates: tuple[Gate, ...] = ()
    runtime_class_name: str = ""
    active_deadline_seconds: int | None = None


class WholeMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with what keeps it from going."""

    finalizers: tuple[str, ...] = ()
    deletion_grace_period_seconds: int | None = None


class WholePod(Pod, frozen=True, rename="camel"):
    """A pod, whole."""

    metadata: WholeMeta
    spec: WholeSpec = WholeSpec()
