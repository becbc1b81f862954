"""Causes around the API server, in custom resources and Helm releases, as the lab can have them."""

import base64
import datetime as dt

from tests.kubernetes.certified import certificate
from tests.kubernetes.wire import Json, ago
from tests.live.causes import Cause, Made

GROUP = "jamie-test-diagnose.example.com"
NOTHING = [
    {"apiGroups": [GROUP], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["none"]}
]
OLD = dt.timedelta(minutes=30)


def definition(plural: str, kind: str, **spec: object) -> Made:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: Json = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    body: Json = {
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": plural[:-1], "kind": kind},
            "versions": [version],
            **spec,
        },
    }
    return Made("apiextensions.k8s.io/v1/customresourcedefinitions", body, namespaced=False)


def webhook(name: str, service: str, seconds: int = 5, bundle: str = "") -> Made:
    """A webhook of nobody's requests: its rule matches a resource that does not exist."""
    namespace, _, service = service.partition("/")
    reached: Json = {"service": {"namespace": namespace, "name": service}}
    hook: Json = {
        "name": f"{name}.{GROUP}",
        "clientConfig": reached | ({"caBundle": bundle} if bundle else {}),
        "rules": NOTHING,
        "failurePolicy": "Fail",
        "timeoutSeconds": seconds,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    collection = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    return Made(collection, {"metadata": {"name": name}, "webhooks": [hook]}, namespaced=False)


def widget(name: str, status: Json, **spec: object) -> Made:
    body: Json = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": spec,
    }
    return Made(f"{GROUP}/v1/widgets", body, status=status)


def condition(kind: str, value: str, reason: str, **past: float) -> Json:
    at = ago(**(past or {"minutes": 30}))
    return {
        "conditions": [
            {
                "type": kind,
                "status": value,
                "reason": reason,
                "message": "it says why",
                "lastTransitionTime": at,
            }
        ]
    }


def release(name: str, version: int, status: str) -> Made:
    labels = {"owner": "helm", "name": name, "status": status, "version": str(version)}
    body: Json = {
        "metadata": {"name": f"sh.helm.release.v1.{name}.v{version}", "labels": labels},
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(b"whatever").decode()},
    }
    return Made("v1/secrets", body)


def running(name: str) -> Json:
    labels = {"app": name}
    pod = {"containers": [{"name": "app", "image": "example.net/app:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def forgotten(name: str) -> Json:
    """A lease that a pod of a Deployment held before it went."""
    held = {"holderIdentity": f"{name}-6f7c9d8b5-zzzzz_id", "leaseDurationSeconds": 15}
    renewed = (dt.datetime.now(dt.UTC) - OLD).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    return {"metadata": {"name": f"{name}-lock"}, "spec": {**held, "renewTime": renewed}}


def later(**ahead: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


WIDGETS = definition("widgets", "Widget")
LEASE: Json = {
    "metadata": {"name": "kube-scheduler", "namespace": "kube-system"},
    "spec": {
        "holderIdentity": "gone",
        "leaseDurationSeconds": 15,
        "renewTime": (dt.datetime.now(dt.UTC) - OLD).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
    },
}

CONTROL = (
    Cause(
        "webhook-service-missing",
        "webhook service missing",
        "webhook/jamie-test-lost",
        made=[webhook("jamie-test-lost", "default/jamie-test-nobody")],
    ),
    Cause(
        "webhook-slow",
        "webhook timeouts",
        "webhook/jamie-test-slow",
        made=[webhook("jamie-test-slow", "shop/frontend", seconds=30)],
    ),
    Cause(
        "ca-bundle-invalid",
        "webhook with an expired CA",
        "webhook/jamie-test-expired",
        made=[webhook("jamie-test-expired", "shop/frontend", bundle=certificate(days=-1))],
    ),
    Cause(
        "ca-bundle-expiring",
        "webhook with a CA about to expire",
        "webhook/jamie-test-expiring",
        made=[webhook("jamie-test-expiring", "shop/frontend", bundle=certificate(days=3))],
    ),
    Cause(
        "",
        "a webhook that answers",
        "webhook/jamie-test-fine",
        made=[webhook("jamie-test-fine", "shop/frontend", bundle=certificate(days=60))],
    ),
    Cause(
        "crd-conversion-broken",
        "CRD conversion fails",
        f"crd/gears.{GROUP}",
        made=[
            definition(
                "gears",
                "Gear",
                conversion={
                    "strategy": "Webhook",
                    "webhook": {
                        "conversionReviewVersions": ["v1"],
                        "clientConfig": {
                            "service": {"namespace": "default", "name": "jamie-test-nobody"}
                        },
                    },
                },
            )
        ],
    ),
    Cause(
        "crd-not-accepted",
        "CRD names collide",
        f"crd/wodgets.{GROUP}",
        made=[definition("wodgets", "Widget")],
    ),
    Cause(
        "leader-lost",
        "control-plane component without a leader",
        "lease/kube-scheduler",
        how="played",
        made=[
            Made("coordination.k8s.io/v1/namespaces/kube-system/leases", LEASE, namespaced=False)
        ],
    ),
    Cause(
        "lease-not-renewed",
        "a controller whose lease-holder is gone",
        "deploy/leaderless",
        how="played",
        made=[
            Made("apps/v1/deployments", running("leaderless"), pods={}),
            Made("coordination.k8s.io/v1/leases", forgotten("leaderless")),
        ],
    ),
    Cause(
        "apiservice-unavailable",
        "APIService unavailable",
        f"apiservice/v1.lost.{GROUP}",
        made=[
            Made(
                "apiregistration.k8s.io/v1/apiservices",
                {
                    "metadata": {"name": f"v1.lost.{GROUP}"},
                    "spec": {
                        "group": f"lost.{GROUP}",
                        "version": "v1",
                        "groupPriorityMinimum": 100,
                        "versionPriority": 10,
                        "insecureSkipTLSVerify": True,
                        "service": {"namespace": "default", "name": "jamie-test-nobody"},
                    },
                },
                namespaced=False,
            )
        ],
    ),
    Cause(
        # Nobody writes the endpoints of the lab's API server itself.
        "webhook-no-endpoints",
        "webhook without endpoints, failurePolicy Fail",
        "webhook/jamie-test-empty",
        made=[webhook("jamie-test-empty", "default/kubernetes")],
    ),
    Cause(
        "namespace-stuck",
        "namespace terminating stuck",
        how="elsewhere",
        why="it counts after two minutes, and no test waits; see"
        " tests/kubernetes/test_diagnose_control.py",
    ),
    Cause(
        "api-server-not-ready",
        "API server not ready",
        how="elsewhere",
        why="the lab's API server is everybody's; see tests/kubernetes/test_diagnose_control.py",
    ),
    Cause(
        "deprecated-api-used",
        "API deprecations against server version",
        how="elsewhere",
        why="the lab's version serves no API that a later one drops; see"
        " tests/kubernetes/test_diagnose_control.py",
    ),
)

OPERATORS = (
    Cause(
        "custom-resource-not-ready",
        "any CR with Ready/Available=False",
        "Widget/unready",
        how="played",
        made=[widget("unready", condition("Ready", "False", "BadThing"))],
    ),
    Cause(
        "custom-resource-not-ready",
        "a CR that is degraded",
        "Widget/degraded",
        how="played",
        made=[widget("degraded", condition("Degraded", "True", "Oops"))],
    ),
    Cause(
        "custom-resource-not-ready",
        "a CR that others refer to, and that are not ready for it",
        "Widget/referred",
        how="played",
        made=[
            widget("referred", condition("Ready", "False", "BadThing")),
            widget(
                "referring",
                condition("Ready", "False", "NotYet"),
                widgetRef={"kind": "Widget", "name": "referred"},
            ),
            widget(
                "waiting",
                condition("Ready", "False", "NotYet"),
                dependsOn=[{"name": "referring"}],
            ),
        ],
    ),
    Cause(
        "custom-resource-failed",
        "a CR in a failed phase (CNPG, Velero, Argo health)",
        "Widget/failed",
        how="played",
        made=[widget("failed", {"phase": "Failed", "message": "no more disk"})],
    ),
    Cause(
        "out-of-sync",
        "Argo/Flux out of sync",
        "Widget/drifted",
        how="played",
        made=[
            widget("drifted", {"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"}})
        ],
    ),
    Cause(
        "controller-lags",
        "observedGeneration lag",
        "Widget/lagging",
        how="elsewhere",
        why="a generation cannot be written; see tests/kubernetes/test_diagnose_operators.py",
    ),
    Cause(
        "certificate-expiring",
        "cert-manager: certificate about to expire",
        "Widget/expiring",
        how="played",
        made=[widget("expiring", {"notAfter": later(days=3)})],
    ),
    Cause(
        "certificate-expired",
        "certificate expired",
        "Widget/expired",
        how="played",
        made=[widget("expired", {"notAfter": ago(days=1)})],
    ),
    Cause(
        "custom-resource-deleting",
        "a CR that is deleted and held by a finalizer",
        how="elsewhere",
        why="it counts after ten minutes, and no test waits; see"
        " tests/kubernetes/test_diagnose_operators.py",
    ),
    Cause(
        "helm-release-failed",
        "Helm release failed",
        "helm/shop",
        how="played",
        made=[release("shop", 1, "deployed"), release("shop", 2, "failed")],
    ),
    Cause(
        "helm-release-pending",
        "Helm release pending",
        "helm/cart",
        how="played",
        made=[release("cart", 1, "pending-upgrade")],
    ),
    Cause(
        "",
        "a CR that is well",
        "Widget/well",
        made=[widget("well", condition("Ready", "True", "Ok"))],
    ),
    Cause(
        "",
        "a CR on its way",
        "Widget/young",
        made=[widget("young", condition("Ready", "False", "Creating", seconds=5))],
    ),
    Cause(
        "",
        "a CR suspended on purpose",
        "Widget/held",
        made=[widget("held", condition("Ready", "False", "BadThing"), suspend=True)],
    ),
    Cause(
        "",
        "a status that breaks every habit",
        "Widget/odd",
        made=[widget("odd", {"conditions": "none", "phase": 7, "health": []})],
    ),
    Cause(
        "", "a Helm release that is deployed", "helm/fine", made=[release("fine", 3, "deployed")]
    ),
)
