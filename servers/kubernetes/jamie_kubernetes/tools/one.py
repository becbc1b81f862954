"""One object, whole or the fields asked for."""

from jamie_base.errors import BackendError, InvalidArgument, did_you_mean
from jamie_kubernetes.answers_get import Objects
from jamie_kubernetes.client.schemas import UnknownField, read_schemas
from jamie_kubernetes.facts.documents import fitted
from jamie_kubernetes.facts.paths import Path
from jamie_kubernetes.facts.veil import Object
from jamie_kubernetes.render.documents import as_json, as_yaml
from jamie_kubernetes.render.get import BODY_BYTES
from jamie_kubernetes.tools.asked import Asked
from jamie_kubernetes.tools.picture import tree_of
from jamie_kubernetes.tools.targets import locate
from jamie_signals.similar import nearest

FIELDS_LISTED = 12


async def one_object(asked: Asked) -> Objects:
    """Read one object and show it within the budget.

    Raises:
        NotFound: It does not exist; the nearest names are offered.
        InvalidArgument: It is in several namespaces, or has no such field.

    """
    target = await locate(asked.cluster, (asked.kind,), asked.name, asked.namespace)
    reply = await asked.cluster.get(asked.kind.path(target.namespace, target.name), Object)
    one = asked.veil.over(reply)
    dead = [path for path in asked.paths if not asked.veil.leads(one, path)]
    notes = await unset(asked, dead)
    dump = as_json if asked.output == "json" else as_yaml
    where = f" in namespace {target.namespace}" if asked.kind.namespaced else ""
    return Objects(
        now_ns=asked.now_ns,
        title=f"{target}{where} ({asked.kind.root.removeprefix('/apis/').removeprefix('/api/')}):",
        source=f"{target}{where}",
        body=fitted(tree_of(asked, one), BODY_BYTES, dump),
        notes=notes,
    )


async def unset(asked: Asked, dead: list[Path]) -> tuple[str, ...]:
    """Say which fields no object has set; a field that cannot exist is an error.

    Raises:
        InvalidArgument: The kind has no such field; the nearest are offered.

    """
    for path in dead:
        await _check(asked, path)

    return tuple(f"{path.text}: not set" for path in dead)


async def _check(asked: Asked, path: Path) -> None:
    try:
        schemas = await read_schemas(asked.cluster, asked.kind)
        root = schemas.of_kind(asked.kind)
    except BackendError:
        # Whoever may not read the schemas is told only that the field is not set.
        return

    keys = [step.key for step in path.steps if step.way == "key"]
    try:
        schemas.walk(root, keys)
    except UnknownField as exc:
        raise InvalidArgument(unknown_field(asked.kind.name, exc)) from exc


def unknown_field(kind: str, error: UnknownField) -> str:
    """Say that a kind has no such field, and which it has."""
    where = f"{kind}.{error.where}" if error.where else kind
    near = nearest(error.field, error.known)
    known = f" It has {', '.join(sorted(error.known)[:FIELDS_LISTED])}." if not near else ""
    return f"{where} has no field {error.field[:80]!r}.{did_you_mean(near)}{known}"
