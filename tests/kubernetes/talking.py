"""A Deployment whose pods say what a test wants them to say."""

from typing import Any

from tests.kubernetes.taps import Played
from tests.kubernetes.wire import Json, container, ended, pod, workload

DAY = "2026-11-20T"
PODS = "/api/v1/namespaces/shop/pods"


def shop_pod(name: str, **fields: Any) -> Json:
    one = pod(name, owner=fields.pop("owner", "ReplicaSet/web-7d9f8c6b5"), **fields)
    one["metadata"].setdefault("labels", {})["app"] = "web"

    return one


def talking() -> Played:
    """A Deployment with two pods that wrote a line each before."""
    played = Played()
    played.api.objects["deployments"] = [workload("web")]
    played.api.objects["pods"] = [shop_pod("web-7d9f8c6b5-aaaaa"), shop_pod("web-7d9f8c6b5-bbbbb")]
    for name in ("aaaaa", "bbbbb"):
        played.log(f"web-7d9f8c6b5-{name}", f"{DAY}10:00:00.1Z old {name}")

    return played


def finish(played: Played, name: str) -> None:
    """Let a pod be done: who follows it has its last line, and stops before the time is over."""
    done = container(state=ended(0, "Completed"), ready=False)
    played.api.objects["pods"] = [shop_pod(name, phase="Succeeded", containers=[done])]
    played.end_log(name)
