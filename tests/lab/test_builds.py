from pathlib import Path

import msgspec
import pytest

from jamie_lab import toolchain
from jamie_lab.builds import home, program, stale
from jamie_lab.components import COMPONENTS, Component
from jamie_lab.errors import BuildFailed
from jamie_lab.paths import Folders


def test_every_component_has_its_pins_committed() -> None:
    for component in COMPONENTS:
        text = (component.sources / "go.mod").read_text()

        assert (component.sources / "go.sum").stat().st_size > 0
        assert text.count("\nmodule ") == 1
        assert "=> ../" not in text


def test_versions_in_the_flags_are_those_of_the_pins() -> None:
    wanted = {"kubernetes": "v1.37.2", "kwok": "v0.8.0", "metrics-server": "v0.9.0"}
    for component in COMPONENTS:
        version = wanted.get(component.name)
        if version:
            assert version in component.ldflags
            assert f" {version}\n" in (component.sources / "go.mod").read_text()


def test_a_change_of_flags_is_another_build() -> None:
    component = COMPONENTS[0]
    other = msgspec.structs.replace(component, tags="something")

    assert component.stamp() == msgspec.structs.replace(component).stamp()
    assert component.stamp() != other.stamp()


def test_what_is_built_is_not_stale(place: Folders) -> None:
    assert stale(place) == list(COMPONENTS)

    home(place, COMPONENTS[0]).mkdir(parents=True)

    assert stale(place) == list(COMPONENTS[1:])


def test_a_program_that_is_not_built_says_how_to_build_it(place: Folders) -> None:
    with pytest.raises(BuildFailed, match="kubectl is not built yet; run: scripts/lab build"):
        program(place, "kubectl")


def test_the_newest_go_any_component_asks_for_is_needed() -> None:
    assert toolchain.needed_version() >= (1, 26, 7)


def test_a_go_that_is_too_old_does_not_count(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.19.13\n")
    go.chmod(0o755)

    assert toolchain.go_version(go) == (1, 19, 13)
    assert toolchain.go_version(go) < toolchain.needed_version()


def test_something_that_is_no_go_has_no_version(tmp_path: Path) -> None:
    assert toolchain.go_version(tmp_path / "nothing") == (0,)


def test_stamps_differ_between_components() -> None:
    stamps: list[str] = [Component.stamp(component) for component in COMPONENTS]

    assert len(set(stamps)) == len(COMPONENTS)
