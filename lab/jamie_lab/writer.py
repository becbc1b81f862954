"""Write what pods say to both places it can be read: Loki, and the files behind `kubectl logs`."""

import anyio
import httpx

from jamie_lab import kwok, loki, podlogs
from jamie_lab.incidents import Case, cases, members
from jamie_lab.kube import Kube
from jamie_lab.lines import Line, Stretch, last_words, lines, voices
from jamie_lab.paths import Folders
from jamie_lab.scenario import Workload
from jamie_lab.timeline import RUN_SECONDS, Scene, crashes
from jamie_lab.world import Pod, World

Said = tuple[Pod, list[Line]]


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

    def _listen(self, world: World, stretch: Stretch) -> list[Said]:
        pods = members(world)
        ill = {case.pod.metadata.uid: case for case in cases(self._scene, pods)}

        return [
            (pod, self._hear(workload, pod, ill.get(pod.metadata.uid), stretch))
            for workload in self._scene.scenario.workloads
            for pod in pods.of(workload)
        ]

    def _hear(
        self, workload: Workload, pod: Pod, case: Case | None, stretch: Stretch
    ) -> list[Line]:
        if case is None:
            said = lines(self._scene, pod, voices(self._scene, workload), stretch)
            podlogs.write(self._place, pod, said, [])
            return said

        spoken = lines(self._scene, pod, voices(self._scene, workload, case.sickness), stretch)
        last = last_words(self._scene, workload, case, stretch)
        said = sorted([*spoken, *last])
        podlogs.write(self._place, pod, said, _starts(case, stretch))

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


def _starts(case: Case, stretch: Stretch) -> list[float]:
    # The container that crashed first had been running all along.
    ends = crashes(case.since, stretch[1] + RUN_SECONDS, case.sickness)[1:]
    starts = (end - RUN_SECONDS for end in ends)

    return [start for start in starts if stretch[0] <= start < stretch[1]]
