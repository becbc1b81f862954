"""Kubernetes quantities: `250m`, `64Mi`, `2`."""

import re
from decimal import Decimal

_SCALES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
}
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)")


def number(quantity: str) -> float:
    """Return a quantity in its base unit (cores, bytes, pieces); ValueError if it is none."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None or match[2] not in _SCALES:
        raise ValueError(f"{quantity!r} is not a Kubernetes quantity.")

    return float(Decimal(match[1]) * _SCALES[match[2]])
