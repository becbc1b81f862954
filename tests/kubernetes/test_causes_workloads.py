"""Workloads that are not what they should be, seen the way a model sees it."""

import httpx
import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.wire import (
    Api,
    Json,
    ago,
    condition,
    crashing,
    meta,
    node,
    pod,
    workload,
)


def late(new: str = "web-66d7") -> Json:
    said = f'ReplicaSet "{new}" has timed out progressing.'
    return condition("Progressing", "False", reason="ProgressDeadlineExceeded", message=said)


def unready(name: str, owner: str, labels: Json | None = None, **past: float) -> Json:
    """A pod that has not been ready for as long as it is there."""
    since = condition("Ready", "False", lastTransitionTime=ago(**(past or {"seconds": 5})))
    metadata = {"creationTimestamp": ago(**(past or {"seconds": 5})), "labels": labels or {}}
    return pod(name, owner=owner, containers=[], conditions=[since], metadata=metadata)


async def test_a_stuck_rollout_names_its_new_replica_set(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [
        workload("web", desired=3, ready=2, updatedReplicas=1, conditions=[late()])
    ]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/deploy/web: its rollout is stuck: ReplicaSet web-66d7" in text
    assert "for 60m (rollout-stuck)" in text
    assert "ReplicaSet web-66d7: 1 of 3 pods made; 2 old pods still serve" in text


async def test_why_the_new_pods_fail_is_told_before_the_rollout(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [workload("web", desired=1, ready=0, conditions=[late()])]
    api.objects["pods"] = [crashing("web-66d7-x", "ReplicaSet/web-66d7")]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DOWN shop/deploy/web: " in text
    assert "(rollout-stuck)" not in text
    assert "ReplicaSet web-66d7: 0 of 1 pod made" in text


async def test_without_a_ready_pod_it_is_down(ask: Ask, api: Api) -> None:
    gone = condition("Available", "False", reason="MinimumReplicasUnavailable")
    api.objects["deployments"] = [workload("web", desired=2, ready=0, conditions=[gone])]

    assert "DOWN shop/deploy/web: none of its 2 pods is ready for 60m (none-ready)" in (
        await ask("k8s_diagnose")
    )


async def test_a_paused_rollout_that_waits_is_told_and_one_at_rest_is_not(
    ask: Ask, api: Api
) -> None:
    waits = workload("waits", desired=2, ready=2, updatedReplicas=0)
    rests = workload("rests", desired=2, ready=2, updatedReplicas=2)
    waits["spec"]["paused"] = rests["spec"]["paused"] = True
    api.objects["deployments"] = [waits, rests]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "DEGRADED shop/deploy/waits: a change waits: the rollout is paused with 0 of 2" in text


async def test_a_rollout_without_room_leads(ask: Ask, api: Api) -> None:
    one = workload("web", desired=2, ready=2, replicas=3, updatedReplicas=1)
    one["spec"]["strategy"] = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    waits = condition(
        "PodScheduled", "False", reason="Unschedulable", message="0/3 nodes: 3 Insufficient cpu."
    )
    api.objects["deployments"] = [one]
    api.objects["nodes"] = [node("node-1")]
    api.objects["pods"] = [
        *(pod(f"web-55c8-{name}", owner="ReplicaSet/web-55c8") for name in ("a", "b")),
        pod(
            "web-66d7-x",
            owner="ReplicaSet/web-66d7",
            containers=[],
            phase="Pending",
            node="",
            conditions=[waits],
        ),
    ]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/deploy/web: its rollout waits for room: maxUnavailable 0" in text
    assert "(rollout-no-room)" in text


async def test_pods_that_are_not_made_are_told_when_nothing_says_why(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [workload("web", desired=3, ready=1, replicas=1)]
    api.objects["statefulsets"] = [
        {**workload("db", desired=2, ready=1, replicas=1)},
    ]
    api.objects["statefulsets"][0]["spec"]["podManagementPolicy"] = "Parallel"

    text = await ask("k8s_diagnose")

    assert "shop/deploy/web: 2 pods of it are not made, and nothing says why" in text
    assert "(pods-missing, likely)" in text
    assert "BROKEN shop/sts/db: " in text


def overlooked(name: str, **past: float) -> Json:
    one = workload(name, observedGeneration=1)
    managed = {"manager": "kubectl", "operation": "Update", "time": ago(**past)}
    one["metadata"] |= {"generation": 2, "managedFields": [managed]}

    return one


async def test_one_change_that_nobody_noticed_is_told_of_its_owner(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [overlooked("web", minutes=5), overlooked("new", seconds=5)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "BROKEN shop/deploy/web: its controller has not taken note" in text
    assert "for 5m (not-observed)" in text


async def test_several_mean_that_the_controllers_are_asleep(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [overlooked("web", minutes=5)]
    api.objects["daemonsets"] = [overlooked("logs", minutes=7)]

    text = await ask("k8s_diagnose")

    assert "BROKEN kube-controller-manager: 2 workloads changed and no controller" in text
    assert "(controllers-asleep, likely)" in text
    assert "hits: shop/deploy/web, shop/ds/logs" in text


async def test_what_a_controller_did_meanwhile_is_nothing(ask: Ask, api: Api) -> None:
    """A list may show what is over a moment later; what is doubted is read again."""
    offer(api, {})
    late = overlooked("web", minutes=5)
    api.objects["deployments"] = [late]
    done = {**late, "status": {**late["status"], "observedGeneration": 2}}
    path = "/apis/apps/v1/namespaces/shop/deployments/web"
    api.routes[path] = httpx.Response(200, json=done)

    assert (await ask("k8s_diagnose")).startswith("Healthy")


async def test_pods_that_a_status_still_counts_are_not_made_again(ask: Ask, api: Api) -> None:
    gone = workload("gone", desired=2, ready=2, updatedReplicas=2, availableReplicas=2)
    api.objects["deployments"] = [gone, overlooked("web", minutes=5), overlooked("api", minutes=5)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "kube-controller-manager: 2 workloads changed" in text
    assert "shop/deploy/gone" in text


async def test_who_may_not_see_pods_is_told_nothing_about_missing_ones(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [workload("web", desired=2, ready=2, updatedReplicas=2)]
    api.objects["statefulsets"] = [workload("db", desired=2, ready=1, replicas=2)]
    api.denied = {"pods"}

    assert "(pods-missing" not in await ask("k8s_diagnose")


async def test_a_selector_of_two_workloads_is_a_risk(ask: Ask, api: Api) -> None:
    one, other = workload("a"), workload("b")
    other["spec"]["selector"] = one["spec"]["selector"]
    api.objects["deployments"] = [one, other]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/deploy/b: its selector is also that of deploy/a" in text


async def test_pods_whose_deployment_is_gone_are_a_risk(ask: Ask, api: Api) -> None:
    api.objects["pods"] = [pod("web-66d7-x", owner="ReplicaSet/web-66d7")]
    api.objects["replicasets"] = [workload("web-66d7")]

    assert "AT RISK shop/rs/web-66d7: 1 pod run" in (await ask("k8s_diagnose")).replace(
        "runs", "run"
    )


async def test_a_claim_for_one_node_that_several_pods_share_is_a_risk(ask: Ask, api: Api) -> None:
    one = workload("web", desired=2, ready=2)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    one["spec"]["template"] = {"spec": {"containers": [], "volumes": [volume]}}
    api.objects["deployments"] = [one]
    api.objects["persistentvolumeclaims"] = [
        {
            "metadata": meta("data", "shop"),
            "spec": {"accessModes": ["ReadWriteOnce"]},
            "status": {"phase": "Bound"},
        }
    ]

    text = await ask("k8s_diagnose")

    assert "AT RISK shop/deploy/web: its 2 pods share pvc/data" in text


def numbered(name: str, revision: str = "new", *, ready: bool) -> Json:
    labels = {
        "statefulset.kubernetes.io/pod-name": name,
        "controller-revision-hash": revision,
    }
    if not ready:
        return unready(name, "StatefulSet/db", labels)

    return pod(name, owner="StatefulSet/db", metadata={"labels": labels})


@pytest.mark.parametrize(("seconds", "told"), [(3600, True), (60, False)])
async def test_a_stateful_set_whose_pods_have_to_ripen_is_not_stuck(
    ask: Ask, api: Api, seconds: int, *, told: bool
) -> None:
    offer(api, {})
    one = workload("db", desired=3, ready=1, replicas=1, availableReplicas=0)
    one["spec"]["minReadySeconds"] = seconds
    api.objects["statefulsets"] = [one]
    api.objects["pods"] = [numbered("db-0", ready=True)]
    api.objects["nodes"] = [node("node-1")]

    text = await ask("k8s_diagnose")

    ripens = (
        "db-1 is made only once the pod before it has been ready for 60m (minReadySeconds 3600)"
    )
    assert (f"DEGRADED shop/sts/db: {ripens}" in text) is told
    assert text.startswith("1 finding" if told else "Healthy")


async def test_the_pod_that_an_ordered_stateful_set_waits_for_is_named(ask: Ask, api: Api) -> None:
    api.objects["statefulsets"] = [workload("db", desired=4, ready=1, replicas=2)]
    api.objects["pods"] = [numbered("db-0", ready=True), numbered("db-1", ready=False)]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/sts/db: db-1 is not ready, and 2 pods wait behind it" in text
    assert "(ordered-start-blocked)" in text


async def test_a_pod_of_a_revision_taken_back_has_to_be_deleted(ask: Ask, api: Api) -> None:
    one = workload("db", desired=2, ready=1, replicas=2, updateRevision="new", updatedReplicas=0)
    api.objects["statefulsets"] = [one]
    api.objects["pods"] = [
        numbered("db-0", "old", ready=True),
        numbered("db-1", "old", ready=False),
    ]

    text = await ask("k8s_diagnose")

    assert "shop/sts/db: db-1 is not ready and of an older revision" in text
    assert "next: delete db-1" in text


async def test_a_pod_below_the_partition_keeps_its_revision(ask: Ask, api: Api) -> None:
    one = workload("db", desired=2, ready=1, replicas=2, updateRevision="new", updatedReplicas=0)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    one["spec"]["updateStrategy"] = rolling
    api.objects["statefulsets"] = [one]
    api.objects["pods"] = [
        numbered("db-0", "old", ready=True),
        numbered("db-1", "old", ready=False),
    ]

    assert "(revision-stuck)" not in await ask("k8s_diagnose")


async def test_somebody_else_s_pod_may_have_the_name(ask: Ask, api: Api) -> None:
    api.objects["statefulsets"] = [workload("db", desired=2, ready=0, replicas=0)]
    api.objects["pods"] = [pod("db-0")]

    text = await ask("k8s_diagnose")

    assert "DOWN shop/sts/db: it cannot make db-0: a pod of that name is there" in text
    assert "(pod-name-taken)" in text


async def test_the_service_of_a_stateful_set_has_to_be_there_and_headless(
    ask: Ask, api: Api
) -> None:
    lost, headed = workload("lost"), workload("headed", desired=2, ready=2)
    lost["spec"]["serviceName"], headed["spec"]["serviceName"] = "lsot", "headed"
    alone = workload("alone", desired=1, ready=1)
    alone["spec"]["serviceName"] = "headed"
    api.objects["statefulsets"] = [lost, headed, alone]
    api.objects["services"] = [
        {
            "metadata": meta(name, "shop"),
            "spec": {"clusterIP": ip, "type": "ClusterIP", "selector": {}},
        }
        for name, ip in (("lost", "None"), ("headed", "10.0.0.1"))
    ]

    text = await ask("k8s_diagnose")

    assert "DEGRADED shop/sts/lost: its Service lsot does not exist" in text
    assert "nearest: svc/lost" in text
    assert "AT RISK shop/sts/headed: its Service headed is not headless: headed-0.headed" in text
    # A single pod has nobody to call by name.
    assert "sts/alone" not in text


async def test_old_pods_that_a_strategy_keeps_are_a_risk(ask: Ask, api: Api) -> None:
    parted = workload("parted", desired=3, ready=3, updatedReplicas=1)
    parted["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    kept = workload("kept", desired=3, ready=3, updatedReplicas=1)
    kept["spec"]["updateStrategy"] = {"type": "OnDelete"}
    api.objects["statefulsets"] = [parted, kept]

    text = await ask("k8s_diagnose")

    assert "AT RISK shop/sts/parted: partition 2 keeps 2 pods at an older revision" in text
    assert "AT RISK shop/sts/kept: 2 pods of an older revision stay until deleted" in text


async def test_what_rests_on_purpose_and_what_is_new_is_healthy(ask: Ask, api: Api) -> None:
    offer(api, {})
    new = workload("new", desired=3, ready=0, replicas=0)
    new["metadata"]["creationTimestamp"] = ago(seconds=20)
    off = workload("off", desired=0, ready=0, conditions=[late()])
    api.objects["deployments"] = [new, off]
    api.objects["statefulsets"] = [workload("off", desired=0, ready=0)]

    assert (await ask("k8s_diagnose")).startswith("Healthy")


@pytest.mark.parametrize(("has", "told"), [("10Gi", True), ("50Gi", False), ("80Gi", False)])
async def test_claims_older_than_their_template_are_a_risk(
    ask: Ask, api: Api, has: str, *, told: bool
) -> None:
    offer(api, {})
    one = workload("db", desired=1, ready=1, updatedReplicas=1)
    asks = {"resources": {"requests": {"storage": "50Gi"}}}
    one["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": asks}]
    api.objects["statefulsets"] = [one]
    spec = {"resources": {"requests": {"storage": has}}}
    bound = {"phase": "Bound", "capacity": {"storage": has}}
    claim = {"metadata": meta("data-db-0", "shop"), "spec": spec, "status": bound}
    api.objects["persistentvolumeclaims"] = [claim]

    text = await ask("k8s_diagnose")

    said = "AT RISK shop/sts/db: its template asks for 50Gi, but pvc/data-db-0 was made for 10Gi"
    assert (said in text) is told
    assert ("(claims-of-older-size)" in text) is told
