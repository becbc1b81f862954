import itertools

from jamie_lab.backfill import history, moments
from jamie_lab.history import epochs, world_at
from jamie_lab.scenario import Meter
from jamie_lab.timeline import Scene, spans, total
from jamie_lab.world import World

MINUTE = 60


def test_before_the_onset_everything_was_well(scene: Scene, world: World) -> None:
    before = world_at(scene, world, scene.loaded_at - 30 * MINUTE)

    assert all(pod.ready for pod in before.pods)
    assert all(pod.status.container_statuses[0].restart_count == 0 for pod in before.pods)
    assert before.deployments[0].status.ready_replicas == 4


def test_restarts_grow_towards_today(scene: Scene, world: World) -> None:
    counts = [
        epoch.world.pods[1].status.container_statuses[0].restart_count
        for epoch in epochs(scene, world)
    ]

    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] >= 5


def test_epochs_cover_the_history_without_a_gap(scene: Scene, world: World) -> None:
    listed = epochs(scene, world)

    assert listed[0].start == scene.history_start
    assert listed[-1].end == scene.loaded_at
    assert all(one.end == two.start for one, two in itertools.pairwise(listed))


def test_scrapes_of_neighbouring_stretches_neither_repeat_nor_skip() -> None:
    assert moments(0, 47) + moments(47, 120) == moments(0, 120)


def test_a_crashed_pod_leaves_its_metrics_at_the_onset(scene: Scene, world: World) -> None:
    parts = [
        (series, scrapes)
        for series, scrapes in history(scene, world)
        if series.labels.get("pod") == "frontend-1" and series.labels.get("job") == "frontend"
    ]
    onset = scene.loaded_at - 20 * MINUTE
    requests = [at for one, at in parts if one.name == "http_requests_total" for at in at]
    up = [(when, one.value(when)) for one, at in parts if one.name == "up" for when in at]

    assert max(requests) < onset <= max(requests) + 15
    assert {value for when, value in up if when < onset} == {1.0}
    assert {value for when, value in up if when >= onset} == {0.0}


def test_counters_never_fall_and_follow_their_rate(scene: Scene) -> None:
    workload = next(one for one in scene.scenario.workloads if one.name == "auth-service")
    life = spans(scene, workload)

    def timeouts(moment: float) -> float:
        return total(life, lambda one: _rate(one.meters), moment)

    values = [timeouts(when) for when in moments(scene.history_start, scene.loaded_at)]

    assert values == sorted(values)
    assert timeouts(scene.loaded_at - 20 * MINUTE) == 0
    assert 3.7 * 20 * MINUTE < timeouts(scene.loaded_at) < 4.4 * 20 * MINUTE


def _rate(meters: list[Meter]) -> float:
    return next(one.value for one in meters if one.name == "auth_idp_timeouts_total")
