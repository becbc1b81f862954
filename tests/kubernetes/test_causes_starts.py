"""Why containers and pods do not start, as k8s_diagnose tells it: texts of real kubelets."""

import pytest

from tests.kubernetes.conftest import Connect
from tests.kubernetes.diagnosed import creating, held, judged, said, the_finding
from tests.kubernetes.wire import Api, Json, ago, container, node, pod, waiting
from tests.live import said_by_kubelets as words

CREATE = "CreateContainerError"
CONFIG = "CreateContainerConfigError"


@pytest.mark.parametrize(
    ("text", "code", "summary"),
    [
        (words.BAD_COMMAND, "bad-command", "its command start-it does not exist in the image"),
        ("executable file `badcmd` not found in $PATH: No such file or directory", "bad-command",
         "its command badcmd does not exist in the image"),
        ('container create failed: time="2024-05-01T10:00:00Z" level=error msg="runc create failed:'
         ' unable to start container process: exec: \\"badcmd\\": executable file not found"',
         "bad-command", "its command badcmd does not exist in the image"),
        ('failed to generate container "9f" spec: failed to generate spec: no command specified',
         "bad-command", "its command does not exist in the image"),
        ('starting container process caused: exec: "/app/x": stat /app/x: no such file or directory'
         ": unknown", "bad-command", "its command /app/x does not exist in the image"),
        ('error during container init: exec: "/app/start.sh": permission denied: unknown',
         "not-executable", "its command /app/start.sh may not be executed"),
        ('chdir to cwd ("/app") set in config.json failed: permission denied: unknown',
         "bad-command", "its working directory /app cannot be used"),
        ("container init was OOM-killed (memory limit too low?): unknown", "oom-killed",
         "its memory limit is too low to even start it"),
        (words.BAD_MOUNT, "bad-mount",
         "a mount /etc/app.conf does not fit: a file over a directory, or a subPath not there"),
        ('failed to reserve container name "app_web_shop_1_0": name "app_web_shop_1_0" is reserved'
         ' for "9f"', "runtime-stuck", "the runtime still holds an earlier try of this container"),
        ("error during container init: open sysctl net.ipv4.ip_unprivileged_port_start file:"
         " permission denied", "start-failed", "the runtime cannot apply its settings"),
        ('failed to generate container "30" spec: failed to generate spec: lstat /dev/tap14: no'
         " such file or directory", "device-unavailable",
         "a device it asks for cannot be given to it"),
        ('failed to generate container "30" spec: failed to generate spec: path "/sys/fs/" is'
         ' mounted on "/sys" but it is not a shared mount', "start-failed",
         "the runtime cannot apply its settings"),
        ('failed to generate spec: failed to stat "/var/lib/kubelet/pods/1/volumes/kubernetes.io~'
         'csi/pvc-1/mount": stat /var/lib/kubelet/pods/1/volumes: host is down', "mount-failed",
         "a volume of it is mounted on the node, but does not answer any more"),
        ("context deadline exceeded", "runtime-stuck",
         "the node's container runtime does not answer in time"),
        ("unable to find user app: no matching entries in passwd file", "start-failed",
         "the user app it should run as does not exist in the image"),
    ],
)  # fmt: skip
def test_what_a_runtime_cannot_start_is_named(text: str, code: str, summary: str) -> None:
    found = judged(held(CREATE, text))

    assert (found.cause, found.summary) == (
        code,
        f"container app cannot be started: {summary}",
    )


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (words.AS_ROOT, "container app must not run as root (runAsNonRoot), but its image runs as"
         " root"),
        ("container has runAsNonRoot and image has non-numeric user (node), cannot verify user is"
         " non-root", "container app must not run as root (runAsNonRoot), but its image names its"
         " user, which cannot be checked"),
    ],
)  # fmt: skip
def test_a_container_that_may_not_be_root_is_told_apart(text: str, summary: str) -> None:
    found = judged(held(CONFIG, text))

    assert (found.cause, found.summary) == ("runs-as-root", summary)


def config(name: str, plural: str, api: Api, namespace: str = "shop", *keys: str) -> None:
    about = {"name": name, "namespace": namespace}
    api.objects[plural].append({"metadata": about, "data": dict.fromkeys(keys, "x")})


async def test_a_missing_configmap_finds_near_names_where_it_is_used_and_other_namespaces(
    connect: Connect, api: Api
) -> None:
    config("app-config-7d9f", "configmaps", api)
    config("app-config", "configmaps", api, "prod")
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "app-config", "key": "a"}}}]

    found = await the_finding(
        connect, api, held(CONFIG, 'configmap "app-config" not found', env=env)
    )

    assert found["cause"] == "configmap-missing"
    assert found["evidence"] == [
        "env A of container app refers to it",
        "there is cm/app-config-7d9f",
        "namespace prod has one of this name",
    ]
    assert found["next"].endswith("did you mean cm/app-config-7d9f?")


async def test_a_missing_key_finds_the_one_that_is_misspelt_and_shows_no_value(
    connect: Connect, api: Api
) -> None:
    api.objects["secrets"] = [
        {"metadata": {"name": "db", "namespace": "shop"}, "data": {"password": "aHVudGVyMg=="}}
    ]
    text = "couldn't find key pasword in Secret shop/db"

    found = await the_finding(connect, api, held(CONFIG, text))

    assert found["cause"] == "config-key-missing"
    assert found["evidence"] == ["there is password"]
    assert "aHVudGVyMg" not in str(found)


async def test_who_changed_what_lacks_a_key_is_named(connect: Connect, api: Api) -> None:
    data: Json = {"f:data": {"f:CACHE_TTL_SECONDS": {}}}
    edit = {"manager": "alice", "operation": "Update", "time": ago(minutes=5), "fieldsV1": data}
    about = {"name": "settings", "namespace": "shop", "managedFields": [edit]}
    api.objects["configmaps"] = [{"metadata": about, "data": {"CACHE_TTL_SECONDS": "60"}}]
    text = "couldn't find key CACHE_TTL in ConfigMap shop/settings"

    found = await the_finding(connect, api, held(CONFIG, text))

    assert "cm/settings was last changed 5m ago by alice" in found["evidence"]


async def test_what_was_created_meanwhile_is_said(connect: Connect, api: Api) -> None:
    config("app-config", "configmaps", api)

    found = await the_finding(connect, api, held(CONFIG, 'configmap "app-config" not found'))

    assert "it exists now: the kubelet tries again within two minutes" in found["evidence"]


async def test_what_may_not_be_read_is_told_by_the_kubelet_alone(
    connect: Connect, api: Api
) -> None:
    api.denied = {"secrets"}

    found = await the_finding(connect, api, held(CONFIG, 'secret "db" not found'))

    assert found["summary"] == "container app needs Secret db, which does not exist"
    assert "evidence" not in found


SHARE = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}}]}
CONFIGURED = {"volumes": [{"name": "conf", "configMap": {"name": "app-config"}}]}


@pytest.mark.parametrize(
    ("reason", "text", "code"),
    [
        ("FailedMount", words.NFS_DENIED, "mount-failed"),
        ("FailedMount", words.NFS_SLOW, "mount-timeout"),
        ("FailedMount", 'Unable to mount volumes for pod "web-0_shop(1)": timeout expired waiting'
         ' for volumes to attach or mount for pod "shop"/"web-0"', "mount-timeout"),
        ("FailedMount", words.NO_DRIVER, "csi-driver-missing"),
        ("FailedMount", words.NO_PATH, "hostpath-missing"),
        ("FailedMount", words.NO_ACCOUNT, "token-missing"),
        ("FailedMount", words.NO_SYNC, "config-sync-failed"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "kube-api-access-x" : object'
         ' "shop"/"kube-root-ca.crt" not registered', "config-sync-failed"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "kube-api-access-x" : configmap'
         ' "kube-root-ca.crt" not found', "token-missing"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "conf" : references non-existent'
         " config key: app.yaml", "config-key-missing"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "tls" not found',
         "secret-missing"),
        ("FailedMount", 'MountVolume.MountDevice failed for volume "pvc-1" : rpc error: mount'
         " failed: wrong fs type, bad option, bad superblock on /dev/sdb", "mount-failed"),
        ("FailedMount", 'MountVolume.SetUp failed for volume "vault" : rpc error: code = Unknown'
         " desc = failed to mount secrets store objects for pod shop/web-0, err: rpc error: code ="
         " Unauthenticated", "mount-failed"),
        ("FailedAttachVolume", words.ATTACH, "attach-failed"),
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already exclusively'
         " attached to one node and can't be attached to another", "multi-attach"),
        ("FailedCreatePodSandBox", words.CNI, "sandbox-failed"),
        ("FailedCreatePodSandBox", words.NO_ADDRESS, "ip-exhausted"),
        ("FailedCreatePodSandBox", 'networkPlugin cni failed to set up pod "web-0_shop" network:'
         " add cmd: failed to assign an IP address to container", "ip-exhausted"),
        ("FailedCreatePodSandBox", "unable to allocate IP via local cilium agent: range is full",
         "ip-exhausted"),
        ("FailedCreatePodSandBox", 'plugin type="flannel" failed (add): loadFlannelSubnetEnv'
         " failed: open /run/flannel/subnet.env: no such file or directory", "cni-not-ready"),
        ("FailedCreatePodSandBox", 'RuntimeClass "gvisor" not found', "runtime-class-missing"),
        ("FailedCreatePodSandBox", "failed to construct FQDN from pod hostname and cluster domain,"
         " FQDN web.shop is too long (64 characters is the max, 70 characters requested)",
         "sandbox-failed"),
        ("FailedCreatePodSandBox", "can't create sandbox: user namespaces is not supported by the"
         " runtime", "sandbox-failed"),
        ("FailedCreatePodSandBox", 'failed to get sandbox image "registry.k8s.io/pause:3.9": failed'
         " to pull image", "sandbox-failed"),
        ("NetworkNotReady", words.NO_CNI, "cni-not-ready"),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_from_being_set_up_is_named(reason: str, text: str, code: str) -> None:
    found = judged(creating(**CONFIGURED), [said(reason, text)])

    assert (found.cause, found.said) == (code, (text,))


async def test_the_reason_goes_before_the_timeout_that_comes_on_top_of_it(
    connect: Connect, api: Api
) -> None:
    text = (
        "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data]:"
        " timed out waiting for the condition"
    )
    events = [
        said("FailedMount", text, lastTimestamp=ago(seconds=1)),
        said("FailedAttachVolume", words.MULTI_ATTACH, lastTimestamp=ago(seconds=90)),
    ]
    holder = pod("db-7d9f-x2v4k", node="node-2", spec=SHARE)
    api.objects["nodes"] = [node("node-1"), node("node-2")]

    found = await the_finding(connect, api, creating(**SHARE), holder, events=events)

    assert found["cause"] == "multi-attach"
    assert found["summary"].startswith("volume data (pvc/data-0) is still attached to another node")
    assert found["evidence"][:2] == [
        "pod db-7d9f-x2v4k on node node-2 uses it",
        "used by db-7d9f-x2v4k",
    ]
    assert found["follows"] == ["shop/pvc/data-0", "node/node-2"]


async def test_what_is_no_longer_said_is_not_the_reason(connect: Connect, api: Api) -> None:
    events = [
        said("FailedMount", 'configmap "app-config" not found', lastTimestamp=ago(minutes=20)),
        said("FailedMount", words.NFS_DENIED, lastTimestamp=ago(seconds=30)),
    ]

    found = await the_finding(connect, api, creating(), events=events)

    assert found["cause"] == "mount-failed"


async def test_events_of_an_earlier_pod_of_this_name_are_left_out(
    connect: Connect, api: Api
) -> None:
    one = creating()
    one["metadata"]["creationTimestamp"] = ago(minutes=5)
    old = said("FailedMount", words.NFS_DENIED, lastTimestamp=ago(minutes=30))

    found = await the_finding(connect, api, one, events=[old])

    assert found["cause"] == "start-stuck"


def initialising(init: Json, *, sidecar: bool = False) -> Json:
    waits = container(state=waiting("PodInitializing"), ready=False)
    one = pod("web-0", containers=[waits], inits=[init], phase="Pending")
    if sidecar:
        one["spec"]["initContainers"][0]["restartPolicy"] = "Always"

    return one


async def test_an_init_container_that_waits_says_for_what(connect: Connect, api: Api) -> None:
    running = {"running": {"startedAt": ago(minutes=20)}}
    one = initialising(container("wait-for-db", running, ready=False))

    found = await the_finding(connect, api, one, log="waiting for db:5432: connection refused")

    assert found["cause"] == "init-stuck"
    assert found["summary"] == (
        "init container wait-for-db runs for 20m and does not end, so the others are not begun:"
        " cannot reach db:5432"
    )


async def test_a_sidecar_that_is_not_started_is_what_blocks(connect: Connect, api: Api) -> None:
    running = {"running": {"startedAt": ago(minutes=20)}}
    one = initialising(container("mesh", running, ready=False, started=False), sidecar=True)

    found = await the_finding(connect, api, one)

    assert found["cause"] == "sidecar-blocks"
