"""Manifests as people write or copy them, read into objects that can be applied."""

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from jamie_base.errors import InvalidArgument
from jamie_kubernetes.client.sending import Object, mapping_at, part, text_at
from jamie_kubernetes.facts.yaml_text import YamlError, documents
from jamie_kubernetes.kinds import NAME

DOCUMENTS = 20

_MARK = re.compile(r"\[redacted:[0-9a-f]{8}\]")
_FORMS = {
    ("apiVersion",): re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(/[a-z0-9]{1,63})?"),
    ("kind",): re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}"),
    ("metadata", "name"): NAME,
    ("metadata", "namespace"): re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
}
_KEPT_BY_SERVER = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)


class Manifest(msgspec.Struct, frozen=True):
    """One object to be, without what the server keeps itself; `dropped` names that."""

    content: Object
    line: int
    dropped: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return its kind's name."""
        return text_at(self.content, "kind")

    @property
    def api_version(self) -> str:
        """Return the group and version it is written for."""
        return text_at(self.content, "apiVersion")

    @property
    def name(self) -> str:
        """Return its name."""
        return text_at(self.content, "metadata", "name")

    @property
    def namespace(self) -> str:
        """Return the namespace it names, if it does."""
        return text_at(self.content, "metadata", "namespace")

    def defines(self, group: str, kind: str) -> bool:
        """Tell whether it is the definition of a kind."""
        ours = (
            text_at(self.content, "spec", "group"),
            text_at(self.content, "spec", "names", "kind"),
        )

        return self.kind == "CustomResourceDefinition" and ours == (group, kind)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} (line {self.line})"


def manifests(text: str) -> list[Manifest]:
    """Read the objects of a YAML or JSON text.

    Raises:
        InvalidArgument: It is none, or an object lacks what every object has.

    """
    found = [one for value, line in _objects(text) for one in _manifest(value, line)]
    if not found:
        raise InvalidArgument("The manifest is empty: there is no object in it.")
    if len(found) > DOCUMENTS:
        raise InvalidArgument(
            f"The manifest holds {len(found)} objects; apply at most {DOCUMENTS} at a time."
        )

    return found


def from_text(text: str, what: str) -> object:
    """Read one value of YAML or JSON.

    Raises:
        InvalidArgument: It is none, or several.

    """
    found = [value for value, _ in _values(text, what)]
    if len(found) > 1:
        raise InvalidArgument(f"{what} holds {len(found)} documents; give one.")

    return found[0] if found else None


def refuse_marks(value: object, what: str) -> None:
    """Refuse what was copied from an answer of ours: a mark would be written over the secret.

    Raises:
        InvalidArgument: There is a mark in it.

    """
    if path := next(_marked(value, ""), None):
        raise InvalidArgument(
            f"{what} holds a redaction mark at {path}: it would be written over the secret it"
            " stands for. Give the value itself, or leave the field out."
        )


def _values(text: str, what: str) -> list[tuple[object, int]]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            # JSON may hold tabs, which YAML refuses.
            return [(msgspec.json.decode(text), 1)]
        except (msgspec.DecodeError, RecursionError):
            pass
    try:
        return [(one.value, one.line) for one in documents(text)]
    except YamlError as exc:
        raise InvalidArgument(f"{what} is neither JSON nor YAML: {exc}.") from exc


def _objects(text: str) -> Iterator[tuple[Object, int]]:
    for value, line in _values(text, "The manifest"):
        if not isinstance(value, dict):
            raise InvalidArgument(f"What begins in line {line} is no object: it has no kind.")

        one = cast("Object", value)
        items = one.get("items")
        if text_at(one, "kind").endswith("List") and isinstance(items, list):
            listed = cast("list[object]", items)
            yield from ((cast("Object", each), line) for each in listed if isinstance(each, dict))
        else:
            yield one, line


def _manifest(one: Object, line: int) -> Iterator[Manifest]:
    meta = mapping_at(one, "metadata")
    for path in (("apiVersion",), ("kind",), ("metadata", "name")):
        if not text_at(one, *path):
            raise InvalidArgument(
                f"The object that begins in line {line} ({_known(one)}) has no"
                f" {'.'.join(path)}.{_generated(meta)}"
            )

    _check_names(one, line)
    dropped = [f"metadata.{key}" for key in _KEPT_BY_SERVER if key in meta]
    kept = {key: value for key, value in meta.items() if key not in _KEPT_BY_SERVER}
    content = {key: value for key, value in one.items() if key != "status"}
    manifest = Manifest(
        {**content, "metadata": kept}, line, (*dropped, *(["status"] if "status" in one else []))
    )
    refuse_marks(manifest.content, str(manifest))
    yield manifest


def _check_names(one: Object, line: int) -> None:
    """Refuse names that no object can have, before they are shown to anybody."""
    for path, form in _FORMS.items():
        value = part(one, *path)
        if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
            raise InvalidArgument(
                f"{'.'.join(path)} of the object that begins in line {line} cannot be"
                f" {str(value)[:80]!r}."
            )


def _known(one: Object) -> str:
    words = [text_at(one, "kind"), text_at(one, "metadata", "name")]
    return " ".join(word for word in words if word)[:120] or "without a name"


def _generated(meta: Object) -> str:
    return (
        " generateName makes a new object each time; give a name." if "generateName" in meta else ""
    )


def _marked(value: object, path: str) -> Iterator[str]:
    match value:
        case str() if _MARK.search(value):
            yield path.removeprefix(".") or "its top"
        case dict():
            for key, below in cast("Object", value).items():
                yield from _marked(below, f"{path}.{key}")
        case list():
            for place, below in enumerate(cast("list[object]", value)):
                yield from _marked(below, f"{path}[{place}]")
        case _:
            pass
