"""Build the lab's programs once, and find them again."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from jamie_lab.components import COMPONENTS, Component
from jamie_lab.errors import BuildFailed
from jamie_lab.paths import Folders
from jamie_lab.progress import say
from jamie_lab.toolchain import find_go


def build(place: Folders) -> None:
    """Build every component that is not current, one after another, telling how it goes.

    Raises BuildFailed when there is no Go or a build fails; go's own words are on stderr by then.
    """
    missing = stale(place)
    if not missing:
        say("Every program is current.")
        return

    go = find_go(place)
    say(f"Building {len(missing)} of {len(COMPONENTS)} components with {go} (minutes, once) ...")
    for number, component in enumerate(missing, 1):
        began = time.monotonic()
        say(f"[{number}/{len(missing)}] {component.name}: {', '.join(component.programs)} ...")
        _build_one(place, component, go)
        say(f"[{number}/{len(missing)}] {component.name}: {time.monotonic() - began:.0f} s")


def stale(place: Folders) -> list[Component]:
    """List the components whose programs are missing or were built from something else."""
    return [component for component in COMPONENTS if not home(place, component).is_dir()]


def home(place: Folders, component: Component) -> Path:
    """Return the folder of a component's programs, named after what they are made from."""
    return place.binaries / f"{component.name}-{component.stamp()}"


def program(place: Folders, name: str) -> Path:
    """Return the path of a built program; BuildFailed when it is not there."""
    component = next(part for part in COMPONENTS if name in part.programs)
    path = home(place, component) / name
    if not path.exists():
        raise BuildFailed(f"{name} is not built yet; run: scripts/lab build")

    return path


def kwok_manifests(place: Folders) -> Path:
    """Return the folder of kwok's own CRDs, stages and metrics, as its release ships them."""
    component = next(part for part in COMPONENTS if part.name == "kwok")

    return home(place, component) / "manifests"


def _build_one(place: Folders, component: Component, go: Path) -> None:
    folder = home(place, component)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True)
    try:
        for name, package in component.programs.items():
            _go(go, component, ["build", *_flags(component), "-o", str(unfinished / name), package])
        for kept, (module, path) in component.keeps.items():
            _keep_yaml(_module_folder(go, component, module) / path, unfinished / kept)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _flags(component: Component) -> list[str]:
    return ["-trimpath", "-tags", component.tags, "-ldflags", component.ldflags]


def _module_folder(go: Path, component: Component, module: str) -> Path:
    return Path(_go(go, component, ["list", "-m", "-f", "{{.Dir}}", module]).strip())


def _keep_yaml(source: Path, target: Path) -> None:
    for file in source.rglob("*.yaml"):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())


def _go(go: Path, component: Component, arguments: list[str]) -> str:
    # The flags a machine may carry in GOFLAGS must not change what we build; -mod=readonly
    # because the pins are committed.
    environment = os.environ | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    result = subprocess.run(
        [go, *arguments],
        cwd=component.sources,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BuildFailed(f"go {arguments[0]} failed for {component.name} (see above).")

    return result.stdout
