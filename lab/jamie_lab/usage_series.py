"""What cAdvisor inside the kubelet of one node exposes about its containers."""

from functools import partial

from jamie_lab.manifests import USAGE
from jamie_lab.quantities import number
from jamie_lab.scenario import Labels, Workload
from jamie_lab.series import Family, Value, constant, family, gauges
from jamie_lab.timeline import Scene, Span, spans, swing, total
from jamie_lab.world import Container, Node, Pod

RECEIVED_BYTES_PER_REQUEST = 1_400
SENT_BYTES_PER_REQUEST = 9_000


def usage_families(
    scene: Scene, node: Node, pods: list[Pod], known: dict[str, Workload]
) -> list[Family]:
    """Return the families of one node's cAdvisor, for the pods that run there."""
    lives = {key: spans(scene, workload) for key, workload in known.items()}
    containers = [
        (_labels(pod, container), pod, container)
        for pod in pods
        for container in pod.spec.containers
        if pod.status.phase == "Running"
    ]

    return [
        family(
            "container_cpu_usage_seconds_total",
            "counter",
            "Cumulative cpu time consumed in seconds.",
            [
                ({**labels, "cpu": "total"}, _cpu(scene, lives, pod))
                for labels, pod, _ in containers
            ],
        ),
        family(
            "container_memory_working_set_bytes",
            "gauge",
            "Current working set in bytes.",
            [(labels, _memory(pod)) for labels, pod, _ in containers],
        ),
        _limits(containers),
        _traffic("receive", RECEIVED_BYTES_PER_REQUEST, lives, pods),
        _traffic("transmit", SENT_BYTES_PER_REQUEST, lives, pods),
        *_machine(node),
    ]


def _cpu(scene: Scene, lives: dict[str, list[Span]], pod: Pod) -> Value:
    life = lives.get(pod.workload)
    if life:
        return partial(total, life, _cores)

    cores = _annotated(pod, "cpu", "1m")

    def value(moment: float) -> float:
        return cores * (moment - scene.history_start)

    return value


def _cores(workload: Workload) -> float:
    return number(workload.usage.cpu)


def _memory(pod: Pod) -> Value:
    size = _annotated(pod, "memory", "1Mi")

    def value(moment: float) -> float:
        return size * (0.9 + 0.1 * swing(moment))

    return value


def _annotated(pod: Pod, resource: str, otherwise: str) -> float:
    return number(pod.metadata.annotations.get(f"{USAGE}{resource}", otherwise))


def _limits(containers: list[tuple[Labels, Pod, Container]]) -> Family:
    limited = [
        (labels, number(container.resources.limits["memory"]))
        for labels, _, container in containers
        if "memory" in container.resources.limits
    ]

    return gauges("container_spec_memory_limit_bytes", "Memory limit for the container.", limited)


def _traffic(way: str, size: int, lives: dict[str, list[Span]], pods: list[Pod]) -> Family:
    def rate(workload: Workload) -> float:
        return size * workload.http.rate if workload.http else 0.0

    series = [
        (
            {"namespace": pod.metadata.namespace, "pod": pod.metadata.name, "interface": "eth0"},
            partial(total, lives[pod.workload], rate),
        )
        for pod in pods
        if pod.workload in lives
    ]
    help_ = f"Cumulative count of bytes {'received' if way == 'receive' else 'transmitted'}."

    return family(f"container_network_{way}_bytes_total", "counter", help_, series)


def _machine(node: Node) -> list[Family]:
    capacity = node.status.capacity
    cores, memory = number(capacity.get("cpu", "0")), number(capacity.get("memory", "0"))

    return [
        family(
            "machine_cpu_cores", "gauge", "Number of logical CPU cores.", [({}, constant(cores))]
        ),
        gauges(
            "machine_memory_bytes", "Amount of memory installed on the machine.", [({}, memory)]
        ),
    ]


def _labels(pod: Pod, container: Container) -> Labels:
    return {
        "namespace": pod.metadata.namespace,
        "pod": pod.metadata.name,
        "container": container.name,
        "image": container.image,
        "id": f"/kubepods/burstable/pod{pod.metadata.uid}",
    }
