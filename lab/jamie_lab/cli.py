"""`scripts/lab`: build, up, down, status, load."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import anyio
import typer

from jamie_lab import builds, lifecycle
from jamie_lab.errors import LabError
from jamie_lab.paths import Folders, folders
from jamie_lab.play import play as play_scene
from jamie_lab.scenario import names, scenario
from jamie_lab.state import LabState
from jamie_lab.status import table

Result = TypeVar("Result")

app = typer.Typer(
    help="Real Kubernetes, Prometheus and Loki on this machine, with a scenario in them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ScenarioName = Annotated[str, typer.Argument(help="One of: " + ", ".join(names()))]
Component = Annotated[str, typer.Argument(help="As `status` names it, like kube-apiserver.")]
ScenarioOption = Annotated[
    str, typer.Option("--scenario", help="What to load; by default what is loaded, or healthy.")
]


def main() -> None:
    """Run the command line; a LabError ends it with one sentence and exit code 1."""
    try:
        app()
    except LabError as exc:
        sys.stderr.write(f"{exc}\n")
        raise SystemExit(1) from exc


@app.command()
def build() -> None:
    """Build every program that is not built yet (about 15 minutes the first time)."""
    builds.build(folders())


@app.command()
def up(name: ScenarioOption = "") -> None:
    """Start the lab; build it first if needed. Does nothing when it is up."""
    if name:
        scenario(name)
    place = folders()
    if builds.stale(place):
        builds.build(place)
    _show(_run(lambda: lifecycle.up(place, name or None)))


@app.command()
def load(name: ScenarioName) -> None:
    """Start afresh with another scenario, on the same addresses."""
    place = folders()
    if builds.stale(place):
        scenario(name)
        builds.build(place)
    _show(_run(lambda: lifecycle.load(place, name)))


@app.command()
def down() -> None:
    """Stop everything."""
    place = folders()
    stopped = _run(lambda: lifecycle.down(place))
    typer.echo(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def restart(component: Component) -> None:
    """Stop one component and start it again, with its data."""
    _run(lambda: lifecycle.restart(folders(), component))
    typer.echo(f"{component} is ready again.")


@app.command()
def status() -> None:
    """Show each component: pid, port, memory, ready or not; exit code 3 when one is not."""
    place = folders()
    text, well = _run(lambda: table(place))
    typer.echo(text)
    if not well:
        raise typer.Exit(3)


@app.command(hidden=True)
def play(state: Path) -> None:
    """Play the scenario a lab has loaded until stopped; `up` starts this in the background."""
    place = Folders(state=state, cache=folders().cache)
    _run(lambda: play_scene(place))


def _run(work: Callable[[], Awaitable[Result]]) -> Result:
    try:
        return anyio.run(work)
    except* LabError as group:
        raise LabError("\n".join(_messages(group))) from group


def _messages(group: BaseExceptionGroup[LabError]) -> list[str]:
    messages: list[str] = []
    for problem in group.exceptions:
        nested = isinstance(problem, BaseExceptionGroup)
        messages.extend(_messages(problem) if nested else [str(problem)])

    return messages


def _show(state: LabState) -> None:
    absent = f"absent: {state.reason}"
    typer.echo(f"scenario      {state.scenario}, loaded {state.loaded_at:%H:%M:%S}Z")
    typer.echo(f"kubernetes    {state.kubernetes.url}  KUBECONFIG={state.kubernetes.kubeconfig}")
    typer.echo(f"prometheus    {state.prometheus.url}")
    typer.echo(f"alertmanager  {state.alertmanager.url if state.alertmanager else absent}")
    typer.echo(f"loki          {state.loki.url}")
    typer.echo(f"source {folders().state / 'env'} to point Jamie at it.")
