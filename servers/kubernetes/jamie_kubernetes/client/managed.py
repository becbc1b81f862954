"""Metadata with who manages which fields of an object, and since when."""

from datetime import datetime

import msgspec

from jamie_kubernetes.client.objects import Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ManagedFields(_Wire, frozen=True):
    """The fields one manager wrote, and when it last changed one of them.

    `fields_v1` stays as it came: few entries are ever looked into.
    """

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None
    fields_v1: msgspec.Raw = msgspec.Raw(b"{}")


class ManagedMeta(Meta, frozen=True, rename="camel"):
    """What every object has, with notes and managers."""

    annotations: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    finalizers: tuple[str, ...] = ()
    managed_fields: tuple[ManagedFields, ...] = ()


class Managed(_Wire, frozen=True):
    """Any object, as far as its metadata."""

    metadata: ManagedMeta


class Contents(_Wire, frozen=True):
    """A ConfigMap or Secret; the data of a Secret is base64."""

    metadata: ManagedMeta
    type: str = ""
    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
