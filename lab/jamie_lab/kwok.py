"""kwok plays the kubelets: nodes and pods that live, answer logs and exec, and use resources."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import yaml

from jamie_lab.builds import kwok_manifests, program
from jamie_lab.checks import answers
from jamie_lab.kube import Manifest
from jamie_lab.paths import Folders
from jamie_lab.ports import Ports
from jamie_lab.processes import Service

API = "kwok.x-k8s.io/v1alpha1"
# Everything kwok plays is an object of the API server, so that tests can add stages of their own.
KINDS = (
    "Stage",
    "Logs",
    "ClusterLogs",
    "Exec",
    "ClusterExec",
    "ResourceUsage",
    "ClusterResourceUsage",
    "Metric",
)
STAGES = ("stage/node/fast", "stage/node/heartbeat", "stage/pod/fast")
PARALLEL = 16


def kwok(place: Folders, ports: Ports) -> Service:
    """Describe kwok, and write the configuration it reads."""
    port = ports["kwok"]
    config = place.config / "kwok.yaml"
    config.write_text(yaml.safe_dump(_configuration(place, port)))
    command = [
        str(program(place, "kwok")),
        f"--kubeconfig={place.kubeconfig}",
        f"--config={config}",
    ]

    return Service("kwok", command, answers(f"https://127.0.0.1:{port}/healthz"))


def definitions(place: Folders) -> list[Manifest]:
    """Return the custom resource definitions kwok needs before it starts."""
    wanted = {f"{kind.lower()}" for kind in KINDS}

    return [
        manifest
        for manifest in _documents(kwok_manifests(place) / "crd" / "bases")
        if msgspec.convert(manifest, _Definition).spec.names.kind.lower() in wanted
    ]


def objects(place: Folders) -> list[Manifest]:
    """Return what kwok plays: stages, metrics and usage as shipped, and the lab's exec."""
    manifests = kwok_manifests(place)
    folders = [manifests / stage for stage in STAGES] + [manifests / "metrics"]
    shipped = (manifest for folder in folders for manifest in _documents(folder))
    ours = [manifest for manifest in shipped if manifest.get("apiVersion") == API]

    return [*ours, _exec(place), _default_logs(place)]


def pod_logs(namespace: str, pod: str, files: dict[str, tuple[Path, Path]]) -> Manifest:
    """Name the log files of a pod: container -> (of this run, of the previous run)."""
    logs = [
        {
            "containers": [container],
            "logsFile": str(current),
            "previousLogsFile": str(previous),
            "follow": True,
        }
        for container, (current, previous) in files.items()
    ]

    return {
        "apiVersion": API,
        "kind": "Logs",
        "metadata": {"name": pod, "namespace": namespace},
        "spec": {"logs": logs},
    }


def _configuration(place: Folders, port: int) -> Manifest:
    options = {
        "enableCRDs": list(KINDS),
        "manageAllNodes": True,
        "cidr": "10.0.0.1/16",
        "nodeIP": "127.0.0.1",
        "nodePort": port,
        "serverAddress": f"127.0.0.1:{port}",
        "tlsCertFile": str(place.certificates / "server.crt"),
        "tlsPrivateKeyFile": str(place.certificates / "server.key"),
        "enableDebuggingHandlers": True,
        "podPlayStageParallelism": PARALLEL,
        "nodePlayStageParallelism": PARALLEL,
        "nodeLeaseParallelism": PARALLEL,
        "podsOnNodeSyncParallelism": PARALLEL,
        # Zero, or a restart waits until the leases of the last run expire.
        "nodeLeaseDurationSeconds": 0,
    }

    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        "options": options,
    }


def _exec(place: Folders) -> Manifest:
    # Commands run on this machine, in a folder of their own and with a bare environment.
    folder = place.data / "exec"
    folder.mkdir(parents=True, exist_ok=True)
    environment = [{"name": "PATH", "value": "/usr/bin:/bin"}]
    local = {"workDir": str(folder), "envs": environment}

    return _cluster_wide("ClusterExec", {"execs": [{"local": local}]})


def _default_logs(place: Folders) -> Manifest:
    # Pods the scenario does not know still answer: with nothing.
    empty = place.pods / "empty.log"
    empty.touch()
    log = {"logsFile": str(empty), "previousLogsFile": str(empty)}

    return _cluster_wide("ClusterLogs", {"logs": [log]})


def _cluster_wide(kind: str, spec: Manifest) -> Manifest:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "lab"}, "spec": spec}


def _documents(folder: Path) -> Iterator[Manifest]:
    for file in sorted(folder.rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            yield msgspec.convert(document, Manifest)


class _Names(msgspec.Struct, frozen=True):
    kind: str


class _DefinitionSpec(msgspec.Struct, frozen=True):
    names: _Names


class _Definition(msgspec.Struct, frozen=True):
    spec: _DefinitionSpec
