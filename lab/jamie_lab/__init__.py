"""Real backends on one machine for live tests and benchmarks."""

from jamie_lab.errors import LabError, NotUp
from jamie_lab.state import LabState, lab_state

__all__ = ["LabError", "LabState", "NotUp", "lab_state"]
