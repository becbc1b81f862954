"""Which ConfigMaps and Secrets pods take their configuration from, and how."""

from collections.abc import Iterable, Iterator

import msgspec

from jamie_kubernetes.client.sending import Object, list_at, mapping_at, text_at

KINDS = ("ConfigMap", "Secret")

ENV = "env"
MOUNTED = "mounted"
PART = "mounted by subPath"
PULL = "to pull images"

FIXED = (ENV, PART)
"""What running containers keep as it was when they started; other mounts follow the object."""


class Use(msgspec.Struct, frozen=True):
    """A ConfigMap or Secret that a template names: how, by which containers, which keys."""

    kind: str
    name: str
    how: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    fixed_in: tuple[str, ...] = ()
    optional: bool = False


class _Mention(msgspec.Struct, frozen=True):
    kind: str
    name: str
    how: str
    container: str = ""
    key: str = ""
    optional: bool = False


def uses_of(template: Object) -> list[Use]:
    """List the ConfigMaps and Secrets of a pod template, each once."""
    found: dict[tuple[str, str], list[_Mention]] = {}
    for one in _mentions(mapping_at(template, "spec")):
        if one.name:
            found.setdefault((one.kind, one.name), []).append(one)

    return [_use(kind, name, mentions) for (kind, name), mentions in sorted(found.items())]


def _use(kind: str, name: str, mentions: list[_Mention]) -> Use:
    fixed = (one.container for one in mentions if one.how in FIXED)
    return Use(
        kind,
        name,
        how=tuple(dict.fromkeys(one.how for one in mentions)),
        keys=tuple(dict.fromkeys(one.key for one in mentions if one.key)),
        fixed_in=tuple(dict.fromkeys(fixed)),
        optional=all(one.optional for one in mentions),
    )


def _mentions(spec: Object) -> Iterator[_Mention]:
    containers = [*list_at(spec, "initContainers"), *list_at(spec, "containers")]
    for one in containers:
        yield from _environment(one)
    for volume in list_at(spec, "volumes"):
        yield from _volume(volume, containers)
    for ref in list_at(spec, "imagePullSecrets"):
        yield _Mention("Secret", text_at(ref, "name"), PULL, optional=True)


def _environment(container: Object) -> Iterator[_Mention]:
    name = text_at(container, "name")
    for source in list_at(container, "envFrom"):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if ref := mapping_at(source, key):
                yield _Mention(kind, text_at(ref, "name"), ENV, name, "", _optional(ref))
    for one in list_at(container, "env"):
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if ref := mapping_at(one, "valueFrom", key):
                wanted = text_at(ref, "key")
                yield _Mention(kind, text_at(ref, "name"), ENV, name, wanted, _optional(ref))


def _volume(volume: Object, containers: Iterable[Object]) -> Iterator[_Mention]:
    mounts = [
        (text_at(one, "name"), mount)
        for one in containers
        for mount in list_at(one, "volumeMounts")
        if mount.get("name") == volume.get("name")
    ]
    for kind, ref in _sources(volume):
        name = text_at(ref, "name") or text_at(ref, "secretName")
        for container, mount in mounts or [("", {})]:
            how = PART if mount.get("subPath") or mount.get("subPathExpr") else MOUNTED
            yield _Mention(kind, name, how, container, optional=_optional(ref))


def _sources(volume: Object) -> Iterator[tuple[str, Object]]:
    for one in (volume, *list_at(volume, "projected", "sources")):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if ref := mapping_at(one, key):
                yield kind, ref


def _optional(ref: Object) -> bool:
    return ref.get("optional") is True
