"""DaemonSets that are not where they should be, seen the way a model sees it."""

from typing import Any

from tests.kubernetes.conftest import Ask
from tests.kubernetes.offers import offer
from tests.kubernetes.test_causes_workloads import unready
from tests.kubernetes.wire import Api, Json, meta, node, pod


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
