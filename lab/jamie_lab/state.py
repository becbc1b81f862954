"""What a running lab tells others: .lab/lab.json for programs, .lab/env for shells."""

import datetime as dt
import shlex

import msgspec

from jamie_lab.errors import NotUp
from jamie_lab.paths import Folders, folders
from jamie_lab.ports import Ports


class KubernetesAccess(msgspec.Struct, frozen=True):
    """The API server and the administrator's kubeconfig."""

    kubeconfig: str
    url: str


class Endpoint(msgspec.Struct, frozen=True):
    """A backend without authentication."""

    url: str


class Absent(msgspec.Struct, frozen=True):
    """A backend this machine cannot run, and why."""

    reason: str


class LabState(msgspec.Struct, frozen=True):
    """A lab that is up; times are UTC."""

    kubernetes: KubernetesAccess
    prometheus: Endpoint
    alertmanager: Endpoint | None
    loki: Endpoint
    scenario: str
    loaded_at: dt.datetime
    # Why there is no Alertmanager; empty when there is one.
    reason: str = ""


def lab_state(place: Folders | None = None) -> LabState:
    """Read the state of the lab; NotUp, with what to do about it, when there is none."""
    file = (place or folders()).state / "lab.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=LabState)
    except FileNotFoundError as exc:
        raise NotUp(f"The lab is not up ({file} is not there); run: scripts/lab up") from exc
    except msgspec.MsgspecError as exc:
        raise NotUp(f"{file} is not of this version; run: scripts/lab up") from exc


def describe(
    place: Folders, ports: Ports, scenario: str, loaded_at: dt.datetime, absent: Absent | None
) -> LabState:
    """Put together the state of a lab from its ports."""
    alertmanager = None if absent else Endpoint(_url(ports["alertmanager"]))

    return LabState(
        kubernetes=KubernetesAccess(
            str(place.kubeconfig), _url(ports["kube-apiserver"], scheme="https")
        ),
        prometheus=Endpoint(_url(ports["prometheus"])),
        alertmanager=alertmanager,
        loki=Endpoint(_url(ports["loki"])),
        scenario=scenario,
        loaded_at=loaded_at,
        reason=absent.reason if absent else "",
    )


def publish(place: Folders, state: LabState) -> None:
    """Write lab.json and env; from now on the lab counts as up."""
    (place.state / "env").write_text(environment(state))
    (place.state / "lab.json").write_bytes(msgspec.json.format(msgspec.json.encode(state)) + b"\n")


def withdraw(place: Folders) -> None:
    """Remove what `publish` wrote."""
    for name in ("lab.json", "env"):
        (place.state / name).unlink(missing_ok=True)


def environment(state: LabState) -> str:
    """Render the variables Jamie's servers read, for `source .lab/env`."""
    variables = {
        "KUBECONFIG": state.kubernetes.kubeconfig,
        "JAMIE_PROMETHEUS_URL": state.prometheus.url,
        "JAMIE_LOKI_URL": state.loki.url,
    }
    if state.alertmanager:
        variables["JAMIE_PROMETHEUS_ALERTMANAGER_URL"] = state.alertmanager.url
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())

    return "".join(lines)


def _url(port: int, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{port}"
