"""Why a container's configuration cannot be made: ConfigMaps, Secrets, keys, users, sub-paths."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.facts.causes.cases import Case, Clue, Finish, Looked, Thing, events_call
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.standing import word

REASONS = ("CreateContainerConfigError",)

_NAME = r"\"([\w.-]{1,253})\""
_ABSENT = re.compile(rf"\b(configmap|secret)s? {_NAME} not found", re.IGNORECASE)
_KEY = re.compile(
    r"couldn.t find key ([\w.-]{1,253}) in (ConfigMap|Secret) (?:[\w.-]{1,253}/)?([\w.-]{1,253})"
)
_VOLUME_KEY = re.compile(r"non-existent (config|secret) key: ([\w./-]{1,253})")
_SYNC = re.compile(
    r"failed to sync (?:configmap|secret) cache|couldn.t propagate object cache|not registered"
    r"|services have not yet been read"
)
_ROOT = re.compile(
    r"runAsNonRoot|run as root|breaks non-root policy|non-numeric user|cannot verify user"
)
_SUB_PATH = re.compile(r"subPath|sub path|subpath")
_HOST_PATH = re.compile(r"hostPath|host path")
_VOLUME = re.compile(r"cannot find volume")
_KINDS = {"configmap": "ConfigMap", "secret": "Secret", "config": "ConfigMap"}


def clue(case: Case, container: str, text: str) -> Clue | None:
    """Tell what is wrong with a container's configuration; None: nothing that is known."""
    who = case.called(container)
    found = _reference(case, who, text, "") or _unread(case, who, text)
    found = found or _setting(case, container, who, text)
    return replace(found, said=(text,)) if found else None


def volume_clue(case: Case, volume: str, text: str) -> Clue | None:
    """Tell what a volume is to be made of and is missing; None: nothing is known to be."""
    who = f"volume {volume}"
    found = _reference(case, who, text, volume) or _unread(case, who, text)
    return replace(found, said=(text,)) if found else None


def other_clue(case: Case, container: str, text: str) -> Clue:
    """Tell that a container's configuration is refused for a reason we do not know."""
    return Clue(
        ContainerCause.CONFIG_ERROR,
        f"{case.called(container)}: its configuration cannot be made",
        said=(text,) if text else (),
        next=events_call(case),
    )


def _reference(case: Case, who: str, text: str, volume: str) -> Clue | None:
    if found := _ABSENT.search(text):
        return _missing(case, who, Thing(_KINDS[found[1].lower()], found[2]))
    if found := _KEY.search(text):
        return _missing(case, who, Thing(found[2], found[3], found[1]))
    if found := _VOLUME_KEY.search(text):
        kind = _KINDS[found[1]]
        name = _source_of(case, volume, kind)
        return _missing(case, who, Thing(kind, name, found[2]))

    return None


def _unread(case: Case, who: str, text: str) -> Clue | None:
    if not _SYNC.search(text):
        return None

    return Clue(
        ContainerCause.SYNC,
        f"{who}: the kubelet of node {case.node} cannot read what it refers to yet",
        next=f"if it stays: the kubelet cannot reach the API; k8s_nodes node={case.node}",
        confidence="likely",
    )


def _setting(case: Case, container: str, who: str, text: str) -> Clue | None:
    if _ROOT.search(text):
        return _root(case, container, who, text)
    if _SUB_PATH.search(text):
        named = join_words(_sub_paths(case, container))
        return Clue(
            ContainerCause.SUB_PATH,
            f"{who}: its subPath{f' {named}' if named else ''} cannot be prepared",
            next="correct subPath: relative, without .., and of the right kind in the volume",
        )
    if _HOST_PATH.search(text) or _VOLUME.search(text):
        return Clue(
            ContainerCause.HOST_PATH if _HOST_PATH.search(text) else ContainerCause.CONFIG_ERROR,
            f"{who}: a volume it mounts is not there",
            next="correct volumes and volumeMounts of its template",
        )

    return None


def _missing(case: Case, who: str, thing: Thing) -> Clue:
    short = "cm" if thing.kind == "ConfigMap" else "secret"
    code = ContainerCause.CONFIG_MAP if thing.kind == "ConfigMap" else ContainerCause.SECRET
    place = f"{thing.kind} {thing.name}" if thing.name else f"its {thing.kind}"
    remedy = f"create {thing.kind} {thing.name} in {case.group.namespace}, or correct the reference"
    what = f"{who} needs {place}, which does not exist"
    if thing.key:
        code = ContainerCause.KEY
        what = f"{who} needs key {thing.key} of {place}, which has no such key"
        remedy = f"add {thing.key} to {short}/{thing.name}, or correct the reference"

    uses = tuple(_uses(case, thing))
    finish = _looked_for(case, thing, short)
    return Clue(code, what, evidence=uses, next=remedy, seeks=(thing,), finish=finish)


def _looked_for(case: Case, thing: Thing, short: str) -> Finish:
    def finish(found: Clue, looked: Looked) -> Clue:
        changed = (
            f"{short}/{thing.name} was last changed{case.ago(looked.changed_ns)} by"
            f" {word(looked.changed_by)}"
        )
        edited = (changed,) if thing.key and looked.changed_by else ()
        there = looked.exists and not thing.key
        late = ("it exists now: the kubelet tries again within two minutes",) if there else ()
        near = (f"there is {join_words(looked.near)}",) if looked.near else ()
        spaces = join_words(looked.elsewhere)
        other = (f"namespace {spaces} has one of this name",) if spaces and not there else ()
        remedy = f"{found.next}; did you mean {looked.near[0]}?" if looked.near else found.next
        evidence = (*found.evidence, *late, *near, *edited, *other)

        return replace(found, evidence=evidence, next=remedy)

    return finish


def _uses(case: Case, thing: Thing) -> Iterable[str]:
    """Say where a pod refers to a thing."""
    secret = thing.kind == "Secret"
    for one in (*case.pod.spec.init_containers, *case.pod.spec.containers):
        refs = [(item.name, item.value_from) for item in one.env if item.value_from]
        for name, source in refs:
            ref = source.secret_key_ref if secret else source.config_map_key_ref
            if ref and ref.called == thing.name and thing.key in ("", ref.key):
                yield f"env {name} of {case.called(one.name)} refers to it"
        for bulk in one.env_from:
            ref = bulk.secret_ref if secret else bulk.config_map_ref
            if ref and ref.called == thing.name and not thing.key:
                yield f"envFrom of {case.called(one.name)} refers to it"


def _source_of(case: Case, volume: str, kind: str) -> str:
    """Return what a volume is made of, where that is one thing."""
    found = [one for one in case.pod.spec.volumes if one.name == volume]
    sources = [item for one in found for item in one.sources(secret=kind == "Secret")]
    return sources[0].called if len(sources) == 1 else ""


def _root(case: Case, container: str, who: str, text: str) -> Clue:
    image = case.container(container).image
    named = "non-numeric" in text
    why = "names its user, which cannot be checked" if named else "runs as root"
    return Clue(
        ContainerCause.ROOT,
        f"{who} must not run as root (runAsNonRoot), but its image {why}",
        evidence=(f"image {image}",) if image else (),
        next="set securityContext.runAsUser to the image's user, a number above 0",
    )


def _sub_paths(case: Case, container: str) -> list[str]:
    paths = [one.sub_path for one in case.container(container).volume_mounts if one.sub_path]
    return list(dict.fromkeys(paths))[:3]
