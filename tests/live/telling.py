"""A pod of a test's own, which writes the lines that the test wants, and events about it."""

import time
from pathlib import Path
from typing import NamedTuple

import httpx

from jamie_lab.kwok import pod_logs
from jamie_lab.lines import Line
from jamie_lab.podlogs import cri
from jamie_lab.waiting import until
from tests.live.space import IMAGE, made, pods


class Teller(NamedTuple):
    """A pod and its log."""

    kube: httpx.Client
    namespace: str
    name: str
    log: Path

    def say(self, text: str) -> None:
        """Write a line."""
        with self.log.open("a") as output:
            output.write(cri(Line(time.time_ns(), text)))

    def happens(self, what: str) -> None:
        """Let an event about the pod be written."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        about = {"apiVersion": "v1", "kind": "Pod", "namespace": self.namespace, "name": self.name}
        event = {
            "metadata": {"name": f"{self.name}.{what}"},
            "involvedObject": about,
            "type": "Normal",
            "reason": "Tested",
            "message": what,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
        }
        made(self.kube, f"/api/v1/namespaces/{self.namespace}/events", event)


async def telling(kube: httpx.Client, namespace: str, name: str, folder: Path) -> Teller:
    """Make a pod that says nothing yet, and wait until it runs."""
    log, before = folder / f"{name}.log", folder / f"{name}.before.log"
    log.touch()
    before.touch()
    kwok = f"/apis/kwok.x-k8s.io/v1alpha1/namespaces/{namespace}/logs"
    made(kube, kwok, pod_logs(namespace, name, {"app": (log, before)}))
    spec = {"containers": [{"name": "app", "image": IMAGE}]}
    about = {"name": name, "labels": {"app": "teller"}}
    made(kube, f"/api/v1/namespaces/{namespace}/pods", {"metadata": about, "spec": spec})

    async def runs() -> bool:
        return any(one["metadata"]["name"] == name for one in pods(kube, namespace))

    assert await until(runs), f"{name} never ran"
    return Teller(kube, namespace, name, log)
