"""k8s_apply against the lab: real server-side apply, its owners of fields, its refusals."""

import json
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from jamie_lab import LabState
from jamie_lab.waiting import until
from tests.kubernetes.child import ask, child
from tests.kubernetes.conftest import Mode
from tests.kubernetes.wire import Json
from tests.kubernetes.writable import User, record_in
from tests.live.space import changed, deployment, dropped, got, made, space, writing

NAMESPACE = "jamie-test-apply"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
CANARY = "plain-canary-7141"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", autouse=True)
def home(kube: httpx.Client) -> Generator[None]:
    with space(kube, NAMESPACE):
        yield


def config_map(name: str, namespace: str = NAMESPACE, **data: str) -> Json:
    about = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": data}


def applied(kube: httpx.Client, path: str, body: Json, manager: str) -> None:
    """Apply something as somebody else."""
    headers = {"Content-Type": "application/apply-patch+yaml"}
    params = {"fieldManager": manager}
    reply = kube.patch(path, content=json.dumps(body), headers=headers, params=params)
    reply.raise_for_status()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_new_objects_are_made_seen_and_taken_back(
    lab: LabState, kube: httpx.Client, tmp_path: Path, mode: Mode
) -> None:
    web = deployment(f"web-{mode}")
    manifest = "\n---\n".join(map(json.dumps, (config_map(f"web-{mode}", a="1"), web)))
    user = User()
    write = {"JAMIE_KUBERNETES_WRITE": "true"}
    async with child(lab.kubernetes.kubeconfig, tmp_path, mode, user, **write) as client:
        text = await ask(client, "k8s_apply", manifest=manifest, namespace=NAMESPACE)
        assert len(got(kube, f"{APPS}/deployments/web-{mode}")) > 0
        first, second = (
            line.split()[2].rstrip(":") for line in text.splitlines() if "Undo record" in line
        )
        await ask(client, "k8s_undo", record=first)
        undone = await ask(client, "k8s_undo", record=second)

    assert "apply 2 objects (2 new)" in user.asked[0]
    assert "Impact: " in user.asked[0]
    assert text.startswith("Done: ")
    assert f"{NAMESPACE}/deploy/web-{mode}: 2 of 2 updated, 2 available, after" in text
    assert undone.startswith(f"Done: {NAMESPACE}/deploy/web-{mode} was deleted.")
    assert not got(kube, f"{CORE}/configmaps/web-{mode}")


NEW: list[tuple[str, str, Json]] = [
    ("v1", "ServiceAccount", {}),
    ("v1", "ConfigMap", {}),
    ("v1", "Service", {"spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}),
    ("v1", "PersistentVolumeClaim", {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    }),
    ("networking.k8s.io/v1", "Ingress", {
        "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}
    }),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}}}),
    ("policy/v1", "PodDisruptionBudget", {
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    }),
    ("autoscaling/v2", "HorizontalPodAutoscaler", {
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
            "maxReplicas": 2,
        }
    }),
]  # fmt: skip


async def test_what_is_new_can_be_taken_back_whatever_its_kind(
    lab: LabState, tmp_path: Path
) -> None:
    manifests = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": "taken-back"}, **rest}
        for version, kind, rest in NEW
    ]
    async with writing(lab, tmp_path, User()) as client:
        for one in manifests:
            text = await ask(client, "k8s_apply", manifest=json.dumps(one), namespace=NAMESPACE)
            undone = await ask(client, "k8s_undo", record=record_in(text))
            assert undone.startswith("Done: "), (one["kind"], undone)


async def test_a_job_s_template_is_refused_without_repeating_it(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    env = [{"name": "GREETING", "value": CANARY}]
    pod = {"containers": [{"name": "a", "image": "x:1", "env": env}], "restartPolicy": "Never"}
    job = {"metadata": {"name": "fixed"}, "spec": {"template": {"spec": pod}}}
    made(kube, f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", job)
    async with writing(lab, tmp_path, User()) as client:
        text = await ask(client, "k8s_set", name="job/fixed", image="x:2", namespace=NAMESPACE)

    assert text.endswith("is invalid: spec.template: field is immutable.")


async def test_fields_of_others_are_named_and_left_alone(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    path = f"{APPS}/deployments/shared"
    applied(kube, path, deployment("shared", replicas=1), "team-a")
    user = User()
    async with writing(lab, tmp_path, user) as client:
        manifest = json.dumps(deployment("shared", replicas=3))
        text = await ask(client, "k8s_apply", manifest=manifest, namespace=NAMESPACE)

    assert text == (
        "error: Not applied, these fields belong to somebody else; nothing was changed:\n"
        f'  {NAMESPACE}/deploy/shared: spec.replicas belongs to "team-a"\n'
        "Leave them out of the manifest, or take them over one by one with k8s_patch."
    )
    assert not user.asked
    assert got(kube, path)["spec"]["replicas"] == 1
    dropped(kube, path)


async def test_a_change_beside_the_fields_of_others_is_made_and_undone(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    path = f"{CORE}/configmaps/both"
    applied(kube, path, config_map("both", theirs="1"), "team-a")
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_apply", manifest=json.dumps(config_map("both", ours="2")))
        assert got(kube, path)["data"] == {"theirs": "1", "ours": "2"}
        undone = await ask(client, "k8s_undo", record=record_in(text))

    assert "  data.ours: (none) -> 2" in user.asked[0]
    assert undone.startswith("Done: ")
    assert got(kube, path)["data"] == {"theirs": "1"}


async def test_a_new_object_that_somebody_wrote_to_is_not_deleted(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    path = f"{CORE}/configmaps/mine"
    async with writing(lab, tmp_path, User()) as client:
        text = await ask(client, "k8s_apply", manifest=json.dumps(config_map("mine", a="1")))
        changed(kube, path, {"data": {"b": "2"}}, "kubectl-edit")
        undone = await ask(client, "k8s_undo", record=record_in(text))

    assert f"cannot be undone: {NAMESPACE}/cm/mine was changed since by kubectl-edit" in undone
    assert got(kube, path)["data"] == {"a": "1", "b": "2"}


async def test_what_somebody_makes_while_the_user_thinks_is_left_alone(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    def meanwhile() -> None:
        made(kube, f"{CORE}/configmaps", config_map("raced", a="theirs"))

    async with writing(lab, tmp_path, User(meanwhile=meanwhile)) as client:
        text = await ask(client, "k8s_apply", manifest=json.dumps(config_map("raced", b="ours")))

    assert f"{NAMESPACE}/cm/raced changed since the plan was made; nothing was changed" in text
    assert got(kube, f"{CORE}/configmaps/raced")["data"] == {"a": "theirs"}


async def test_a_failure_half_way_leaves_what_was_done_and_its_undo(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    there = len(got(kube, f"{CORE}/configmaps")["items"])
    hard = {"count/configmaps": str(there + 1)}
    made(kube, f"{CORE}/resourcequotas", {"metadata": {"name": "few"}, "spec": {"hard": hard}})

    async def counted() -> bool:
        # Rehearsals take nothing of a quota, so both pass; the second real one does not.
        return got(kube, f"{CORE}/resourcequotas/few").get("status", {}).get("hard") == hard

    assert await until(counted)
    names = ("half-a", "half-b", "half-c")
    manifest = "\n---\n".join(json.dumps(config_map(one, a="1")) for one in names)
    async with writing(lab, tmp_path, User()) as client:
        text = await ask(client, "k8s_apply", manifest=manifest)
        assert got(kube, f"{CORE}/configmaps/half-a")
        await ask(client, "k8s_undo", record=record_in(text))

    assert text.startswith(
        "Sent, but NOT verified: only 1 of 3 objects were applied.\n"
        f"  applied: {NAMESPACE}/cm/half-a\n"
        f"  failed: {NAMESPACE}/cm/half-b: "
    )
    assert "exceeded quota: few" in text
    assert f"not tried: {NAMESPACE}/cm/half-c" in text
    assert not got(kube, f"{CORE}/configmaps/half-a")
    dropped(kube, f"{CORE}/resourcequotas/few")


async def test_a_namespace_and_what_is_in_it_are_made_in_order(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    other = f"{NAMESPACE}-fresh"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}}
    inside = config_map("inside", namespace=other, a="1")
    user = User()
    try:
        async with writing(lab, tmp_path, user) as client:
            manifest = f"{json.dumps(namespace)}\n---\n{json.dumps(inside)}"
            text = await ask(client, "k8s_apply", manifest=manifest)
        assert text.startswith(f"Done: ns/{other} and {other}/cm/inside were applied.")
        assert "because the manifest makes its namespace" in user.asked[0]
    finally:
        dropped(kube, f"/api/v1/namespaces/{other}")


async def test_a_secret_is_applied_and_told_to_nobody(
    lab: LabState, kube: httpx.Client, tmp_path: Path
) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\n"
        f"stringData: {{greeting: {CANARY}}}\n"
    )
    user = User()
    async with writing(lab, tmp_path, user) as client:
        text = await ask(client, "k8s_apply", manifest=secret, namespace=NAMESPACE)
        shown = await ask(client, "k8s_get", what="secret/hidden", namespace=NAMESPACE)
        copied = await ask(client, "k8s_apply", manifest=yaml_in(shown), namespace=NAMESPACE)

    assert text.startswith("Done: ")
    assert CANARY not in user.asked[0] + text
    assert not holding(tmp_path, CANARY)
    assert "holds a redaction mark at data.greeting" in copied


def holding(folder: Path, canary: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if canary.encode() in path.read_bytes()]


def yaml_in(answer: str) -> str:
    lines = answer.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("--- from "))
    return "\n".join(lines[start + 1 : lines.index("--- end ---")])


async def test_a_field_nobody_knows_is_refused_by_name(lab: LabState, tmp_path: Path) -> None:
    wrong = deployment("wrong")
    wrong["spec"]["replicass"] = 3
    async with writing(lab, tmp_path, User()) as client:
        text = await ask(client, "k8s_apply", manifest=json.dumps(wrong), namespace=NAMESPACE)

    assert text.startswith("error: ")
    assert ".spec.replicass" in text
