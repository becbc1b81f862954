"""The content of ConfigMaps and Secrets told by marks, and whether running pods have it."""

from collections.abc import Iterable, Sequence

import msgspec

from jamie_base.redact import Redactor
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_rollout import ConfigUse
from jamie_kubernetes.client.managed import Contents
from jamie_kubernetes.facts.managers import contents_changed
from jamie_kubernetes.facts.rollouts import Starts
from jamie_kubernetes.facts.uses import Use
from jamie_kubernetes.facts.veil import decoded

KEYS_SHOWN = 4
_SHORT = {"ConfigMap": "cm", "Secret": "secret"}


def fingerprinted(
    use: Use, contents: Contents | None, marks: Redactor, starts: Sequence[Starts] | None
) -> ConfigUse:
    """Tell the content of an object by marks; None for an object that does not exist."""
    name, how = f"{_SHORT[use.kind]}/{use.name}", ", ".join(use.how)
    if contents is None:
        return ConfigUse(name, how, missing=not use.optional)

    changed, by = contents_changed(contents.metadata)
    return ConfigUse(
        name=name,
        how=how,
        mark=_mark(contents, marks),
        keys=_key_marks(use, contents, marks),
        changed_ns=changed,
        by=by,
        stale=_older(starts or (), use.fixed_in, changed),
        pods=len(starts or ()),
    )


def _mark(contents: Contents, marks: Redactor) -> str:
    """Return eight hexadecimal digits that stand for all of the content."""
    whole = {"data": contents.data or {}, "binaryData": contents.binary_data or {}}
    packed = msgspec.json.encode(whole, order="sorted").decode()

    return marks.value(packed).removeprefix("[redacted:").removesuffix("]")


def _key_marks(use: Use, contents: Contents, marks: Redactor) -> dict[str, str]:
    """Return marks of a Secret's values, the same as wherever else these values are hidden."""
    if use.kind != "Secret":
        return {}

    data = contents.data or {}
    wanted = [key for key in use.keys or sorted(data) if key in data]
    return {key: marks.value(decoded(data[key])) for key in wanted[:KEYS_SHOWN]}


def _older(starts: Iterable[Starts], containers: Sequence[str], changed: Nanoseconds) -> int:
    """Count the pods with a container that took the content when it started, before the change."""
    return sum(
        any(0 < one.get(container, 0) < changed for container in containers) for one in starts
    )
