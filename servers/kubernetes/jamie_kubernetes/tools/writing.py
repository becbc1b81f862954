"""Every tool that changes something; not imported where nothing may be changed."""

from jamie_kubernetes.tools import (
    apply,
    delete,
    node,
    patch,
    roll,
    scale,
    setting,
    trigger,
    undo,
)

__all__ = [
    "apply",
    "delete",
    "node",
    "patch",
    "roll",
    "scale",
    "setting",
    "trigger",
    "undo",
]
