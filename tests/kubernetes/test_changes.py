"""k8s_changes, seen the way a model sees it: what changed, told from objects and events."""

import pytest

from tests.kubernetes.changed import STATUS, data, rolled_out, rows_in, run, told
from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.rolled import config_map, deployment, managed, release, secret, template
from tests.kubernetes.wire import Api, Json, ago, condition, event, meta, node

NOTHING = "Nothing in namespace shop changed since 30m ago, as far as objects and events tell."
CANARY = "hunter2-canary-Zq81"


@pytest.fixture(autouse=True)
def offered(api: Api) -> None:
    """Let the API server say which kinds it has."""
    offer(api)


async def test_where_nothing_changed_that_is_said(ask: Ask, api: Api) -> None:
    deployment(api, template(), conditions=[condition("Available")])
    api.objects["configmaps"] = [config_map("env", {"A": "1"}, managed("kubectl", {}, days=3))]

    answer = await ask("k8s_changes", namespace="shop")

    assert answer.splitlines()[0] == NOTHING


async def test_a_rollout_is_one_row_with_its_difference_and_who_did_it(ask: Ask, api: Api) -> None:
    env = [{"name": "DB_PASSWORD", "value": CANARY}]
    rolled_out(api, template("reg/app:1"), template("reg/app:2", env=env))
    api.objects["events"] = [
        event("ScalingReplicaSet", "Deployment/web", "Scaled up replica set web-h2 from 0 to 2"),
        event("ScalingReplicaSet", "Deployment/web", "Scaled down replica set web-h1 from 2 to 0"),
        event("SuccessfulCreate", "ReplicaSet/web-6d4cf56db6", "Created pod: x"),
        event("Killing", "Pod/web-6d4cf56db6-x7v2w", "Stopping container app"),
    ]

    answer = await ask("k8s_changes", namespace="shop")

    (row,) = rows_in(answer)
    assert row.startswith(
        "12m  shop/deploy/web  rolled out revision 2 by kubectl-set: image reg/app:1 -> reg/app:2,"
        " env[DB_PASSWORD] (a secret) (none) -> [redacted:"
    )
    assert CANARY not in answer


async def test_several_rollouts_are_told_by_what_they_came_to(ask: Ask, api: Api) -> None:
    rolled_out(api, *(template(f"reg/app:{number}") for number in range(1, 5)))
    for at, one in enumerate(api.objects["replicasets"][1:], 1):
        one["metadata"]["creationTimestamp"] = ago(minutes=12 - 2 * at)

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert "rolled out revisions 2 to 4 by kubectl-set: image reg/app:1 -> reg/app:4" in row


async def test_a_restart_is_called_one(ask: Ask, api: Api) -> None:
    notes = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    rolled_out(api, template(), template(metadata={"annotations": notes}))

    assert rows_in(await ask("k8s_changes", namespace="shop")) == [
        "12m  shop/deploy/web  restarted by kubectl-set"
    ]


async def test_going_back_is_told_though_the_replica_set_is_old(ask: Ask, api: Api) -> None:
    rolled_out(api, template("reg/app:1"), template("reg/app:2"))
    first, second = api.objects["replicasets"]
    first["metadata"]["annotations"] |= {
        "deployment.kubernetes.io/revision": "3",
        "deployment.kubernetes.io/revision-history": "1",
    }
    first["metadata"]["creationTimestamp"] = ago(days=9)
    second["metadata"]["creationTimestamp"] = ago(days=2)

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row == (
        "12m  shop/deploy/web  went back to an earlier template, now revision 3 (it was 1)"
        " by kubectl-set: image reg/app:2 -> reg/app:1"
    )


async def test_what_became_of_a_rollout_stands_behind_it(ask: Ask, api: Api) -> None:
    late = condition(
        "Progressing",
        "False",
        reason="ProgressDeadlineExceeded",
        lastTransitionTime=ago(minutes=2),
        lastUpdateTime=ago(minutes=2),
    )
    rolled_out(api, template("reg/app:1"), template("reg/app:2"), conditions=[late])

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row.endswith(
        "image reg/app:1 -> reg/app:2; rollout stuck (ProgressDeadlineExceeded) (2m)"
    )


async def test_a_rollout_whose_revisions_may_not_be_read_is_told_by_its_fields(
    ask: Ask, api: Api
) -> None:
    rolled_out(api, template("reg/app:1"), template("reg/app:2"))
    api.denied = {"replicasets"}

    answer = await ask("k8s_changes", namespace="shop")

    assert rows_in(answer) == ["12m  shop/deploy/web  edited by kubectl-set: containers[app].image"]
    assert "Missing: revisions: not allowed to list" in answer


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([(2, 5)], "scaled 2 -> 5 by kubectl"),
        ([(2, 5), (5, 3)], "scaled 2 -> 5 -> 3 by kubectl"),
        ([(at, at + 1) for at in range(8)], "scaled 0 -> 1 -> ... -> 8 by kubectl"),
    ],
)
async def test_scaling_is_told_by_events(
    ask: Ask, api: Api, steps: list[tuple[int, int]], said: str
) -> None:
    one = deployment(api, template(), conditions=[condition("Available")])
    scale = managed("kubectl", {"f:spec": {"f:replicas": {}}}, "scale", days=1)
    # The API server keeps no time for what the scale subresource wrote.
    one["metadata"]["managedFields"] = [{k: v for k, v in scale.items() if k != "time"}]
    api.objects["events"] = [
        event(
            "ScalingReplicaSet",
            "Deployment/web",
            f"Scaled up replica set web-h1 from {before} to {after}",
            firstTimestamp=ago(minutes=9 - at),
            lastTimestamp=ago(minutes=9 - at),
        )
        for at, (before, after) in enumerate(steps)
    ]

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row.partition("  shop/deploy/web  ")[2] == said


async def test_an_autoscaler_s_scaling_is_its_own_and_says_why(ask: Ask, api: Api) -> None:
    deployment(api, template(), conditions=[condition("Available")])
    api.objects["horizontalpodautoscalers"] = [
        {
            "metadata": meta("busy", "shop"),
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}},
            "status": {"desiredReplicas": 5, "lastScaleTime": ago(minutes=2)},
        }
    ]
    size = "New size: 5; reason: cpu resource utilization above target"
    up = "Scaled up replica set web-h1 from 2 to 5"
    rescaled = event("SuccessfulRescale", "HorizontalPodAutoscaler/busy", size)
    api.objects["events"] = [rescaled, event("ScalingReplicaSet", "Deployment/web", up)]
    expected = "2m  shop/deploy/web  autoscaled 2 -> 5 by hpa/busy: cpu resource utilization above"

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))
    assert row.startswith(expected)
    api.objects["events"] = [rescaled]
    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))
    assert "autoscaled to 5 by hpa/busy: cpu resource" in row


async def test_a_statefulset_that_was_scaled_says_to_what(ask: Ask, api: Api) -> None:
    scale = managed("kubectl", {"f:spec": {"f:replicas": {}}}, "scale", days=1)
    api.objects["statefulsets"] = [{**told("StatefulSet", "db", scale), "spec": {"replicas": 4}}]
    api.objects["events"] = [event("SuccessfulCreate", "StatefulSet/db", "create Pod db-3")]

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row == "2m  shop/sts/db  scaled to 4 by kubectl"


async def test_configuration_that_changed_names_its_keys_its_users_and_no_value(
    ask: Ask, api: Api
) -> None:
    env = [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]
    volumes = [{"name": "x", "configMap": {"name": "files"}}]
    deployment(
        api, template(env=env, spec={"volumes": volumes}), conditions=[condition("Available")]
    )
    made = managed("kubectl-create", {"f:data": {".": {}, "f:OLD": {}}}, days=3)
    api.objects["secrets"] = [
        secret("db", {"password": CANARY}, made, managed("vault", data("password"), minutes=5))
    ]
    api.objects["configmaps"] = [
        config_map(
            "files", {"a.conf": "x"}, made, managed("kubectl-edit", data("a.conf"), minutes=4)
        ),
        config_map("kube-root-ca.crt", {}, managed("kubectl", data("ca.crt"), minutes=1)),
    ]

    answer = await ask("k8s_changes", namespace="shop")

    assert rows_in(answer) == [
        "4m  shop/cm/files  edited by kubectl-edit: data[a.conf]; used by deploy/web",
        "5m  shop/secret/db  edited by vault: data.password; used by deploy/web (its pods keep the"
        " old until restarted)",
    ]
    assert CANARY not in answer


async def test_a_manager_of_many_fields_is_not_said_to_have_changed_all(ask: Ask, api: Api) -> None:
    fields: Json = {"f:metadata": {"f:labels": {"f:a": {}}}, **data(*"abcdef")}
    helm = {**managed("helm", fields, minutes=3), "operation": "Apply"}
    api.objects["services"] = [told("Service", "web", helm)]
    api.objects["ingresses"] = [
        told("Ingress", "a", managed("x", {"f:metadata": {"f:labels": {"f:t": {}}}}, minutes=2)),
        told("Ingress", "b", managed("x", {"f:metadata": {"f:annotations": {}}}, minutes=2.2)),
    ]

    assert rows_in(await ask("k8s_changes", namespace="shop")) == [
        "2m  shop/ing/a  labelled by x: metadata.labels.t",
        "2m  shop/ing/b  annotated by x: metadata.annotations",
        "3m  shop/svc/web  applied by helm: one or more of its 7 fields in metadata.labels, data",
    ]


async def test_machines_and_statuses_are_no_changes(ask: Ask, api: Api) -> None:
    api.objects["services"] = [
        told("Service", "a", managed("kube-controller-manager", data("x"), minutes=1)),
        told("Service", "b", managed("operator", data("x"), "status", minutes=1)),
        told("Service", "c", managed("operator", STATUS, minutes=1)),
        told("Service", "d", {**managed("odd", {}, minutes=1), "fieldsV1": "broken"}),
    ]
    leader = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    api.objects["configmaps"] = [
        config_map("lock", {}, managed("app", data("x"), minutes=1), annotations=leader)
    ]

    assert (await ask("k8s_changes", namespace="shop")).startswith(NOTHING)


async def test_nodes_tell_readiness_cordon_and_taints(ask: Ask, api: Api) -> None:
    down = condition(
        "Ready", "Unknown", reason="NodeStatusUnknown", lastTransitionTime=ago(minutes=9)
    )
    echo = condition("DiskPressure", "Unknown", lastTransitionTime=ago(minutes=9))
    full = condition("DiskPressure", lastTransitionTime=ago(minutes=3))
    cordon = managed("kubectl-cordon", {"f:spec": {"f:unschedulable": {}}}, minutes=5)
    taint = managed("kubectl-taint", {"f:spec": {"f:taints": {}}}, minutes=4)
    nodes = [node("a"), node("b", unschedulable=True), node("c"), node("d")]
    nodes[0]["status"]["conditions"] = [down, echo]
    nodes[1]["metadata"]["managedFields"] = [cordon]
    nodes[2]["metadata"]["managedFields"] = [taint]
    nodes[2]["spec"]["taints"] = [
        {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
    ]
    nodes[3]["status"]["conditions"] = [condition("Ready"), full]
    api.objects["nodes"] = nodes
    api.objects["events"] = [event("NodeSchedulable", "Node/c", namespace="default")]

    assert rows_in(await ask("k8s_changes")) == [
        "2m  node/c  uncordoned; tainted dedicated=gpu:NoSchedule by kubectl-taint (4m)",
        "3m  node/d  DiskPressure",
        "5m  node/b  cordoned by kubectl-cordon",
        "9m  node/a  NotReady (NodeStatusUnknown)",
    ]


async def test_a_cordon_nobody_signed_is_told_by_its_taint(ask: Ask, api: Api) -> None:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    dated = {**taint, "timeAdded": ago(minutes=4)}
    api.objects["nodes"] = [node("a", unschedulable=True, taints=[dated])]

    assert rows_in(await ask("k8s_changes")) == ["4m  node/a  cordoned"]


async def test_what_is_deleted_or_gone_is_told(ask: Ask, api: Api) -> None:
    api.objects["services"] = [
        told("Service", "web", deletionTimestamp=ago(minutes=3), finalizers=["example.net/hold"])
    ]

    def seen(**past: float) -> Json:
        return {"firstTimestamp": ago(**past), "lastTimestamp": ago(**past)}

    api.objects["events"] = [
        event("ScalingReplicaSet", "Deployment/gone", "Scaled up replica set gone-x from 0 to 1"),
        event("Killing", "Pod/lost-6d4cf56db6-x7v2w", "Stopping container app"),
        event("Whatever", "CronJob/tick", **seen(minutes=50)),
        event(
            "Whatever", "Deployment/older", firstTimestamp=ago(hours=2), lastTimestamp=ago(hours=2)
        ),
        event(
            "ScalingReplicaSet",
            "Deployment/young",
            "Scaled up replica set young-x from 0 to 1",
            **seen(seconds=2),
        ),
    ]

    assert rows_in(await ask("k8s_changes", namespace="shop")) == [
        "2m  shop/deploy/gone  deleted since",
        "2m  shop/deploy/lost  deleted since",
        "3m  shop/svc/web  being deleted: held by example.net/hold",
        "50m  shop/cronjob/tick  deleted since",
    ]


async def test_pods_that_were_lost_are_told_but_not_those_that_a_probe_restarts(
    ask: Ask, api: Api
) -> None:
    deployment(api, template(), conditions=[condition("Available")])
    made = event("SuccessfulCreate", "ReplicaSet/web-6d4cf56db6", "Created pod: x", count=3)
    evicted = event("Evicted", "Pod/web-6d4cf56db6-x7v2w", "The node was low on resource: memory")
    probed = event("Killing", "Pod/api-6d4cf56db6-x7v2w", "Container app failed liveness probe")
    api.objects["deployments"].append({**told("Deployment", "api"), "spec": {}})
    api.objects["events"] = [made, evicted, probed]

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row == (
        "2m  shop/deploy/web  1 pod evicted; 3 pods replaced: without rollout or scaling"
    )


async def test_what_is_heard_of_a_stateful_set_and_of_its_pods_is_told_together(
    ask: Ask, api: Api
) -> None:
    api.objects["statefulsets"] = [{**told("StatefulSet", "db"), "spec": {}}]
    api.objects["events"] = [
        event("Preempted", "Pod/db-1", "Preempted by pod x on node y", type="Normal"),
        event("SuccessfulCreate", "StatefulSet/db", "create Pod db-1", type="Normal"),
    ]

    (row,) = rows_in(await ask("k8s_changes", namespace="shop"))

    assert row == "2m  shop/sts/db  1 pod preempted; 1 pod replaced: without rollout or scaling"


async def test_the_runs_of_cronjobs_are_routine(ask: Ask, api: Api) -> None:
    api.objects["cronjobs"] = [told("CronJob", "tick")]
    api.objects["jobs"] = [
        told("Job", f"tick-2960000{at}", creationTimestamp=ago(minutes=at + 2), **run("tick", at))
        for at in range(3)
    ] + [
        told(
            "Job",
            "migrate",
            managed("kubectl-create", data("x"), minutes=9),
            creationTimestamp=ago(minutes=9),
        )
    ]

    answer = await ask("k8s_changes", namespace="shop")

    assert answer.startswith("2 objects in namespace shop changed since 30m ago, 1 only routine;")
    assert rows_in(answer) == [
        "9m  shop/job/migrate  created by kubectl-create",
        "2m  shop/cronjob/tick  started a Job (3 times)",
    ]


async def test_a_helm_revision_is_told_as_one(ask: Ask, api: Api) -> None:
    api.objects["secrets"] = [
        release("web", 4, "superseded", at=ago(days=2)),
        release("web", 5, "failed", at=ago(minutes=5)),
    ]

    assert rows_in(await ask("k8s_changes", namespace="shop")) == [
        "5m  shop/helm/web  Helm revision 5 failed"
    ]
    for where in ({"namespace": "shop"}, {}):
        assert rows_in(await ask("k8s_changes", object="helm/web", **where)) == [
            "5m  shop/helm/web  Helm revision 5 failed"
        ]
