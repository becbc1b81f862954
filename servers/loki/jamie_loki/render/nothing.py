"""Why there is nothing, in words."""

from jamie_base.text import shorten
from jamie_loki.data import Empty, Step

STAGE_CELLS = 160


def nothing(empty: Empty) -> list[str]:
    """Say the reason, and what each stage of the query left where that tells more."""
    steps = [_step(step) for step in empty.steps] if len(empty.steps) > 1 else []

    return [empty.reason, *steps]


def _step(step: Step) -> str:
    lines = "not counted" if step.lines is None else f"{step.lines:,}"

    return f"  {lines:>11}  {shorten(' '.join(step.stage.split()), STAGE_CELLS)}"
