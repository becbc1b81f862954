"""The terms on which requests leave: how long they may take, how far they reach, for whom."""

from dataclasses import dataclass, field

from jamie_kubernetes.client.clock import Clock
from jamie_kubernetes.client.fence import Fence
from jamie_kubernetes.settings import Settings


@dataclass(frozen=True)
class Terms:
    """What the settings say of every request, and the clock that the replies tell."""

    fence: Fence
    seconds: float
    plugin_seconds: float
    impersonate: bool = False
    clock: Clock = field(default_factory=Clock)


def terms_of(settings: Settings) -> Terms:
    """Return the terms the settings set."""
    return Terms(Fence(settings), settings.timeout, settings.plugin_timeout, settings.impersonate)
