"""Kubernetes quantities: `100m`, `1.5Gi`, `2e3`."""

import re
from functools import lru_cache

_SUFFIXES = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)")


def amount(quantity: str) -> float:
    """Return a quantity in cores or bytes.

    Raises:
        ValueError: It is no quantity.

    """
    found = _QUANTITY.fullmatch(quantity.strip())
    if not found:
        raise ValueError(f"{quantity!r} is not a quantity")

    number, exponent, suffix = found.groups()
    return float(f"{number}e{exponent}") if exponent else float(number) * _SUFFIXES[suffix or ""]


@lru_cache(maxsize=4096)
def known(quantity: str) -> float:
    """Return a quantity, or 0 for one that cannot be read."""
    try:
        return amount(quantity)
    except ValueError:
        return 0.0
