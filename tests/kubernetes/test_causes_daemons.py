"""DaemonSets that are not where they should be, seen the way a model sees it."""

from typing import Any

from tests.kubernetes.conftest import Ask
from tests.kubernetes.diagnosed import backing_off, ran
from tests.kubernetes.offers import offer
from tests.kubernetes.test_causes_workloads import unready
from tests.kubernetes.wire import Api, Json, condition, meta, node, pod


def daemon(name: str = "logs", *, spec: Json | None = None, **status: Any) -> Json:
    counts = {
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberReady": 2,
        **status,
    }
    template: Json = {"spec": {"containers": [], **(spec or {})}}
    return {
        "metadata": meta(name, "shop"),
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
        "status": counts,
    }


async def test_nodes_without_a_daemon_set_s_pod_are_named(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-2")]
    api.objects["daemonsets"] = [daemon(numberReady=1)]
    there = pod("logs-a", owner="DaemonSet/logs", metadata={"labels": {"app": "logs"}})
    api.objects["pods"] = [there, unready("logs-b", "DaemonSet/logs", {"app": "logs"})]

    text = await ask("k8s_diagnose")

    assert "BROKEN shop/ds/logs: 1 node without a ready pod of it: node-2" in text
    assert "(daemonset-misses-nodes)" in text


def on(node: str, name: str, **fields: Any) -> Json:
    """A pod of the DaemonSet on a node."""
    labels = {"labels": {"app": "logs"}}
    return pod(name, owner="DaemonSet/logs", node=node, metadata=labels, **fields)


def unheard(name: str) -> Json:
    """A pod whose node reports no more."""
    words = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    return on("node-3", name, conditions=[condition("Ready", "False", **words)])


async def test_what_is_wrong_elsewhere_is_told_beside_a_lost_node(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-2"), node("node-3", ready="Unknown")]
    counts: dict[str, Any] = {
        "desiredNumberScheduled": 3,
        "currentNumberScheduled": 3,
        "numberReady": 1,
    }
    api.objects["daemonsets"] = [daemon(**counts)]
    broken = backing_off(ran(1))
    sick = on("node-2", "logs-b", containers=[broken])
    api.objects["pods"] = [on("node-1", "logs-a"), sick, unheard("logs-c")]
    api.logs["logs-b"] = "FATAL: no such file or directory: /etc/logs.conf"

    text = await ask("k8s_diagnose")

    assert text.startswith("2 findings")
    lost, _, elsewhere = text.partition("\n2. BROKEN shop/ds/logs: container app ends with exit 1")
    assert "1. BROKEN node/node-3" in lost
    assert "hits: shop/ds/logs" in lost
    assert "1 node without a ready pod of it: node-2\n" in elsewhere
    assert "node-3" not in elsewhere
    assert "\n1: " not in elsewhere


async def test_a_node_without_a_pod_is_told_beside_a_lost_node(ask: Ask, api: Api) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-2"), node("node-3", ready="Unknown")]
    counts: dict[str, Any] = {
        "desiredNumberScheduled": 3,
        "currentNumberScheduled": 2,
        "numberReady": 1,
    }
    api.objects["daemonsets"] = [daemon(**counts)]
    api.objects["pods"] = [on("node-1", "logs-a"), unheard("logs-c")]

    text = await ask("k8s_diagnose")

    assert "2. BROKEN shop/ds/logs: has no pod on node-2 for" in text
    assert "next: k8s_events object=ds/logs namespace=shop" in text


async def test_a_daemon_set_that_lacks_pods_on_lost_nodes_only_is_hit_by_those(
    ask: Ask, api: Api
) -> None:
    api.objects["nodes"] = [node("node-1"), node("node-3", ready="Unknown")]
    api.objects["daemonsets"] = [daemon(numberReady=1)]
    api.objects["pods"] = [on("node-1", "logs-a"), unheard("logs-c")]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "hits: shop/ds/logs" in text


async def test_a_taint_that_keeps_a_daemon_set_away_is_a_risk(ask: Ask, api: Api) -> None:
    taints = [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]
    usual = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    api.objects["nodes"] = [node("n1"), node("n2", taints=taints), node("n3", taints=usual)]
    tolerant = {"tolerations": [{"operator": "Exists"}]}
    api.objects["daemonsets"] = [daemon(), daemon("proxy", spec=tolerant)]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "AT RISK shop/ds/logs: it has no pod on n2: it does not tolerate the taint" in text
    assert "dedicated=gpu:NoSchedule" in text


async def test_each_taint_that_keeps_a_daemon_set_away_has_its_nodes(ask: Ask, api: Api) -> None:
    gpu = [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]
    repair = [{"key": "repair", "effect": "NoExecute"}]
    hosts = {"n1": [], "n2": gpu, "n3": repair, "n4": gpu}
    api.objects["nodes"] = [node(name, taints=taints) for name, taints in hosts.items()]
    api.objects["daemonsets"] = [daemon()]

    text = await ask("k8s_diagnose")

    assert (
        "it has no pod on 3 nodes: it does not tolerate the taints dedicated=gpu:NoSchedule (n2"
        " and n4) and repair:NoExecute (n3)"
    ) in text


async def test_a_node_selector_that_almost_fits_is_told(ask: Ask, api: Api) -> None:
    offer(api, {})
    one = node("node-1")
    one["metadata"]["labels"] = {"disk": "fast-ssd", "kubernetes.io/os": "linux"}
    api.objects["nodes"] = [one]
    none = {"desiredNumberScheduled": 0, "currentNumberScheduled": 0, "numberReady": 0}
    api.objects["daemonsets"] = [
        daemon("typo", spec={"nodeSelector": {"disk": "fast-sdd"}}, **none),
        daemon("gpus", spec={"nodeSelector": {"gpu": "a100"}}, **none),
    ]

    text = await ask("k8s_diagnose")

    assert text.startswith("1 finding")
    assert "ds/typo: its nodeSelector disk=fast-sdd fits no node; there are nodes with" in text
    assert "(daemonset-fits-no-node, likely)" in text


async def test_pods_where_they_do_not_belong_any_more_are_a_risk(ask: Ask, api: Api) -> None:
    api.objects["daemonsets"] = [daemon(numberMisscheduled=1)]

    text = await ask("k8s_diagnose")

    assert "AT RISK shop/ds/logs: 1 pod of it runs where it does not belong" in text
    assert "(daemonset-misscheduled)" in text
