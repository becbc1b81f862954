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

_SHOWN = ("Ki", "Mi", "Gi", "Ti")
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


def cores(cpu: float) -> str:
    """Say CPU as kubectl does: `120m`, `1.5`."""
    return f"{cpu * 1000:.0f}m" if cpu < 1 else f"{cpu:.1f}".removesuffix(".0")


def memory(bytes_: float) -> str:
    """Say memory in binary units."""
    unit = next((one for one in _SHOWN if bytes_ < _SUFFIXES[one] * 1024), "Ti")
    number = bytes_ / _SUFFIXES[unit]

    return f"{number:.1f}{unit}" if number < 10 else f"{number:.0f}{unit}"


def written(resource: str, number: float) -> str:
    """Say how much of a resource: CPU in cores, memory and storage in binary units, or pieces."""
    if resource == "cpu":
        return cores(number)
    if resource in ("memory", "ephemeral-storage", "storage") or resource.startswith("hugepages"):
        return memory(number)

    return f"{number:g}"
