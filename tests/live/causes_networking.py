"""Causes between pods: real policies, evaluated offline, for no plugin enforces them here."""

from tests.kubernetes.wire import Json
from tests.live.causes import Cause, Made

NETWORKING_V1 = "networking.k8s.io/v1/networkpolicies"


def workload(name: str, *, port: int = 8080) -> Made:
    container: Json = {
        "name": "app",
        "image": "example.net/app:1",
        "ports": [{"containerPort": port}],
    }
    body: Json = {
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [container]},
            },
        },
    }
    return Made("apps/v1/deployments", body)


def service(name: str, port: int = 8080, **spec: object) -> Made:
    ports = [{"port": 80, "targetPort": port}]
    return Made(
        "v1/services",
        {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": ports, **spec}},
    )


def policy(name: str, chosen: str, **spec: object) -> Made:
    selector = {"podSelector": {"matchLabels": {"app": chosen}}}
    return Made(NETWORKING_V1, {"metadata": {"name": name}, "spec": {**selector, **spec}})


def peer(app: str) -> Json:
    return {"podSelector": {"matchLabels": {"app": app}}}


TO_DNS: Json = {
    "to": [{"namespaceSelector": {}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}

NETWORKING = (
    Cause(
        "netpol-blocks-dns",
        "NetworkPolicy that isolates the pod from DNS",
        "netpol/no-names",
        made=[
            workload("mute"),
            policy("no-names", "mute", policyTypes=["Egress"], egress=[{"to": [peer("mute")]}]),
        ],
    ),
    Cause(
        "",
        "egress that lets names through",
        "netpol/names",
        made=[
            workload("chatty"),
            policy("names", "chatty", policyTypes=["Egress"], egress=[TO_DNS]),
        ],
    ),
    Cause(
        "netpol-denies-service",
        "NetworkPolicy that isolates a Service from everybody",
        "netpol/closed",
        made=[
            workload("hidden"),
            service("hidden"),
            policy("closed", "hidden", policyTypes=["Ingress"]),
        ],
    ),
    Cause(
        "netpol-wrong-port",
        "NetworkPolicy that opens another port than the pods'",
        "netpol/other-door",
        made=[
            workload("door"),
            service("door"),
            policy(
                "other-door", "door", policyTypes=["Ingress"], ingress=[{"ports": [{"port": 80}]}]
            ),
        ],
    ),
    Cause(
        "netpol-allows-nobody",
        "NetworkPolicy for peers that do not exist",
        "netpol/slip",
        made=[
            workload("open"),
            service("open"),
            policy(
                "slip",
                "open",
                policyTypes=["Ingress"],
                ingress=[{"from": [peer("chatti"), peer("chattie")]}],
            ),
        ],
    ),
    Cause(
        "",
        "a policy that lets a client in at the right port",
        "netpol/right",
        made=[
            workload("fine"),
            service("fine"),
            policy(
                "right",
                "fine",
                policyTypes=["Ingress"],
                ingress=[{"from": [peer("chatty")], "ports": [{"port": 8080}]}],
            ),
        ],
    ),
    Cause(
        "dns-down",
        "CoreDNS unhealthy",
        how="elsewhere",
        why="the lab's DNS is everybody's; see tests/kubernetes/test_diagnose_networking.py",
    ),
    Cause(
        "dns-config",
        "CoreDNS overridden",
        how="elsewhere",
        why="the lab's DNS has no Corefile; see tests/kubernetes/test_diagnose_networking.py",
    ),
)
