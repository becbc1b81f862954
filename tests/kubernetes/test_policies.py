"""NetworkPolicies evaluated offline, by the rules of the API's own documentation."""

from typing import Any

import msgspec
import pytest

from jamie_kubernetes.client.network import ContainerPort, NetService
from jamie_kubernetes.client.policies import NetworkPolicy
from jamie_kubernetes.facts.causes.networking import Net, policy_findings
from jamie_kubernetes.facts.neighbours import Neighbours
from jamie_kubernetes.facts.policies import Gate, Peer, may_reach
from tests.kubernetes.wire import Json, meta

WEB = Peer("shop", {"app": "web"}, {"team": "a"})
DB = Peer("data", {"app": "db"}, {"team": "b"}, (ContainerPort(5432, "pg"),))
AT_DB = Gate(5432)
OPEN: list[Json] = [{}]


def policy(namespace: str = "data", chosen: Json | None = None, **spec: object) -> NetworkPolicy:
    body = {"metadata": meta("guard", namespace), "spec": {"podSelector": chosen or {}, **spec}}
    return msgspec.json.decode(msgspec.json.encode(body), type=NetworkPolicy)


def service(namespace: str) -> NetService:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    body = {"metadata": meta("web", namespace), "spec": spec}
    return msgspec.json.decode(msgspec.json.encode(body), type=NetService)


def labels(**wanted: str) -> Json:
    return {"matchLabels": wanted}


def rule(*peers: Json, ports: list[Json] | None = None) -> list[Json]:
    return [{"from": list(peers), **({"ports": ports} if ports else {})}]


def test_without_policies_everything_is_open() -> None:
    assert may_reach([], WEB, DB, AT_DB).allowed is True


def test_a_policy_of_other_pods_or_namespaces_changes_nothing() -> None:
    elsewhere = policy("shop", labels(app="other"), policyTypes=["Ingress", "Egress"])

    assert may_reach([elsewhere, policy("third")], WEB, DB, AT_DB).allowed is True


def test_a_policy_without_rules_denies_and_is_named() -> None:
    verdict = may_reach([policy()], WEB, DB, AT_DB)

    assert (verdict.allowed, verdict.by) == (False, ("netpol/guard",))
    assert verdict.why == "no rule of netpol/guard lets it in"


def test_egress_counts_at_the_source() -> None:
    verdict = may_reach([policy("shop", policyTypes=["Egress"])], WEB, DB, AT_DB)

    assert verdict.why == "no rule of netpol/guard lets it out"


@pytest.mark.parametrize(
    ("ingress", "allowed"),
    [
        (OPEN, True),
        (rule({"podSelector": labels(app="web")}), False),
        (rule({"namespaceSelector": labels(team="a")}), True),
        (rule({"namespaceSelector": {}}), True),
        (rule({"namespaceSelector": labels(team="c")}), False),
        (rule({"namespaceSelector": labels(team="a"), "podSelector": labels(app="web")}), True),
        (rule({"namespaceSelector": labels(team="a"), "podSelector": labels(app="x")}), False),
        (rule({"namespaceSelector": {}}, ports=[{"port": 5432}]), True),
        (rule({"namespaceSelector": {}}, ports=[{"port": "pg"}]), True),
        (rule({"namespaceSelector": {}}, ports=[{"port": 5000, "endPort": 6000}]), True),
        (rule({"namespaceSelector": {}}, ports=[{"port": 80}]), False),
        (rule({"namespaceSelector": {}}, ports=[{"port": 5432, "protocol": "UDP"}]), False),
        (rule({"namespaceSelector": {}}, ports=[{"protocol": "TCP"}]), True),
        (rule({"ipBlock": {"cidr": "0.0.0.0/0"}}), True),
        (rule({"ipBlock": {"cidr": "10.0.0.0/8"}}), None),
    ],
)
def test_one_rule_has_to_let_it_in(ingress: list[Json], allowed: bool | None) -> None:
    verdict = may_reach([policy(ingress=ingress, policyTypes=["Ingress"])], WEB, DB, AT_DB)

    assert verdict.allowed is allowed


def test_one_of_several_policies_is_enough() -> None:
    both = [policy(), policy(ingress=OPEN)]

    assert may_reach(both, WEB, DB, AT_DB).allowed is True


def test_a_namespace_of_unknown_labels_leaves_it_open() -> None:
    stranger = Peer("shop", {"app": "web"}, None)
    chosen = policy(ingress=rule({"namespaceSelector": labels(team="a")}))

    assert may_reach([chosen], stranger, DB, AT_DB).allowed is None


def test_a_service_s_named_port_is_the_pod_s() -> None:
    chosen = policy(ingress=[{"ports": [{"port": 5432}]}])

    assert may_reach([chosen], WEB, DB, Gate("pg")).allowed is True
    assert may_reach([chosen], WEB, DB, Gate("http")).allowed is False


class Looked(dict[str, str]):
    """Labels that count how often a selector asks for them."""

    times = 0

    def items(self) -> Any:
        Looked.times += 1
        return super().items()


def test_each_namespace_is_judged_by_its_own_policies_without_looking_at_the_others() -> None:
    names = [f"team-{number}" for number in range(100)]
    pods = [
        Neighbours(Peer(name, Looked(app="web", team=name), {}), "deploy/web", 1, 1)
        for name in names
    ]
    unknown = rule({"podSelector": labels(app="nowhere")})
    net = Net(
        policies=[policy(name, policyTypes=["Ingress"], ingress=unknown) for name in names],
        pods=pods,
        services=[service(name) for name in names],
        routed=frozenset(),
        whole=True,
        now_ns=0,
    )

    found = [*policy_findings(net)]

    assert len(found) == len(names)
    assert Looked.times < 10 * len(names)
