"""Labels as text: short, without what all rows share."""

import re
from collections.abc import Collection, Mapping

from jamie_base.text import join_words, shorten
from jamie_prometheus.promql import string

VALUE_CELLS = 80

_PLAIN = re.compile(r"[^\s\"'=,{}\\]+")


def labels_text(labels: Mapping[str, str], without: Collection[str] = ()) -> str:
    """Write labels as `name{a=b, c="d e"}`, without those named in `without`."""
    name = "" if "__name__" in without else labels.get("__name__", "")
    inside = ", ".join(
        f"{key}={value_text(value)}"
        for key, value in sorted(labels.items())
        if key != "__name__" and key not in without
    )

    if name:
        return f"{name}{{{inside}}}" if inside else name

    return inside


def left_out(names: Collection[str]) -> str:
    """Say which labels are not written, as an end of a sentence."""
    return f" ({join_words(names)} not written)" if names else ""


def value_text(value: str) -> str:
    """Write a label's value, quoted where it would not be clear."""
    short = shorten(value, VALUE_CELLS, middle=True)

    return short if _PLAIN.fullmatch(short) else string(short)
