"""One naming law, and a workspace that installs as it says."""

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution, entry_points, requires, version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SERVERS = sorted(path.parent.name for path in ROOT.glob("servers/*/pyproject.toml"))
LIBS = sorted(path.parent.name for path in ROOT.glob("libs/*/pyproject.toml"))

each_server = pytest.mark.parametrize("name", SERVERS)


@cache
def project(path: Path) -> dict[str, Any]:
    return tomllib.loads((path / "pyproject.toml").read_text())


def members() -> dict[str, Path]:
    """Return every member of the workspace by its distribution's name."""
    folders = [ROOT, ROOT / "lab", *(ROOT / "servers").glob("*"), *(ROOT / "libs").glob("*")]
    found = [folder for folder in folders if (folder / "pyproject.toml").exists()]

    return {project(folder)["project"]["name"]: folder for folder in found}


def committed() -> Iterator[Path]:
    """Yield the text files a commit holds or would hold."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path


@each_server
def test_a_server_has_one_name_everywhere(name: str) -> None:
    folder = ROOT / "servers" / name
    package = f"jamie_{name}"
    described = project(folder)["project"]
    settings = importlib.import_module(f"{package}.settings").Settings

    assert described["name"] == f"jamie-{name}"
    assert described["scripts"] == {f"jamie-{name}": f"{package}.server:main"}
    assert described["entry-points"] == {"jamie.servers": {name: package}}
    assert (folder / package / "py.typed").exists()
    assert settings.model_config["env_prefix"] == f"JAMIE_{name.upper()}_"
    assert list((ROOT / "tests" / name).glob("test_*.py"))


def test_the_installed_entry_points_are_the_servers_folders() -> None:
    assert sorted(entry.name for entry in entry_points(group="jamie.servers")) == SERVERS


@pytest.mark.parametrize("name", LIBS)
def test_a_library_has_one_name_everywhere(name: str) -> None:
    folder = ROOT / "libs" / name

    assert project(folder)["project"]["name"] == f"jamie-{name}"
    assert (folder / f"jamie_{name}" / "py.typed").exists()
    assert list((ROOT / "tests" / name).glob("test_*.py"))


def test_the_host_is_jamie_and_its_distribution_jamie_host() -> None:
    described = project(ROOT)["project"]

    assert described["name"] == "jamie-host"
    assert described["scripts"] == {"jamie": "jamie_host.cli:main"}
    assert sorted(described["optional-dependencies"]["servers"]) == sorted(
        f"jamie-{name}" for name in SERVERS
    )


def test_nothing_shadows_the_kubernetes_client_library() -> None:
    forbidden = [
        *ROOT.glob("servers/__init__.py"),
        *ROOT.glob("servers/*/__init__.py"),
        *ROOT.glob("tests/**/__init__.py"),
    ]
    library = importlib.import_module("kubernetes")

    assert forbidden == []
    assert library.__file__
    assert Path(library.__file__).is_relative_to(Path(sys.prefix))
    assert version("kubernetes") == library.__version__


def test_every_member_is_installed_and_of_one_version() -> None:
    versions = {name: version(name) for name in members()}

    assert set(versions.values()) == {version("jamie-host")}
    assert versions == {
        name: project(folder)["project"]["version"] for name, folder in members().items()
    }


@pytest.mark.parametrize("name", sorted(members()))
def test_a_wheel_holds_its_package_and_nothing_else(name: str, tmp_path: Path) -> None:
    package = name.replace("-", "_")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=members()[name], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = {line.split()[0] for line in listed.splitlines()[1:]}
    own = {
        path.relative_to(members()[name]).as_posix()
        for path in (members()[name] / package).rglob("*.py")
    }

    assert own <= files
    assert {file.split("/")[0] for file in files} == {
        package,
        f"{package}-{version(name)}.dist-info",
    }


def test_the_lock_holds_every_third_party_dependency_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE))
    wanted = {
        normal(requirement)
        for folder in members().values()
        for requirement in requirements(project(folder))
    }

    assert wanted - locked - set(members()) == set()
    assert lock.count("==") <= lock.count("--hash=sha256:")


def test_every_server_depends_on_what_the_law_allows() -> None:
    internal = {
        name: {normal(line) for line in requires(name) or () if "extra ==" not in line}
        & set(members())
        for name in members()
    }

    assert internal["jamie-host"] == set()
    assert internal["jamie-base"] == set()
    assert internal["jamie-signals"] == set()
    for name in SERVERS:
        assert internal[f"jamie-{name}"] <= {"jamie-base", "jamie-signals"}


def test_the_commands_the_readme_names_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    scripts = set(re.findall(r"\bscripts/[a-z]+", readme))
    commands = set(re.findall(r"\b(jamie(?:-[a-z]+)?)(?= [a-z-]|\")", readme))
    offered = {script.name for name in members() for script in distribution(name).entry_points}

    assert scripts
    assert all((ROOT / script).stat().st_mode & 0o111 for script in scripts)
    assert "jamie" in commands
    assert commands <= offered


LOCAL = re.compile(
    r"/work/|/tmp/jamie|/root/|/home/(?!you/)[a-z]{2,}/"  # somebody's machine
    r"|https?://(?!(pypi|files)\.)[^\s/\"]*(pypi|npm|registry|artifact)[^\s/\"]*"  # a registry
)

KNOWN = {
    "tests/test_packaging.py",  # it names what it looks for
}


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in committed()
        if path.relative_to(ROOT).as_posix() not in KNOWN
        for match in LOCAL.finditer(path.read_text(errors="replace"))
    }

    assert found == set()


def test_no_module_is_longer_than_the_house_allows() -> None:
    longest = {
        str(path.relative_to(ROOT)): lines
        for path in committed()
        if path.suffix == ".py" and (lines := len(path.read_text().splitlines())) > 400
    }

    assert longest == {}


def requirements(described: dict[str, Any]) -> Iterator[str]:
    """Yield every requirement of a pyproject file: dependencies, extras, groups, build tools."""
    listed = described["project"]
    yield from listed.get("dependencies", ())
    for extra in listed.get("optional-dependencies", {}).values():
        yield from extra
    for group in described.get("dependency-groups", {}).values():
        yield from group
    yield from described["build-system"]["requires"]


def normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name

    return re.sub(r"[-_.]+", "-", name[0]).lower()
