from jamie_lab.incidents import cases, members
from jamie_lab.lines import Line, last_words, lines, voices
from jamie_lab.podlogs import cri
from jamie_lab.timeline import Scene, crashes
from jamie_lab.world import World

MINUTE = 60


def test_the_same_stretch_of_time_gives_the_same_lines(scene: Scene, world: World) -> None:
    cart = world.pods[0]
    workload = next(one for one in scene.scenario.workloads if one.name == "cart")
    spoken = voices(scene, workload)
    start, end = scene.loaded_at - 10 * MINUTE, scene.loaded_at
    whole = lines(scene, cart, spoken, (start, end))
    halves = [
        *lines(scene, cart, spoken, (start, start + 211.7)),
        *lines(scene, cart, spoken, (start + 211.7, end)),
    ]

    assert whole == halves
    assert whole == sorted(whole)
    assert 80 < len(whole) < 130


def test_a_crash_looping_pod_only_speaks_before_it_ends(scene: Scene, world: World) -> None:
    workload = next(one for one in scene.scenario.workloads if one.name == "frontend")
    case = cases(scene, members(world))[0]
    stretch = (case.since, scene.loaded_at)
    spoken = lines(scene, case.pod, voices(scene, workload, case.sickness), stretch)
    last = last_words(scene, workload, case, stretch)
    ends = crashes(case.since, scene.loaded_at + MINUTE, case.sickness)

    assert spoken == []
    assert last == sorted(last)
    assert all(any(0 < end - line.nanoseconds / 1e9 < 5 for end in ends) for line in last)
    assert any("level=fatal" in line.text for line in last)


def test_errors_begin_at_the_onset(scene: Scene, world: World) -> None:
    workload = next(one for one in scene.scenario.workloads if one.name == "frontend")
    well = world.pods[3]
    onset = scene.loaded_at - 20 * MINUTE
    spoken = voices(scene, workload)
    before = lines(scene, well, spoken, (scene.history_start, onset))
    after = lines(scene, well, spoken, (onset, scene.loaded_at))

    assert not any("level=error" in line.text for line in before)
    assert sum("level=error" in line.text for line in after) > 100


def test_every_line_of_an_entry_carries_the_time_in_a_cri_file() -> None:
    entry = Line(1_700_000_000_000_000_001, "first\n\tsecond")

    assert cri(entry) == (
        "2023-11-14T22:13:20.000000001Z stdout F first\n"
        "2023-11-14T22:13:20.000000001Z stdout F \tsecond\n"
    )
