"""What a metric's numbers are measured in, and how to say one to a person."""

from jamie_signals.units.expressions import unit_of
from jamie_signals.units.kinds import Unit
from jamie_signals.units.wording import humanise

__all__ = ["Unit", "humanise", "unit_of"]
