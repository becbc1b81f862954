"""Two pod templates compared: what a person would call the difference, a line each, no secrets.

Lists are compared by what names their entries (containers and variables by name, mounts by path),
commands and arguments where they differ. Secrets are hidden before anything is compared: marks are
equal where values are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from jamie_base.redact import Redactor
from jamie_base.secret_words import names_secret, says_nothing
from jamie_kubernetes.answers_rollout import FieldChange
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, part, text_at
from jamie_kubernetes.facts.fields import Field
from jamie_kubernetes.facts.paths import Found, as_list, as_map
from jamie_kubernetes.facts.veil import Veil, is_marked

LONG_CHARACTERS = 90
CONTEXT_CHARACTERS = 24

_ORDER = (
    "whole", "image", "command", "args", "env", "envFrom", "resources", "startupProbe",
    "readinessProbe", "livenessProbe", "lifecycle", "ports", "volumeMounts",
)  # fmt: skip
_MAPS = (
    "containers", "env", "initContainers", "ports", "volumeMounts", "volumes", "labels",
    "annotations",
)  # fmt: skip
"""Entries come and go one by one; other mappings are told as a whole when new."""

_CONTAINERS = ("containers", "initContainers")

Path = tuple[str, ...]
Tell = Callable[[Object], object]


def differences(before: Object, after: Object, marks: Redactor) -> list[Field]:
    """List what differs between two templates, the most telling first; values are texts."""
    found = _walk(_picture(before, marks), _picture(after, marks), ())
    return sorted(found, key=_rank)


def compared_maps(before: Object, after: Object, marks: Redactor) -> list[Field]:
    """List what differs between two mappings of any depth; values are texts."""
    return [*_walk(marks.fields(before), marks.fields(after), ())]


def change_of(field: Field) -> FieldChange:
    """Return a difference as it is told; a field that is not there is `(none)`."""
    before, after = str(field.before), str(field.after)

    # Not `password: ...`: whoever redacts the whole text would take the line for one secret.
    secret = any(names_secret(step.strip("[]")) for step in field.path[-2:])
    hides = " (a secret)" if secret and (is_marked(before) or is_marked(after)) else ""
    return FieldChange(
        f"{field.name}{hides}",
        (before or '""') if field.had else "(none)",
        (after or '""') if field.has else "(none)",
    )


def _rank(field: Field) -> tuple[int, int, Path]:
    """Order: containers by what changes their behaviour, the pod's fields, labels, annotations."""
    first, step = field.path[0], field.path[2] if len(field.path) > 2 else "whole"
    if first in _CONTAINERS:
        return (0, _ORDER.index(step) if step in _ORDER else len(_ORDER), field.path)

    return (2 if first in ("labels", "annotations") else 1, 0, field.path)


def _picture(template: Object, marks: Redactor) -> Object:
    """Return a template as a tree of texts: the secrets hidden, the lists by name."""
    spec = mapping_at(template, "spec")
    rest = {key: value for key, value in spec.items() if key not in (*_CONTAINERS, "volumes")}
    return {
        **{name: _containers(spec, name, marks) for name in _CONTAINERS},
        "volumes": _named(marks.fields({"": spec.get("volumes")}), "", _volume),
        **marks.fields(rest),
        "labels": marks.fields(mapping_at(template, "metadata", "labels")),
        "annotations": marks.fields(mapping_at(template, "metadata", "annotations")),
    }


def _containers(spec: Object, name: str, marks: Redactor) -> Object:
    return _named(spec, name, lambda one: _container(one, marks))


def _container(one: Object, marks: Redactor) -> Object:
    taken = ("name", "env", "envFrom", "command", "args", "ports", "volumeMounts")
    words = _words(one, marks)
    split = len(as_list(one.get("command")))
    return {
        **marks.fields({key: value for key, value in one.items() if key not in taken}),
        "command": words[:split],
        "args": words[split:],
        "env": _named(one, "env", lambda each: _variable(each, marks)),
        "envFrom": [_source(each) for each in list_at(one, "envFrom")],
        "ports": _by(list_at(one, "ports"), _port_name, _port),
        "volumeMounts": _by(list_at(one, "volumeMounts"), _mount_path, _mount),
    }


def _words(one: Object, marks: Redactor) -> list[object]:
    """Return command and arguments; a word after `--token` is secret whatever it looks like."""
    veil = Veil(marks, secret=False)
    words = [str(each) for key in ("command", "args") for each in as_list(one.get(key))]
    return [
        veil.see(Found(word, "args", before=before))
        for before, word in zip(["", *words], words, strict=False)
    ]


def _named(holder: Object, key: str, tell: Tell) -> Object:
    return _by(list_at(holder, key), lambda one: text_at(one, "name"), tell)


def _by(items: Sequence[Object], name: Callable[[Object], str], tell: Tell) -> Object:
    return {f"[{name(one)}]": tell(one) for one in items}


def _variable(one: Object, marks: Redactor) -> str:
    source = mapping_at(one, "valueFrom")
    if not source:
        value = text_at(one, "value")
        hidden = names_secret(text_at(one, "name")) and not says_nothing(value)
        return marks.value(value) if hidden else marks.text(value)

    for key, short in (("secretKeyRef", "secret"), ("configMapKeyRef", "cm")):
        if ref := mapping_at(source, key):
            return f"from {short}/{text_at(ref, 'name')} key {text_at(ref, 'key')}"

    return f"from {compact(source)}"


def _source(one: Object) -> str:
    prefix = text_at(one, "prefix")
    kind = "secret" if "secretRef" in one else "cm"
    name = text_at(one, "secretRef", "name") or text_at(one, "configMapRef", "name")
    return f"{kind}/{name}{f' with prefix {prefix}' if prefix else ''}"


def _port_name(one: Object) -> str:
    return text_at(one, "name") or _port(one)


def _port(one: Object) -> str:
    host = f" on host port {one['hostPort']}" if one.get("hostPort") else ""
    return f"{one.get('containerPort')}/{one.get('protocol', 'TCP')}{host}"


def _mount_path(one: Object) -> str:
    return text_at(one, "mountPath")


def _mount(one: Object) -> str:
    below = text_at(one, "subPath") or text_at(one, "subPathExpr")
    known = ("name", "mountPath", "readOnly", "subPath", "subPathExpr")
    rest = {key: value for key, value in one.items() if key not in known}
    said = [
        f"volume {text_at(one, 'name')}",
        f"subPath {below}" if below else "",
        "read-only" if one.get("readOnly") else "",
        compact(rest),
    ]
    return " ".join(word for word in said if word)


def _volume(one: Object) -> object:
    for kind, key, short in (
        ("configMap", "name", "cm"),
        ("secret", "secretName", "secret"),
        ("persistentVolumeClaim", "claimName", "pvc"),
    ):
        if name := text_at(one, kind, key):
            rest = {k: v for k, v in mapping_at(one, kind).items() if k not in (key, "defaultMode")}
            said = f"{short}/{name} {compact(rest)}".strip()
            mode = part(one, kind, "defaultMode")
            return said if mode in (420, None) else f"{said} mode {oct(cast('int', mode))[2:]}"

    return {key: value for key, value in one.items() if key != "name"}


def _walk(before: object, after: object, path: Path) -> Iterator[Field]:
    if before == after:
        return
    old, new = _opened(before), _opened(after)
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(cast("Object", old), cast("Object", new), path)
    elif isinstance(old, list) and isinstance(new, list):
        yield _lists(cast("list[object]", old), cast("list[object]", new), path)
    else:
        yield Field(path, *focused(compact(before), compact(after)))


def _mappings(before: Object, after: Object, path: Path) -> Iterator[Field]:
    for key in dict.fromkeys((*before, *after)):
        here, old, new = (*path, key), before.get(key), after.get(key)
        had, has = _is_there(old), _is_there(new)
        if (had and has) or key in _MAPS:
            yield from _walk(old or {}, new or {}, here)
        elif had or has:
            yield Field(here, compact(old), compact(new), had=had, has=has)


def _lists(before: list[object], after: list[object], path: Path) -> Field:
    """Compare what is left of two lists without their common beginning and end."""
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    place = f"[{start}]" if len(old) == len(new) == 1 and len(before) > 1 else ""
    where = (*path, place) if place else path
    texts = [" ".join(compact(one) for one in each) for each in (old, new)]
    return Field(where, *focused(*texts), had=bool(old), has=bool(new))


def _shared(one: Sequence[object], other: Sequence[object]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _opened(value: object) -> object:
    """Return a list whose entries all have names of their own as a mapping by name."""
    items = as_list(value)
    names = [text_at(one, "name") for one in items]
    if not items or not all(names) or len(set(names)) < len(names):
        return value

    return {
        f"[{name}]": {key: each for key, each in as_map(one).items() if key != "name"} or name
        for name, one in zip(names, items, strict=True)
    }


def _is_there(value: object) -> bool:
    return value is not None and value not in ({}, [])


def compact(value: object) -> str:
    """Write a value on one line: `httpGet.path=/healthz httpGet.port=8080`."""
    if isinstance(value, Mapping):
        return " ".join(
            f"{name.replace('.[', '[')}={text}" if name else text
            for name, text in _leaves(cast("Object", value), "")
        )
    if isinstance(value, list):
        return ", ".join(compact(one) for one in cast("list[object]", value))
    if isinstance(value, bool):
        return "true" if value else "false"

    return "" if value is None else str(value)


def _leaves(value: Object, above: str) -> Iterator[tuple[str, str]]:
    for key, below in value.items():
        name = f"{above}.{key}" if above else key
        if isinstance(below, Mapping):
            yield from _leaves(cast("Object", below), name)
        elif _is_there(below):
            yield name, compact(below)


def focused(before: str, after: str) -> tuple[str, str]:
    """Leave out of two long texts what they share, so that the difference can be seen."""
    if max(len(before), len(after)) <= LONG_CHARACTERS:
        return before, after

    start = max(_shared(before, after) - CONTEXT_CHARACTERS, 0)
    end = max(_shared(before[start:][::-1], after[start:][::-1]) - CONTEXT_CHARACTERS, 0)
    return _between(before, start, end), _between(after, start, end)


def _between(text: str, start: int, end: int) -> str:
    head = "…" if start else ""
    tail = "…" if end else ""
    return f"{head}{text[start : len(text) - end]}{tail}"
