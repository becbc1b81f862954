"""The Kubernetes control plane: etcd, API server, controllers, scheduler, metrics-server."""

from jamie_lab.builds import program
from jamie_lab.checks import answers
from jamie_lab.kube import Manifest
from jamie_lab.paths import Folders
from jamie_lab.ports import Ports
from jamie_lab.processes import Service

SERVICE_CIDR = "10.96.0.0/16"
LOOPBACK = "127.0.0.1"


def etcd(place: Folders, ports: Ports) -> Service:
    """Describe the one etcd member; it never syncs, because nobody needs the lab after a crash."""
    client = f"http://{LOOPBACK}:{ports['etcd']}"
    peer = f"http://{LOOPBACK}:{ports['etcd-peer']}"
    command = [
        str(program(place, "etcd")),
        "--name=lab",
        f"--data-dir={place.data / 'etcd'}",
        "--unsafe-no-fsync",
        "--quota-backend-bytes=8589934592",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=lab={peer}",
        "--log-level=warn",
    ]

    return Service("etcd", command, answers(f"{client}/health"))


def apiserver(place: Folders, ports: Ports) -> Service:
    """Describe the API server: RBAC, client certificates, the aggregation layer."""
    keys = place.certificates
    port = ports["kube-apiserver"]
    command = [
        str(program(place, "kube-apiserver")),
        f"--etcd-servers=http://{LOOPBACK}:{ports['etcd']}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--tls-cert-file={keys / 'server.crt'}",
        f"--tls-private-key-file={keys / 'server.key'}",
        f"--client-ca-file={keys / 'ca.crt'}",
        "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'service-account.pub'}",
        f"--service-account-signing-key-file={keys / 'service-account.key'}",
        f"--requestheader-client-ca-file={keys / 'ca.crt'}",
        # Required, because the front proxy shares the authority with everybody else.
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={keys / 'front-proxy.crt'}",
        f"--proxy-client-key-file={keys / 'front-proxy.key'}",
        # Logs, exec and attach travel to kwok, which plays every kubelet.
        f"--kubelet-client-certificate={keys / 'admin.crt'}",
        f"--kubelet-client-key={keys / 'admin.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--endpoint-reconciler-type=none",
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
        "--event-ttl=24h",
    ]

    # /readyz needs the post-start hooks, RBAC bootstrap among them.
    return Service("kube-apiserver", command, answers(f"https://{LOOPBACK}:{port}/readyz"))


def controller_manager(place: Folders, ports: Ports) -> Service:
    """Describe the controllers; nodes may be silent for two minutes, the machine may be busy."""
    keys = place.certificates
    command = [
        str(program(place, "kube-controller-manager")),
        *_follower(place, "controller-manager", ports["kube-controller-manager"]),
        f"--root-ca-file={keys / 'ca.crt'}",
        f"--service-account-private-key-file={keys / 'service-account.key'}",
        f"--cluster-signing-cert-file={keys / 'ca.crt'}",
        f"--cluster-signing-key-file={keys / 'ca.key'}",
        "--use-service-account-credentials=true",
        "--node-monitor-grace-period=2m",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
    ]

    return _kube_service("kube-controller-manager", command, ports)


def scheduler(place: Folders, ports: Ports) -> Service:
    """Describe the scheduler."""
    command = [
        str(program(place, "kube-scheduler")),
        *_follower(place, "scheduler", ports["kube-scheduler"]),
    ]

    return _kube_service("kube-scheduler", command, ports)


def metrics_server(place: Folders, ports: Ports) -> Service:
    """Describe metrics-server, which asks kwok for the usage of nodes and pods."""
    port = ports["metrics-server"]
    command = [
        str(program(place, "metrics-server")),
        f"--kubeconfig={place.kubeconfig}",
        f"--authentication-kubeconfig={place.kubeconfig}",
        f"--authorization-kubeconfig={place.kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--cert-dir={place.data / 'metrics-server'}",
        "--kubelet-insecure-tls",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-use-node-status-port",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    ]

    return Service("metrics-server", command, answers(f"https://{LOOPBACK}:{port}/livez"))


def metrics_api(ports: Ports) -> list[Manifest]:
    """Register metrics-server with the aggregator, through a Service that means this machine."""
    place = {"name": "metrics-server", "namespace": "kube-system"}
    port = ports["metrics-server"]
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": place,
        "spec": {
            "type": "ExternalName",
            "externalName": "localhost",
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        },
    }
    api: Manifest = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {**place, "port": port},
        },
    }

    return [service, api]


def _follower(place: Folders, user: str, port: int) -> list[str]:
    kubeconfig = place.config / f"{user}.kubeconfig"

    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def _kube_service(name: str, command: list[str], ports: Ports) -> Service:
    return Service(name, command, answers(f"https://{LOOPBACK}:{ports[name]}/healthz"))
