"""The stretch of time a question speaks of."""

import re
from datetime import timedelta

NUMBERS = {
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "ten": 10.0,
    "fifteen": 15.0,
    "twenty": 20.0,
    "thirty": 30.0,
    "couple of": 2.0,
    "few": 3.0,
    "half an": 0.5,
}
UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
WORDS = {
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
}
LONGEST = timedelta(days=30)

AMOUNT = rf"(?P<amount>\d+(?:\.\d+)?|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
LONG = re.compile(
    rf"\b(?:{AMOUNT}\s+|(?<=last )|(?<=past )|(?<=this ))(?P<word>{'|'.join(WORDS)})s?\b"
)
LONG_TIGHT = re.compile(rf"\b(?P<amount>\d+(?:\.\d+)?)(?P<word>{'|'.join(WORDS)})s?\b")
SHORT = re.compile(r"\b(?P<amount>\d+(?:\.\d+)?)\s?(?P<unit>[smhdw])\b")
NAMED = {"today": timedelta(days=1), "tonight": timedelta(hours=12), "yesterday": timedelta(days=2)}


def window_in(question: str) -> timedelta | None:
    """Find how far back a question looks: "last hour", "past 15 minutes", "2h"; None if unsaid.

    Never nothing and never over 30 days.
    """
    text = question.lower()
    found = _long(text) or _short(text) or _named(text)
    return min(found, LONGEST) if found else None


def spell(window: timedelta) -> str:
    """Write a window the way tools take it: `90s`, `15m`, `2h`, `7d`."""
    seconds = max(1, round(window.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _long(text: str) -> timedelta | None:
    hit = LONG.search(text) or LONG_TIGHT.search(text)
    if hit is None:
        return None
    return _number(hit["amount"] or "one") * UNITS[WORDS[hit["word"]]] or None


def _short(text: str) -> timedelta | None:
    hit = SHORT.search(text)
    return (_number(hit["amount"]) * UNITS[hit["unit"]] or None) if hit else None


def _named(text: str) -> timedelta | None:
    return next((size for word, size in NAMED.items() if re.search(rf"\b{word}\b", text)), None)


def _number(text: str) -> float:
    # Beyond this a timedelta overflows; the caller caps it anyway.
    return NUMBERS[text] if text in NUMBERS else min(float(text), 1e4)
