"""Helm releases judged from their labels, and two revisions of one compared."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jamie_base.redact import Redactor
from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers_rollout import FieldChange, ReleaseRow, RolloutState
from jamie_kubernetes.client.managed import Managed
from jamie_kubernetes.client.releases import Release
from jamie_kubernetes.facts.templates import change_of, compared_maps
from jamie_kubernetes.kinds import Kind

OWNED = "owner=helm"
STALLED_NS = 5 * 60 * SECOND
NAMES_SHOWN = 6
_QUOTES = " \"'"

_IMAGE = re.compile(r"^[ \t-]*image:[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)
_NAME = re.compile(r"[\w.+~-]{1,120}", re.ASCII)
_STATES: dict[str, RolloutState] = {
    "deployed": "complete",
    "failed": "failed",
    "uninstalled": "uninstalled",
    "uninstalling": "pending",
}


class Kept(msgspec.Struct, frozen=True):
    """One revision of a release as its labels tell it, and the object that keeps it."""

    namespace: str
    release: str
    revision: int
    status: str
    at_ns: Nanoseconds
    kind: Kind
    object: str


def kept_in(objects: Iterable[Managed], kind: Kind) -> list[Kept]:
    """Read the labels of the Secrets or ConfigMaps that keep releases."""
    return [
        Kept(
            namespace=one.metadata.namespace,
            release=labels["name"],
            revision=int(labels["version"]),
            status=labels.get("status", "unknown"),
            at_ns=_changed(one),
            kind=kind,
            object=one.metadata.name,
        )
        for one in objects
        if (labels := one.metadata.labels).get("version", "").isdecimal() and labels.get("name")
    ]


def newest(kept: Iterable[Kept]) -> list[list[Kept]]:
    """Group revisions by release, the newest first in each."""
    found: dict[tuple[str, str], list[Kept]] = {}
    for one in kept:
        found.setdefault((one.namespace, one.release), []).append(one)

    return [sorted(each, key=lambda one: -one.revision) for each in found.values()]


def release_row(revisions: Sequence[Kept]) -> ReleaseRow:
    """Return a release as one row."""
    last = revisions[0]
    deployed = next((one.revision for one in revisions if one.status == "deployed"), 0)
    return ReleaseRow(
        namespace=last.namespace,
        name=last.release,
        revision=last.revision,
        status=last.status,
        at_ns=last.at_ns,
        deployed=deployed if deployed != last.revision else 0,
    )


def rank(row: ReleaseRow) -> tuple[int, int, str, str]:
    """Order releases: those that failed or hang, then the latest changed; unique for each."""
    state = release_state(row.status)
    worst = {"pending": 0, "failed": 1, "unknown": 2, "uninstalled": 3}.get(state, 4)
    return (worst, -row.at_ns, row.namespace, row.name)


def release_state(status: str) -> RolloutState:
    """Return the state of a release by Helm's word for it."""
    return "pending" if status.startswith("pending") else _STATES.get(status, "unknown")


def why_of(last: Kept, deployed: int, now_ns: Nanoseconds) -> tuple[str, ...]:
    """Say what is wrong with a release by its newest revision."""
    running = f"revision {deployed} is still deployed" if deployed else "no revision is deployed"
    match release_state(last.status):
        case "complete":
            return ()
        case "pending" if now_ns - last.at_ns < STALLED_NS:
            return (f"{last.status}: Helm is at work",)
        case "pending" if last.status != "uninstalling":
            return (
                f"{last.status}: Helm stopped in the middle and refuses upgrades until a rollback",
                running,
            )
        case "failed":
            return (f"revision {last.revision} failed", running)
        case _:
            return (f"the newest revision is {last.status}", running)


def release_changes(before: Release, after: Release, marks: Redactor) -> list[FieldChange]:
    """List what differs between two revisions: chart, images, objects, values."""
    values = compared_maps({"values": before.config or {}}, {"values": after.config or {}}, marks)
    return [
        *_if_changed("chart", chart_of(before), chart_of(after)),
        *_if_changed("app version", app_of(before), app_of(after)),
        *_images(before, after),
        *_objects(before, after),
        *map(change_of, values),
    ]


def chart_of(release: Release) -> str:
    """Return chart and version: `web-1.2.3`; a name that could be more than one is not repeated."""
    about = release.chart.metadata if release.chart else None
    name = f"{about.name}-{about.version}" if about else ""
    return name if _NAME.fullmatch(name) else "(odd chart name)" if name else ""


def app_of(release: Release) -> str:
    """Return the version of what the chart installs."""
    about = release.chart.metadata if release.chart else None
    return about.app_version if about else ""


def images_of(release: Release) -> tuple[str, ...]:
    """Return the images in what the release made, each once."""
    return tuple(dict.fromkeys(_IMAGE.findall(release.manifest)))


def _changed(one: Managed) -> Nanoseconds:
    labels = one.metadata.labels
    at = labels.get("modifiedAt") or labels.get("createdAt", "")
    return int(at) * SECOND if at.isdecimal() else one.metadata.created_ns


def _if_changed(name: str, before: str, after: str) -> list[FieldChange]:
    if before == after:
        return []

    return [FieldChange(name, before or "(none)", after or "(none)")]


def _images(before: Release, after: Release) -> Iterator[FieldChange]:
    """Pair images by their repository; what has no partner came or went."""
    old, new = images_of(before), images_of(after)
    gone = {_repository(one): one for one in old if one not in new}
    came = {_repository(one): one for one in new if one not in old}
    for name in dict.fromkeys((*gone, *came)):
        yield FieldChange("image", gone.get(name, "(none)"), came.get(name, "(none)"))


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, _, tail = name.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}"


def _objects(before: Release, after: Release) -> list[FieldChange]:
    old, new = set(_made(before.manifest)), set(_made(after.manifest))
    return _if_changed("objects", _listed(old - new), _listed(new - old))


def _listed(names: set[str]) -> str:
    more = len(names) - NAMES_SHOWN
    shown = ", ".join(sorted(names)[:NAMES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _made(manifest: str) -> Iterator[str]:
    """Yield the objects of a manifest as `Kind/name`, by the indentation Helm's charts have."""
    kind, inside = "", False
    for line in manifest.splitlines():
        key, _, value = line.partition(":")
        if line.startswith("---"):
            kind, inside = "", False
        elif key == "kind":
            kind = value.strip(_QUOTES)
        elif line and not line[0].isspace() and line[0] != "#":
            inside = key == "metadata"
        elif inside and kind and re.fullmatch(r" {2,4}name", key):
            yield f"{kind}/{value.strip(_QUOTES)}"
            kind = ""
