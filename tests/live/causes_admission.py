"""Causes for which pods are refused, each by what really refuses them."""

import base64

from jamie_lab.paths import folders
from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made
from tests.live.causes_workloads import deploy, ds, job, template

UNIT = "tests/kubernetes/test_causes_admission.py"
NAMESPACE = "jamie-test-diagnose-admission"
POLICED = "jamie-test-policed"
DENIED = "jamie-test-denied"
GUARDED = "jamie-test-guarded"
GUARDS = "admissionregistration.k8s.io/v1"
NEW_PODS: Json = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}


def asking(**requests: str) -> Json:
    return {"container": {"resources": {"requests": requests}}}


def quota(name: str, **hard: str) -> Made:
    spec = {"hard": {key.replace("_", "."): value for key, value in hard.items()}}
    return Made("v1/resourcequotas", {"metadata": {"name": name}, "spec": spec})


def labelled(name: str, label: str) -> Made:
    made = deploy(name)
    made.body["spec"]["template"]["metadata"]["labels"][label] = "yes"

    return made


def bounds(*, low: bool) -> Json:
    limit: Json = {
        "type": "Container",
        "max": {"memory": "1Gi"},
        "default": {"cpu": "500m", "memory": "512Mi"},
        "defaultRequest": {"cpu": "200m", "memory": "256Mi"},
        **({"min": {"cpu": "100m"}} if low else {}),
    }
    return {"spec": {"limits": [limit]}}


def webhook(name: str, label: str, client: Json) -> Made:
    hook: Json = {
        "name": f"{label}.{name}.example.com",
        "clientConfig": client,
        "rules": [NEW_PODS],
        "objectSelector": {"matchLabels": {label: "yes"}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 5,
    }
    body: Json = {"metadata": {"name": name}, "webhooks": [hook]}
    return Made(f"{GUARDS}/validatingwebhookconfigurations", body, namespaced=False)


def denying(port: int) -> Made:
    """A webhook that the test itself answers."""
    trusted = base64.b64encode((folders().certificates / "ca.crt").read_bytes()).decode()
    client = {"url": f"https://127.0.0.1:{port}/", "caBundle": trusted}

    return webhook("jamie-test-denying", DENIED, client)


POLICY = (
    Made(
        f"{GUARDS}/validatingadmissionpolicies",
        {
            "metadata": {"name": "jamie-test-policy"},
            "spec": {
                "matchConstraints": {
                    "resourceRules": [NEW_PODS],
                    "objectSelector": {"matchLabels": {POLICED: "yes"}},
                },
                "validations": [{"expression": "false", "message": "no such pods here"}],
            },
        },
        namespaced=False,
    ),
    Made(
        f"{GUARDS}/validatingadmissionpolicybindings",
        {
            "metadata": {"name": "jamie-test-policy"},
            "spec": {
                "policyName": "jamie-test-policy",
                "validationActions": ["Deny"],
            },
        },
        namespaced=False,
    ),
)
ABSENT: Json = {"url": "https://127.0.0.1:1/"}
LONE: Json = {
    "metadata": {"name": "lone"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "lone"}},
        "template": template("lone", serviceAccountName="robot"),
    },
}

QUOTAS = (
    Cause(
        "quota-exceeded",
        "Pending: quota",
        "deploy/greedy",
        made=[quota("small", requests_cpu="1"), deploy("greedy", pods=asking(cpu="2"))],
    ),
    Cause(
        "quota-needs-requests",
        "Pending: a quota wants requests",
        "deploy/silent",
        made=[deploy("silent")],
    ),
    Cause(
        "quota-full",
        "quota exhausted",
        "quota/full",
        made=[quota("full", configmaps="1")],
    ),
    Cause("", "a quota with room", "quota/roomy", made=[quota("roomy", services="9")]),
)

SECURITY = (
    Cause("pod-security", "Pending: PodSecurity", "deploy/rooted", made=[deploy("rooted")]),
)

ADMISSION = (
    Cause(
        "limit-range-ahead",
        "LimitRange conflicts",
        "deploy/early",
        made=[
            deploy(
                "early",
                pods=asking(cpu="50m"),
                then={"metadata": {"annotations": {"pods": "are there"}}},
            ),
            Made(
                "v1/limitranges",
                {"metadata": {"name": "bounds"}, **bounds(low=False)},
                then=bounds(low=True),
            ),
        ],
    ),
    Cause(
        "limit-range",
        "Pending: LimitRange",
        "deploy/large",
        made=[deploy("large", pods={"container": {"resources": {"limits": {"memory": "2Gi"}}}})],
    ),
    Cause(
        "pod-invalid",
        "invalid pod spec (a LimitRange's default limit)",
        "deploy/crossed",
        made=[deploy("crossed", pods=asking(cpu="1"))],
    ),
    Cause(
        "service-account-missing",
        "Pending: missing service account",
        "serviceaccount/robot",
        made=[
            deploy("robot", pods={"serviceAccountName": "robot"}),
            ds("robot", pods={"serviceAccountName": "robot"}),
            Made("batch/v1/jobs", job("robot", {"serviceAccountName": "robot"})),
            Made("apps/v1/replicasets", LONE),
        ],
    ),
    Cause(
        "priority-class-missing",
        "Pending: missing PriorityClass",
        "deploy/urgent",
        made=[deploy("urgent", pods={"priorityClassName": "jamie-test-nothing"})],
    ),
    Cause(
        "runtime-class-missing",
        "Pending: missing RuntimeClass",
        "deploy/boxed",
        made=[deploy("boxed", pods={"runtimeClassName": "jamie-test-nothing"})],
    ),
    Cause(
        "webhook-unreachable",
        "Control: webhook unreachable, failurePolicy Fail",
        "deploy/guarded",
        made=[webhook("jamie-test-absent", GUARDED, ABSENT), labelled("guarded", GUARDED)],
    ),
    Cause(
        "webhook-denied",
        "Pending: webhook denial",
        "deploy/denied",
        made=[labelled("denied", DENIED)],
    ),
    Cause(
        "admission-policy",
        "ValidatingAdmissionPolicy",
        "deploy/policed",
        made=[labelled("policed", POLICED)],
    ),
    Cause(
        "rbac-forbidden",
        "RBAC forbidden in events",
        how="elsewhere",
        why=f"the lab's controllers may do everything: {UNIT}",
    ),
    Cause(
        "namespace-terminating",
        "namespace terminating",
        how="elsewhere",
        why=f"what makes pods is deleted first: {UNIT}",
    ),
    Cause(
        "security-constraint",
        "Pending: OpenShift's security context constraints",
        how="elsewhere",
        why=f"the lab is no OpenShift: {UNIT}",
    ),
    Cause(
        "name-taken",
        "name conflicts",
        how="elsewhere",
        why=f"StatefulSets keep silent about it (see pod-name-taken), others do not: {UNIT}",
    ),
    Cause(
        "create-refused",
        "a refusal in words we do not know",
        how="elsewhere",
        why=f"we know those of this API server: {UNIT}",
    ),
    Cause(
        "",
        "within its bounds",
        "deploy/modest",
        made=[deploy("modest", pods=asking(cpu="200m", memory="64Mi"))],
    ),
)
