"""Scenario files: a platform, what it says and does, and what goes wrong with it, as data.

A scenario may extend another one: it then only holds the changes, by workload.
"""

import re
from importlib import resources
from typing import Literal

import msgspec
import yaml

from jamie_lab.errors import BadScenario

Labels = dict[str, str]
Kind = Literal["Deployment", "StatefulSet", "DaemonSet", "CronJob"]
Ailment = Literal["CrashLoopBackOff", "ImagePullBackOff", "NotReady"]
Voice = list["LogLine"]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DIRECTORY = resources.files("jamie_lab") / "scenarios"


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests a pod serves: a second, by status code (shares of one), and their latency."""

    rate: float
    codes: dict[str, float]
    median_seconds: float
    # Sigma of the log-normal distribution; 0.5 is an ordinary service, 1 a long tail.
    spread: float = 0.5


class Meter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another metric of a pod; the value is its rate a second for a counter."""

    name: str
    kind: Literal["counter", "gauge"]
    value: float
    help: str = ""
    labels: Labels = {}


class Usage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pod uses, as Kubernetes quantities."""

    cpu: str
    memory: str


class LogLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line a pod writes so many times a minute; `$name` stands for a field or a fact.

    `metadata` goes to Loki as structured metadata. `pods` says which pods write it.
    """

    text: str
    rate: float
    metadata: Labels = {}
    pods: Literal["all", "sick", "well"] = "all"


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a `$name` in a line becomes: hex digits, a number in a range, or one of some texts."""

    hex: int = 0
    low: int = 0
    high: int = 0
    choices: list[str] = []


class Sickness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many pods of a workload are ill, and with what."""

    pods: int
    ailment: Ailment
    exit_code: int = 1
    reason: str = "Error"
    message: str = ""


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Kubernetes event that repeats: about every sick pod, every pod or the workload."""

    reason: str
    message: str
    every_seconds: float
    about: Literal["sick", "pods", "workload"] = "sick"
    type: Literal["Warning", "Normal"] = "Warning"
    source: str = "kubelet"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is different with a workload from some minutes before loading on.

    `quiet` scales the rate of the lines it wrote before.
    """

    minutes_ago: float
    http: Http | None = None
    meters: list[Meter] = []
    usage: Usage | None = None
    quiet: float = 1.0
    logs: Voice = []
    sickness: Sickness | None = None
    events: list[Happening] = []


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A workload, its Service, and how it behaves when all is well."""

    name: str
    namespace: str
    kind: Kind
    image: str
    usage: Usage
    replicas: int = 1
    port: int = 0
    age_days: float = 6
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    env: Labels = {}
    secret_env: dict[str, list[str]] = {}
    schedule: str = ""
    http: Http | None = None
    meters: list[Meter] = []
    voices: list[str] = []
    logs: Voice = []
    changes: list[Change] = []

    @property
    def key(self) -> str:
        """Return `namespace/name`."""
        return f"{self.namespace}/{self.name}"

    def pods(self, nodes: int) -> int:
        """Return how many pods it has on so many nodes; a CronJob has none in between."""
        if self.kind == "DaemonSet":
            return nodes

        return 0 if self.kind == "CronJob" else self.replicas


class NodeGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many nodes alike."""

    prefix: str
    count: int
    cpu: str
    memory: str
    pods: int = 110
    labels: Labels = {}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert of Prometheus, in its own words."""

    alert: str
    expr: str
    for_: str = msgspec.field(name="for")
    labels: Labels = {}
    annotations: Labels = {}

    @property
    def for_seconds(self) -> float:
        """Return how long it is pending before it fires."""
        parts = re.findall(r"(\d+)([smhd])", self.for_)

        return sum(float(count) * SECONDS[unit] for count, unit in parts)


class RuleGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Alerts that are evaluated together."""

    name: str
    interval: str
    rules: list[Rule]


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole platform. `objects` are plain manifests."""

    name: str
    description: str
    namespaces: list[str]
    nodes: list[NodeGroup]
    workloads: list[Workload]
    fields: dict[str, Field] = {}
    voices: dict[str, Voice] = {}
    objects: list[dict[str, object]] = []
    rules: list[RuleGroup] = []
    # More than an hour, so that a rate over some minutes is whole all through the last hour.
    history_minutes: float = 75
    age_days: float = 60


class _Extension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    description: str
    extends: str
    changes: dict[str, list[Change]]
    fields: dict[str, Field] = {}
    objects: list[dict[str, object]] = []


def names() -> list[str]:
    """List the scenarios that can be loaded."""
    return sorted(
        file.name.removesuffix(".yaml")
        for file in DIRECTORY.iterdir()
        if file.name.endswith(".yaml")
    )


def scenario(name: str) -> Scenario:
    """Read a scenario by name; BadScenario names the known ones, or what is wrong in the file."""
    known = names()
    if name not in known:
        raise BadScenario(f"There is no scenario {name!r}; known are: {', '.join(known)}.")

    try:
        return decode(yaml.safe_load((DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8")))
    except (yaml.YAMLError, msgspec.ValidationError) as exc:
        raise BadScenario(f"The scenario {name!r} does not make sense: {exc}") from exc


def decode(content: dict[str, object]) -> Scenario:
    """Turn the content of a scenario file into a Scenario, with what it extends."""
    if "extends" not in content:
        return msgspec.convert(content, Scenario)

    extension = msgspec.convert(content, _Extension)

    return _extend(scenario(extension.extends), extension)


def _extend(base: Scenario, extension: _Extension) -> Scenario:
    keys = {workload.key for workload in base.workloads}
    strangers = sorted(set(extension.changes) - keys)
    if strangers:
        raise BadScenario(f"{extension.name!r} changes unknown workloads: {', '.join(strangers)}.")

    workloads = [
        msgspec.structs.replace(workload, changes=extension.changes.get(workload.key, []))
        for workload in base.workloads
    ]

    return msgspec.structs.replace(
        base,
        name=extension.name,
        description=extension.description,
        workloads=workloads,
        fields=base.fields | extension.fields,
        objects=base.objects + extension.objects,
    )
