"""A change, and which object it is told of."""

from enum import IntEnum

import msgspec

from jamie_base.when import SECOND, Nanoseconds
from jamie_kubernetes.answers_changes import Change

SLACK_NS = 2 * SECOND
"""Instants of the API are whole seconds, and a creation takes a moment: what is within is one."""

Key = tuple[str, str]
"""Namespace and object: `deploy/web`; no namespace for the cluster's own."""


class Tier(IntEnum):
    """How much a change may explain."""

    TELLING = 0
    MINOR = 1
    ROUTINE = 2


class Told(msgspec.Struct, frozen=True):
    """A change of an object."""

    key: Key
    change: Change
    tier: Tier = Tier.TELLING


def told(key: Key, change: Change, tier: Tier = Tier.TELLING) -> Told:
    """Tell a change."""
    return Told(key, change, tier)


def within(at_ns: Nanoseconds, since_ns: Nanoseconds) -> bool:
    """Tell whether something happened in the window, which has no end: clocks differ."""
    return at_ns >= since_ns > 0
