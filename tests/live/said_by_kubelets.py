"""What kubelets and container runtimes say, word for word, where it is long."""

BAD_COMMAND = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc"
    ' create failed: unable to start container process: exec: "start-it": executable file not found'
    " in $PATH: unknown"
)
BAD_MOUNT = (
    'error mounting "/var/lib/kubelet/pods/1/volume-subpaths/c/app/0" to rootfs at "/etc/app.conf":'
    " mount /var/lib/kubelet/pods/1/volume-subpaths/c/app/0:/etc/app.conf (via /proc/self/fd/6),"
    " flags: 0x5001: not a directory: unknown: Are you trying to mount a directory onto a file"
    " (or vice-versa)? Check if the specified host path exists and is the expected type"
)
NO_PROFILE = (
    'cannot load seccomp profile "/var/lib/kubelet/seccomp/a.json": open'
    " /var/lib/kubelet/seccomp/a.json: no such file or directory"
)
GPU = "OCI runtime create failed: nvidia-container-cli: initialization error: nvml error"
AS_ROOT = 'container has runAsNonRoot and image will run as root (pod: "root", container: app)'
NO_SUB_PATH = 'failed to prepare subPath for volumeMount "data" of container "app"'
POST_START = (
    'Exec lifecycle hook ([/bin/sh -c exit 3]) for Container "app" in Pod "hook_shop(1)" failed -'
    " error: command '/bin/sh -c exit 3' exited with 3: , message: \"\""
)

MISSING_TAG = (
    'Back-off pulling image "registry.example.net/shop/web:1.4.3": ErrImagePull: rpc error: code ='
    ' NotFound desc = failed to pull and unpack image "registry.example.net/shop/web:1.4.3": failed'
    ' to resolve reference "registry.example.net/shop/web:1.4.3": registry.example.net/shop/web:'
    "1.4.3: not found"
)
NO_LOGIN = (
    "failed to authorize: failed to fetch oauth token: unexpected status from GET request to"
    " https://hub.example.net/token: 401 Unauthorized"
)
TOO_MANY = (
    "429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated"
    " pull rate limit. https://www.docker.com/increase-rate-limit"
)
NO_SUCH_HOST = "dial tcp: lookup registry.exmaple.net on 10.96.0.10:53: no such host"
NOT_TRUSTED = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
NO_SPACE = "failed to extract layer sha256:1: write /app/x: no space left on device"
NO_NAME = (
    'Failed to apply default image tag "Web:1": couldn\'t parse image name "Web:1": invalid'
    " reference format: repository name must be lowercase"
)
UNSIGNED = (
    "SignatureValidationFailed: Source image rejected: A signature was required, but no signature"
    " exists"
)

NFS_DENIED = (
    'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32 mount.nfs: access'
    " denied by server while mounting 10.0.0.9:/data"
)
NFS_SLOW = (
    "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data]:"
    " timed out waiting for the condition"
)
NO_DRIVER = (
    'MountVolume.MountDevice failed for volume "data" : kubernetes.io/csi: attacher.MountDevice'
    " failed to create newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of"
    " registered CSI drivers"
)
NO_PATH = (
    'MountVolume.SetUp failed for volume "logs" : hostPath type check failed: /var/log/app is not'
    " a directory"
)
NO_ACCOUNT = (
    'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to fetch token:'
    ' serviceaccounts "builder" not found'
)
NO_SYNC = (
    'MountVolume.SetUp failed for volume "kube-api-access-x" : failed to sync configmap cache:'
    " timed out waiting for the condition"
)
ATTACH = (
    'AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = Internal desc = Could not'
    ' attach volume "vol-0a" to node "i-0b": attachment of disk failed, expected device to be'
    " attached but was attaching"
)
MULTI_ATTACH = (
    'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) db-7d9f-x2v4k'
)

CNI = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for"
    ' sandbox "cb8a846b": plugin type="calico" failed (add): error getting ClusterInformation:'
    " connection is unauthorized: Unauthorized"
)
NO_ADDRESS = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for"
    ' sandbox "1f": plugin type="bridge" failed (add): failed to allocate for range 0: no IP'
    " addresses available in range set: 10.244.1.1-10.244.1.254"
)
NO_CNI = (
    "network is not ready: container runtime network not ready: NetworkReady=false"
    " reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
)
NO_RUNTIME = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime:"
    ' no runtime for "runsc" is configured'
)

LOW_ON_MEMORY = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 55Mi. Container"
    " app was using 1Gi, request is 0, has larger consumption of memory. "
)
OUT_OF_CPU = (
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 3900,"
    " capacity: 4000"
)
NO_GATE = 'corresponding condition of pod readiness gate "example.net/routed" does not exist.'
NOT_LOCATED = "The container could not be located when the pod was terminated"


def refused(kind: str, port: int = 8080) -> str:
    """A probe that nobody answers."""
    address = f"10.0.0.7:{port}"
    return (
        f'{kind} probe failed: Get "http://{address}/healthz": dial tcp {address}: connect:'
        " connection refused"
    )


def status(kind: str, code: int) -> str:
    """A probe that is answered with an error."""
    return f"{kind} probe failed: HTTP probe failed with statuscode: {code}"


def kill(kind: str) -> str:
    """The kubelet's order after a probe."""
    return f"Container app failed {kind} probe, will be restarted"
