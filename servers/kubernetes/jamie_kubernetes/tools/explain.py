"""What the API offers: kinds, contexts, and what a field means."""

import time
from collections.abc import Sequence

from jamie_base.answer import paginate
from jamie_base.errors import BackendError, InvalidArgument
from jamie_base.text import clip, count
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.schemas import Schema, Schemas, UnknownField, read_schemas, type_of
from jamie_kubernetes.facts.documentation import field_line, head, kind_words
from jamie_kubernetes.facts.paths import read_path
from jamie_kubernetes.kinds import ApiKind
from jamie_kubernetes.render.get import BODY_BYTES
from jamie_kubernetes.tools.naming import kind_of, stale_words
from jamie_kubernetes.tools.one import unknown_field

_LINE = 150
_LINES_BYTES = 4_900


async def kinds_listed(cluster: Cluster, text: str, limit: int, cursor: str) -> Objects:
    """List the kinds of the cluster by group, or those whose name holds a text."""
    kinds = await cluster.kinds(older_than=0.0)
    wanted = text.lower()
    found = [one for one in kinds.kinds if "list" in one.verbs and wanted in _searched(one)]
    page = paginate(
        _lines(found),
        key=lambda line: line,
        line=lambda line: f"{line[1]:<40}{line[3]}",
        limit=limit,
        cursor=cursor,
        query=f"kinds {wanted}",
        budget=_LINES_BYTES,
    )
    silent = [f"{group}: does not answer, so its kinds are not known" for group in kinds.silent]
    where = cluster.access.context
    named = f" named like {text!r}" if text else ""
    return Objects(
        now_ns=time.time_ns(),
        title=f"{count('kind', len(found))}{named} in {where} (*: in no namespace):",
        source="API discovery",
        columns=("GROUP/VERSION", "KINDS"),
        rows=tuple((line[1], line[3]) for line in page.rows),
        left=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        notes=tuple(part for part in (stale_words(kinds), *silent) if part),
    )


def contexts_listed(cluster: Cluster) -> Objects:
    """List the contexts calls may choose; never a credential.

    Raises:
        BackendError: There is none, for there is no kubeconfig.

    """
    found = cluster.contexts()
    if not any(one.name for one in found):
        raise BackendError(found[0].server if found else "There is no context.")

    # The server comes last, for a broken context has a sentence there.
    rows = [(one.name, one.namespace, one.sign_in, one.server) for one in found]
    return Objects(
        now_ns=time.time_ns(),
        title=f"{count('context', len(rows))}, the default first:",
        source="kubeconfig",
        columns=("NAME", "NAMESPACE", "SIGN-IN", "SERVER"),
        rows=tuple(rows),
    )


async def explained(cluster: Cluster, text: str) -> Objects:
    """Say what a field is and what is in it: `deploy.spec.strategy`.

    Raises:
        InvalidArgument: It is no path, or the kind has no such field.
        NotFound: There is no such kind.

    """
    first, path = _parted(text)
    kind, stale = await kind_of(cluster, first)
    keys = [step.key for step in read_path(path).steps if step.key] if path else []
    schemas = await read_schemas(cluster, kind)
    root = schemas.of_kind(kind)
    try:
        found = schemas.walk(root, keys)
    except UnknownField as exc:
        raise InvalidArgument(unknown_field(kind.name, exc)) from exc

    where = ".".join((kind.name, *keys))
    version = kind.root.removeprefix("/apis/").removeprefix("/api/")
    return Objects(
        now_ns=time.time_ns(),
        title=f"{where} <{type_of(found)}> of {version}:",
        source="API documentation",
        body=_documentation(schemas, found),
        notes=(stale,) if stale else (),
    )


def _documentation(schemas: Schemas, schema: Schema) -> str:
    fields = sorted(schemas.fields(schema), key=lambda one: (not one[2], one[0]))
    lines = [field_line(*one) for one in fields]
    return clip([*head(schema), *lines], BODY_BYTES, hint="name one of them to go on")


def _parted(text: str) -> tuple[str, str]:
    """Split `certificates.cert-manager.io spec.dnsNames`, or `deploy.spec.strategy`."""
    first, _, rest = text.strip().partition(" ")
    if rest.strip():
        return first, rest.strip()

    kind, _, path = first.partition(".")
    return kind, path


def _searched(one: ApiKind) -> str:
    return f"{one.full} {one.kind.name.lower()} {' '.join(one.shorts)}"


def _lines(kinds: Sequence[ApiKind]) -> list[tuple[int, str, int, str]]:
    """Put the kinds of a group on lines; the core first, groups of extensions last."""
    groups: dict[str, list[ApiKind]] = {}
    for one in kinds:
        groups.setdefault(f"{one.group}/{one.version}".lstrip("/"), []).append(one)

    return [
        (_rank(group), group, at, line)
        for group, named in groups.items()
        for at, line in enumerate(_wrapped([kind_words(one) for one in named]))
    ]


def _wrapped(words: Sequence[str]) -> list[str]:
    lines = [""]
    for word in words:
        joined = f"{lines[-1]}, {word}" if lines[-1] else word
        lines = [*lines[:-1], joined] if len(joined) <= _LINE else [*lines, word]

    return lines


def _rank(group: str) -> int:
    name = group.partition("/")[0]
    return 0 if "/" not in group else 1 if name.endswith(".k8s.io") or "." not in name else 2
