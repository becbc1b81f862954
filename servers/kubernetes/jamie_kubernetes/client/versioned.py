"""Objects with the version of them, from which on a list is watched."""

import msgspec

from jamie_kubernetes.client.objects import Event, Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class VersionedMeta(Meta, frozen=True):
    """What every object has, and which version of it this is."""

    resource_version: str = ""


class VersionedNamed(_Wire, frozen=True):
    """Any object, as far as its name and its version."""

    metadata: VersionedMeta


class VersionedEvent(Event, frozen=True):
    """An event, and which version of it."""

    metadata: VersionedMeta
