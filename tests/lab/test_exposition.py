from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from jamie_lab.exporter import Exporter
from jamie_lab.exposition import exposition
from jamie_lab.targets import discovery, targets
from jamie_lab.timeline import Scene
from jamie_lab.world import World


def test_kube_state_metrics_follow_the_objects(scene: Scene, world: World) -> None:
    shown = _samples(scene, world, "/kube-state-metrics")
    name = "kube_pod_container_status"

    assert _value(shown, f"{name}_restarts_total", pod="frontend-1") == 8
    assert _value(shown, f"{name}_waiting_reason", reason="CrashLoopBackOff", pod="frontend-1") == 1
    assert _value(shown, "kube_pod_status_phase", pod="cart-1", phase="Running") == 1
    assert _value(shown, "kube_pod_status_phase", pod="cart-1", phase="Failed") == 0
    assert _value(shown, "kube_pod_status_ready", pod="cart-1", condition="true") == 1
    assert _value(shown, "kube_deployment_spec_replicas", deployment="frontend") == 4
    assert _value(shown, "kube_deployment_status_replicas_ready", deployment="frontend") == 2
    assert _value(shown, "kube_node_status_allocatable", resource="memory") == 32 * 2**30
    assert _value(shown, "kube_node_status_condition", condition="Ready", status="true") == 1


def test_cadvisor_shows_the_containers_of_its_node(scene: Scene, world: World) -> None:
    shown = _samples(scene, world, "/cadvisor/node-1")

    assert _value(shown, "container_cpu_usage_seconds_total", pod="cart-1") > 0
    assert _value(shown, "container_memory_working_set_bytes", pod="cart-1") > 0
    assert _value(shown, "machine_cpu_cores") == 8


def test_a_histogram_and_its_counter_count_the_same_requests(scene: Scene, world: World) -> None:
    shown = _samples(scene, world, "/pods/shop/frontend-3")
    counted = sum(one.value for one in shown if one.name == "http_requests_total")
    buckets = [one.value for one in shown if one.name == "http_request_duration_seconds_bucket"]
    codes = sum(one.name == "http_requests_total" for one in shown)

    assert buckets == sorted(buckets)
    assert buckets[-1] == _value(shown, "http_request_duration_seconds_count")
    # Each code's counter is whole by itself, and may have dropped less than one request.
    assert 0 <= buckets[-1] - counted < codes


def test_a_crash_looping_pod_does_not_answer_its_scrape(scene: Scene, world: World) -> None:
    exporter = Exporter(9)
    exporter.show(targets(scene, world))

    assert exporter.answer("/pods/shop/frontend-1")[0] == 503
    assert exporter.answer("/pods/shop/frontend-3")[0] == 200
    assert exporter.answer("/pods/shop/no-such")[0] == 404


def test_prometheus_is_told_of_every_target(scene: Scene, world: World) -> None:
    groups = discovery(targets(scene, world), "127.0.0.1:9")
    jobs = sorted(group.labels["job"] for group in groups)

    assert jobs == ["cart", *["frontend"] * 4, "kube-state-metrics", "kubelet"]
    assert all(group.targets == ["127.0.0.1:9"] for group in groups)
    assert groups[0].labels["__metrics_path__"] == "/kube-state-metrics"


def _samples(scene: Scene, world: World, path: str) -> list[Sample]:
    target = next(one for one in targets(scene, world) if one.path == path)
    text = exposition(target, scene.loaded_at).decode()
    families: Iterable[Metric] = text_string_to_metric_families(text)

    return [sample for family in families for sample in family.samples]


def _value(samples: list[Sample], name: str, **labels: str) -> float:
    found = [one for one in samples if one.name == name and labels.items() <= one.labels.items()]
    assert len(found) == 1, (name, labels, found)

    return found[0].value
