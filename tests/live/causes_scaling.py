"""Causes of autoscalers and disruption budgets, as the lab's controllers bring them about."""

from typing import Any

from tests.kubernetes.wire import Json, ago
from tests.live.causes import Cause, Made, Said
from tests.live.causes_workloads import WAITING, deploy, deployment, job, template

UNIT = "tests/kubernetes/test_causes_scaling.py"
VERTICAL = "autoscaling.k8s.io/v1/verticalpodautoscalers"
CPU: Json = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
CUSTOM: Json = {
    "type": "Pods",
    "pods": {
        "metric": {"name": "requests_per_second"},
        "target": {"type": "AverageValue", "averageValue": "10"},
    },
}


def scaler(name: str, target: str, *, most: int = 3, metric: Json = CPU) -> Made:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": reference, "maxReplicas": most, "metrics": [metric]}
    return Made(
        "autoscaling/v2/horizontalpodautoscalers", {"metadata": {"name": name}, "spec": spec}
    )


def busy(name: str, usage: str = "10m", **more: Any) -> Made:
    """A Deployment of one pod that requests 100m CPU and uses as much as kwok says."""
    asks = {"resources": {"requests": {"cpu": "100m"}}}
    made = deploy(name, replicas=1, pods={"container": asks}, **more)
    notes = {"kwok.x-k8s.io/usage-cpu": usage, "kwok.x-k8s.io/usage-memory": "10Mi"}
    made.body["spec"]["template"]["metadata"]["annotations"] = notes

    return made


def narrowed(name: str, **labels: str) -> Made:
    """A Deployment whose selector is its own labels."""
    body = deployment(name, 1)
    body["spec"]["selector"] = {"matchLabels": labels}
    body["spec"]["template"]["metadata"]["labels"] = labels

    return Made("apps/v1/deployments", body)


def budget(name: str, app: str, **spec: Any) -> Made:
    selector = {"matchLabels": {"app": app}}
    body = {"metadata": {"name": name}, "spec": {"selector": selector, **spec}}
    return Made("policy/v1/poddisruptionbudgets", body)


def vertical(name: str, target: str, *conditions: Json, **spec: Any) -> Made:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    body: Json = {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {"targetRef": reference, **spec},
    }
    return Made(VERTICAL, body, {"conditions": [*conditions]})


def said(kind: str, status: str) -> Json:
    return {"type": kind, "status": status, "lastTransitionTime": ago(hours=1), "message": "why"}


def resource(plural: str, kind: str, group: str, *versions: str, namespaced: bool = True) -> Made:
    """A definition of a well-known custom resource, as far as its names; it takes any fields."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    offered: list[Json] = [
        {
            "name": version,
            "served": True,
            "storage": place == 0,
            "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": schema},
        }
        for place, version in enumerate(versions)
    ]
    body: Json = {
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": offered,
        },
    }
    return Made("apiextensions.k8s.io/v1/customresourcedefinitions", body, namespaced=False)


BARE: Json = {"spec": template("bare")["spec"]}
VERTICALS = resource("verticalpodautoscalers", "VerticalPodAutoscaler", "autoscaling.k8s.io", "v1")

AUTOSCALERS = (
    Cause("hpa-no-target", "HPA missing target", "hpa/aimless", made=[scaler("aimless", "nobody")]),
    Cause(
        "hpa-no-request",
        "HPA missing request",
        "hpa/requestless",
        made=[deploy("requestless", replicas=1), scaler("requestless", "requestless")],
    ),
    Cause(
        "hpa-no-custom-metrics",
        "HPA no metrics: custom ones",
        "hpa/custom",
        made=[busy("custom"), scaler("custom", "custom", metric=CUSTOM)],
    ),
    Cause(
        "hpa-no-metrics",
        "HPA no metrics: of pods that are not ready",
        how="elsewhere",
        why=f"is told with what its pods have: {UNIT}",
    ),
    Cause(
        "hpa-no-metrics-api",
        "HPA no metrics: the API is missing",
        how="elsewhere",
        why=f"everybody's metrics API would have to go: {UNIT}",
    ),
    Cause(
        "hpa-at-maximum",
        "HPA at max, limited",
        "hpa/peak",
        made=[busy("peak", "900m"), scaler("peak", "peak", most=1)],
    ),
    Cause(
        "hpa-contested",
        "two HPAs on one target",
        "hpa/twin-b",
        made=[busy("twin"), scaler("twin-a", "twin"), scaler("twin-b", "twin")],
    ),
    *(
        Cause(
            "hpa-pods-shared",
            f"HPAs whose targets select each other's pods: {name}",
            f"hpa/{name}",
            made=[narrowed(name, **labels), scaler(name, name)],
        )
        for name, labels in (
            ("wide", {"app": "canal"}),
            ("narrow", {"app": "canal", "track": "slow"}),
        )
    ),
    Cause(
        "hpa-replicas-fixed",
        "HPA fights manual scale",
        "hpa/applied",
        made=[
            Made(
                "apps/v1/deployments",
                {"apiVersion": "apps/v1", "kind": "Deployment", **busy("applied").body},
                by="argocd-controller",
            ),
            scaler("applied", "applied"),
        ],
    ),
    Cause(
        "hpa-invalid",
        "HPA whose target has no selector",
        how="elsewhere",
        why=f"needs a custom resource with an odd scale: {UNIT}",
    ),
    Cause(
        "hpa-cannot-scale",
        "HPA that may not change its target",
        how="elsewhere",
        why=f"the lab's controllers may do everything: {UNIT}",
    ),
    Cause(
        "hpa-not-evaluated",
        "HPA that no controller looks at",
        how="elsewhere",
        why=f"needs a controller manager that is down: {UNIT}",
    ),
    Cause(
        "",
        "HPA whose target is scaled to zero",
        "hpa/off",
        made=[deploy("off", replicas=0), scaler("off", "off")],
    ),
    Cause(
        "", "HPA that does its work", "hpa/calm", made=[busy("calm", "50m"), scaler("calm", "calm")]
    ),
)

VERTICALLY = (
    Cause(
        "vpa-no-recommendation",
        "VPA without a recommendation",
        "VerticalPodAutoscaler/unadvised",
        how="played",
        made=[vertical("unadvised", "calm", said("RecommendationProvided", "False"))],
    ),
    Cause(
        "vpa-no-pods",
        "VPA without pods",
        "VerticalPodAutoscaler/podless",
        how="played",
        made=[vertical("podless", "nobody", said("NoPodsMatched", "True"))],
    ),
    Cause(
        "vpa-unsupported",
        "VPA with a configuration that is not supported",
        "VerticalPodAutoscaler/odd",
        how="played",
        made=[vertical("odd", "nobody", said("ConfigUnsupported", "True"))],
    ),
    Cause(
        "vpa-fights-hpa",
        "VPA and HPA by the same resource",
        "VerticalPodAutoscaler/rival",
        made=[vertical("rival", "calm", updatePolicy={"updateMode": "Auto"})],
    ),
    Cause(
        "vpa-evicts-often",
        "VPA evicting",
        "VerticalPodAutoscaler/restless",
        how="played",
        made=[
            Made(
                VERTICAL,
                vertical("restless", "steady").body,
                events=[
                    Said(
                        "EvictedByVPA",
                        "Pod was evicted by VPA Updater to apply resource recommendation.",
                        type="Normal",
                        times=9,
                        about="Pod/steady-6b7c9d8f54-x2x5k",
                    )
                ],
            )
        ],
    ),
    Cause(
        "",
        "VPA that only advises beside an HPA",
        "VerticalPodAutoscaler/quiet",
        made=[vertical("quiet", "calm", updatePolicy={"updateMode": "Off"})],
    ),
)

BUDGETS = (
    Cause(
        "pdb-blocks-evictions",
        "PDB blocks eviction",
        "pdb/strict",
        made=[deploy("strict"), budget("strict", "strict", minAvailable=2)],
    ),
    Cause(
        "pdb-waits-for-pods",
        "PDB blocks eviction while pods are not ready",
        how="elsewhere",
        why="is told with what its pods have: tests/kubernetes/test_causes_budgets.py",
    ),
    Cause(
        "pdb-selects-nothing",
        "PDB matches nothing",
        "pdb/lost",
        made=[budget("lost", "nobody", minAvailable=1)],
    ),
    Cause(
        "pdb-overlaps",
        "PDB overlaps",
        "pdb/both-a",
        made=[
            deploy("both", replicas=3),
            budget("both-a", "both", maxUnavailable=1),
            budget("both-b", "both", maxUnavailable=1),
        ],
    ),
    Cause(
        "pdb-sync-failed",
        "PDB SyncFailed",
        "pdb/run",
        made=[
            Made("batch/v1/jobs", job("run", WAITING)),
            budget("run", "run", maxUnavailable="50%"),
        ],
    ),
    Cause(
        "pdb-sync-failed",
        "PDB of pods without a controller",
        "pdb/bare",
        made=[
            Made("v1/pods", {"metadata": {"name": "bare", "labels": {"app": "bare"}}, **BARE}),
            budget("bare", "bare", maxUnavailable="50%"),
        ],
    ),
    Cause(
        "",
        "PDB that allows an eviction",
        "pdb/loose",
        made=[deploy("loose"), budget("loose", "loose", maxUnavailable=1)],
    ),
    Cause(
        "",
        "PDB of what is scaled to zero",
        "pdb/off",
        made=[budget("off", "off", minAvailable=1)],
    ),
)

SCALING = (*AUTOSCALERS, *VERTICALLY, *BUDGETS)
