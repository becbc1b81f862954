"""Labels as text: short, without what all rows share."""

import re
from collections.abc import Mapping

from jamie_base.text import shorten
from jamie_prometheus.promql import string

VALUE_CELLS = 80

_PLAIN = re.compile(r"[^\s\"'=,{}\\]+")


def labels_text(labels: Mapping[str, str], without: Mapping[str, str] | None = None) -> str:
    """Write labels as `name{a=b, c="d e"}`, without those in `without`."""
    shared = without or {}
    name = "" if "__name__" in shared else labels.get("__name__", "")
    inside = ", ".join(
        f"{key}={value_text(value)}"
        for key, value in sorted(labels.items())
        if key != "__name__" and key not in shared
    )

    if name:
        return f"{name}{{{inside}}}" if inside else name

    return inside


def value_text(value: str) -> str:
    """Write a label's value, quoted where it would not be clear."""
    short = shorten(value, VALUE_CELLS, middle=True)

    return short if _PLAIN.fullmatch(short) else string(short)
