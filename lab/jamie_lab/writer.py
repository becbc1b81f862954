"""Write what pods say to both places it can be read: Loki, and the files behind `kubectl logs`."""

import anyio
import httpx

from jamie_lab import kwok, loki, podlogs
from jamie_lab.incidents import cases, members
from jamie_lab.kube import Kube
from jamie_lab.lines import Line, lines, voices
from jamie_lab.paths import Folders
from jamie_lab.timeline import Scene, crashes
from jamie_lab.world import Pod, World

Stretch = tuple[float, float]


class Writer:
    """Writes the logs of a scene; remembers which pods the API server can already find them of."""

    def __init__(self, place: Folders, scene: Scene, kube: Kube, http: httpx.AsyncClient) -> None:
        self._place = place
        self._scene = scene
        self._kube = kube
        self._http = http
        self._found: set[str] = set()

    async def write(self, world: World, stretch: Stretch) -> int:
        """Write everything said in a stretch of time (epoch seconds); return how many entries."""
        said = await anyio.to_thread.run_sync(self._listen, world, stretch)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(
                loki.push, self._http, [(loki.labels(pod), listed) for pod, listed in said]
            )
            for pod, _ in said:
                tasks.start_soon(self._announce, pod)

        return sum(len(listed) for _, listed in said)

    def _listen(self, world: World, stretch: Stretch) -> list[tuple[Pod, list[Line]]]:
        pods = members(world)
        restarts = {
            case.pod.metadata.uid: crashes(case.since, stretch[1], case.sickness)
            for case in cases(self._scene, pods)
        }
        said: list[tuple[Pod, list[Line]]] = []
        for workload in self._scene.scenario.workloads:
            well = voices(self._scene, workload, sick=False)
            ill = voices(self._scene, workload, sick=True)
            for pod in pods.of(workload):
                uid = pod.metadata.uid
                listed = lines(self._scene, pod, ill if uid in restarts else well, stretch)
                fell = [one for one in restarts.get(uid, []) if stretch[0] <= one < stretch[1]]
                podlogs.write(self._place, pod, listed, fell)
                said.append((pod, listed))

        return said

    async def _announce(self, pod: Pod) -> None:
        if pod.metadata.uid in self._found:
            return

        files = dict.fromkeys(
            (container.name for container in pod.spec.containers), podlogs.files(self._place, pod)
        )
        metadata = pod.metadata
        await self._kube.apply(kwok.pod_logs(metadata.namespace, metadata.name, files))
        self._found.add(metadata.uid)
