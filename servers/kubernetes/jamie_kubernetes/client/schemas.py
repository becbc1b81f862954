"""What fields a kind has, and what they mean: the API's own schemas, read when asked for."""

from collections.abc import Iterator, Sequence

import msgspec

from jamie_base.errors import NotFound
from jamie_kubernetes.client.cluster import Cluster
from jamie_kubernetes.kinds import Kind

_REF = "#/components/schemas/"


class GroupVersionKind(msgspec.Struct, frozen=True):
    """Which kind a schema is of."""

    kind: str = ""


class Schema(msgspec.Struct, frozen=True, rename="camel"):
    """A schema, as far as people ask about it."""

    type: str = ""
    format: str = ""
    description: str = ""
    properties: dict[str, "Schema"] = {}
    required: tuple[str, ...] = ()
    enum: tuple[object, ...] = ()
    default: object = None
    items: "Schema | None" = None
    additional_properties: "Schema | bool | None" = None
    all_of: tuple["Schema", ...] = ()
    ref: str = msgspec.field(default="", name="$ref")
    either: bool = msgspec.field(default=False, name="x-kubernetes-int-or-string")
    open: bool = msgspec.field(default=False, name="x-kubernetes-preserve-unknown-fields")
    kinds: tuple[GroupVersionKind, ...] = msgspec.field(
        default=(), name="x-kubernetes-group-version-kind"
    )


class _Components(msgspec.Struct, frozen=True):
    schemas: dict[str, msgspec.Raw] = {}


class _Document(msgspec.Struct, frozen=True):
    components: _Components = _Components()


class UnknownField(Exception):
    """A path that leaves the schema: where, and which fields there are."""

    def __init__(self, where: Sequence[str], field: str, known: Sequence[str]) -> None:
        super().__init__(field)
        self.where = ".".join(where)
        self.field = field
        self.known = known


class Schemas:
    """The schemas of one group and version."""

    def __init__(self, document: _Document) -> None:
        self._raw = document.components.schemas

    def of_kind(self, kind: Kind) -> Schema:
        """Return the schema of a kind.

        Raises:
            NotFound: The document has none.

        """
        for name, raw in self._raw.items():
            if name.endswith(f".{kind.name}"):
                schema = msgspec.json.decode(raw, type=Schema)
                if any(one.kind == kind.name for one in schema.kinds):
                    return schema

        raise NotFound(f"The API server has no documentation of {kind.name}.")

    def whole(self, schema: Schema) -> Schema:
        """Return a schema with what it refers to; its own description goes first."""
        refs = [one.ref for one in (schema, *schema.all_of) if one.ref]
        if not refs or refs[0].removeprefix(_REF) not in self._raw:
            return schema

        target = msgspec.json.decode(self._raw[refs[0].removeprefix(_REF)], type=Schema)
        described = schema.description or target.description
        return msgspec.structs.replace(
            target, description=described, default=schema.default, enum=schema.enum or target.enum
        )

    def inside(self, schema: Schema) -> Schema:
        """Return the schema of a list's entries, or of the thing itself."""
        found = self.whole(schema)
        while found.items:
            found = self.whole(found.items)

        return found

    def walk(self, root: Schema, keys: Sequence[str]) -> Schema:
        """Go down a path; lists on the way are gone through, maps and open objects take any key.

        Raises:
            UnknownField: There is no such field.

        """
        at = self.whole(root)
        for place, key in enumerate(keys):
            holder = self.inside(at)
            further = holder.additional_properties
            if key in holder.properties:
                at = self.whole(holder.properties[key])
            elif isinstance(further, Schema):
                # Keys of a map may hold dots, so the rest of the path may be one of them.
                return self.whole(further) if place + 1 == len(keys) else Schema(open=True)
            elif holder.open or further or not holder.properties:
                return Schema(open=True)
            else:
                raise UnknownField(keys[:place], key, list(holder.properties))

        return at

    def fields(self, schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
        """Yield the fields inside: name, schema, and whether it is required."""
        holder = self.inside(schema)
        for name, one in holder.properties.items():
            yield name, self.whole(one), name in holder.required


async def read_schemas(cluster: Cluster, kind: Kind) -> Schemas:
    """Read the schemas of a kind's group and version.

    Raises:
        BackendError: Servers before 1.24 have none, or no answer.

    """
    return Schemas(await cluster.get(f"/openapi/v3{kind.root}", _Document))


def type_of(schema: Schema) -> str:
    """Say what a field is, as kubectl explain does: `string`, `[]Object`, `map[string]string`."""
    if schema.either:
        return "int or string"
    if schema.items:
        return f"[]{type_of(schema.items)}"
    if isinstance(schema.additional_properties, Schema):
        return f"map[string]{type_of(schema.additional_properties)}"
    if schema.ref or schema.all_of or schema.properties or schema.type == "object":
        return "Object"

    return schema.type or "any"
