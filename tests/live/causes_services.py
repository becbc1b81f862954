"""Causes of Services at which nothing answers, as the lab's controllers bring them about."""

from typing import Any

from jamie_kubernetes.facts.endpoints import SERVICE_LABEL
from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made, Said
from tests.live.causes_workloads import deploy, deployment, service

UNIT = "tests/kubernetes/test_causes_services.py"
HTTP: Json = {"container": {"ports": [{"name": "http", "containerPort": 8080}]}}
NOT_READY: Json = {
    "conditions": [
        {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    ]
}


def outside(name: str, target: str) -> Made:
    body: Json = {
        "metadata": {"name": name},
        "spec": {"type": "ExternalName", "externalName": target},
    }
    return Made("v1/services", body)


def fronted(name: str, image: str) -> Made:
    """A Deployment whose pods bear a label besides their own."""
    body = deployment(name, 1, {"container": {"image": image}})
    body["spec"]["template"]["metadata"]["labels"]["tier"] = "front"
    return Made("apps/v1/deployments", body)


def ported(name: str, *ports: Json, **spec: Any) -> Made:
    body: Json = {
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [*ports], **spec},
    }
    return Made("v1/services", body)


ADDRESS: Json = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def ingress_class(name: str, controller: str = "example.com/served") -> Made:
    body: Json = {"metadata": {"name": name}, "spec": {"controller": controller}}
    return Made("networking.k8s.io/v1/ingressclasses", body, namespaced=False)


def routed(name: str, of: str) -> Made:
    spec: Json = {
        "defaultBackend": {"service": {"name": name, "port": {"number": 80}}},
        "ingressClassName": of,
    }
    body: Json = {"metadata": {"name": name}, "spec": spec}
    return Made("networking.k8s.io/v1/ingresses", body, ADDRESS)


def bare(name: str) -> Made:
    """A Service that selects nobody."""
    return Made("v1/services", {"metadata": {"name": name}, "spec": {"ports": [{"port": 5432}]}})


def by_hand(name: str, *labels: str, port: str) -> Made:
    """Endpoints that somebody makes, with the Service's name in some labels."""
    body: Json = {
        "metadata": {"name": f"{name}-1", "labels": dict.fromkeys(labels, name)},
        "addressType": "IPv4",
        "ports": [{"name": port, "port": 5432}],
        "endpoints": [{"addresses": ["192.0.2.9"], "conditions": {"ready": True}}],
    }
    return Made("discovery.k8s.io/v1/endpointslices", body)


SERVICES = (
    Cause(
        "service-selects-nothing",
        "selector matches no pod",
        "svc/typo",
        made=[deploy("web", pods=HTTP), service("typo", {"app": "wbe"}, 8080)],
    ),
    Cause(
        "service-none-ready",
        "matches pods but none ready",
        how="elsewhere",
        why=f"is told with what its pods have: {UNIT}",
    ),
    Cause(
        "service-port-unresolved",
        "named port missing",
        "svc/unnamed",
        made=[service("unnamed", {"app": "web"}, "https")],
    ),
    Cause(
        "service-port-not-declared",
        "targetPort not listened to",
        "svc/wrong",
        made=[service("wrong", {"app": "web"}, 9999)],
    ),
    Cause(
        "service-mixes-workloads",
        "selects two workloads by accident",
        "svc/mixed",
        made=[
            fronted("front-web", "example.net/web:1"),
            fronted("front-admin", "example.net/admin:1"),
            service("mixed", {"tier": "front"}),
        ],
    ),
    Cause(
        "load-balancer-pending",
        "LB pending",
        "svc/balanced",
        made=[
            Made(
                "v1/services",
                service("balanced", {"app": "web"}, "http", type="LoadBalancer").body,
                events=[
                    Said(
                        "SyncLoadBalancerFailed",
                        "Error syncing load balancer: quota exceeded",
                        about="Service/balanced",
                    )
                ],
            )
        ],
    ),
    Cause(
        "load-balancer-sync-failed",
        "LB not brought up to date",
        "svc/served",
        how="played",
        made=[
            Made(
                "v1/services",
                service("served", {"app": "web"}, "http", type="LoadBalancer").body,
                {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
                events=[
                    Said(
                        "UpdateLoadBalancerFailed",
                        "Error updating load balancer with new hosts",
                        about="Service/served",
                    )
                ],
            )
        ],
    ),
    Cause(
        "external-name-odd",
        "ExternalName that is an address",
        "svc/numbered",
        made=[outside("numbered", "192.0.2.7")],
    ),
    Cause(
        "external-name-odd",
        "ExternalName of a Service that does not exist",
        "svc/lost",
        made=[outside("lost", "nobody.jamie-test-diagnose-services.svc.cluster.local")],
    ),
    Cause(
        "endpoints-missing",
        "no endpoints controller",
        how="elsewhere",
        why=f"the lab's controller makes endpoints at once: {UNIT}",
    ),
    Cause(
        "endpoints-stale",
        "EndpointSlice stale",
        how="elsewhere",
        why=f"the lab's controller removes them at once: {UNIT}",
    ),
    Cause(
        "endpoints-not-made",
        "a Service without selector that something routes to",
        "svc/unmade",
        made=[
            ingress_class("jamie-test-within"),
            Made(
                "v1/services", {"metadata": {"name": "unmade"}, "spec": {"ports": [{"port": 80}]}}
            ),
            routed("unmade", "jamie-test-within"),
        ],
    ),
    Cause(
        "endpoints-not-made",
        "an EndpointSlice made by hand that names no Service",
        "svc/nameless",
        made=[bare("nameless"), by_hand("nameless", port="")],
    ),
    Cause(
        "service-port-unresolved",
        "an EndpointSlice made by hand whose port has another name",
        "svc/misnamed",
        made=[bare("misnamed"), by_hand("misnamed", SERVICE_LABEL, port="postgres")],
    ),
    Cause(
        "",
        "an EndpointSlice made by hand",
        "svc/handmade",
        made=[bare("handmade"), by_hand("handmade", SERVICE_LABEL, port="")],
    ),
    Cause(
        "local-policy-gaps",
        "internalTrafficPolicy Local without local endpoint",
        "svc/near",
        made=[
            deploy("near", replicas=1),
            service("near", {"app": "near"}, internalTrafficPolicy="Local"),
        ],
    ),
    Cause(
        "local-policy-gaps",
        "externalTrafficPolicy Local at a node port",
        "svc/nodeport",
        made=[service("nodeport", {"app": "near"}, type="NodePort", externalTrafficPolicy="Local")],
    ),
    Cause(
        "",
        "session affinity",
        "svc/sticky",
        made=[ported("sticky", {"port": 80, "targetPort": "http"}, sessionAffinity="ClientIP")],
    ),
    Cause(
        "",
        "a Service of what is scaled to zero",
        "svc/off",
        made=[deploy("off", replicas=0), service("off", {"app": "off"})],
    ),
    Cause("", "ExternalName of a host", "svc/outside", made=[outside("outside", "example.net")]),
    Cause(
        "",
        "a headless Service of ready pods",
        "svc/web",
        made=[service("web", {"app": "web"}, "http", clusterIP="None")],
    ),
    Cause(
        "",
        "externalTrafficPolicy Local behind a load balancer that checks",
        "svc/checked",
        made=[
            Made(
                "v1/services",
                service(
                    "checked",
                    {"app": "near"},
                    type="LoadBalancer",
                    externalTrafficPolicy="Local",
                ).body,
                {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}},
            )
        ],
    ),
)

CHAIN = (
    deploy("chain"),
    service("chain", {"app": "chain"}),
    ingress_class("jamie-test-chained"),
    routed("chain", "jamie-test-chained"),
    Made(
        "policy/v1/poddisruptionbudgets",
        {
            "metadata": {"name": "chain"},
            "spec": {"selector": {"matchLabels": {"app": "chain"}}, "maxUnavailable": 1},
        },
    ),
)
"""A Deployment and all that stands or falls with it."""
