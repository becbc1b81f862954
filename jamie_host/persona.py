"""How Jamie sounds: a friendly British colleague, or plain. Never in figures, errors or JSON."""

from hashlib import sha256
from typing import Literal

Persona = Literal["british", "plain"]

OPENINGS = (
    "Right then, let's have a look.",
    "Right, I've had a butcher's.",
    "Hello there. Had a proper look for you.",
    "Right you are. Here's the lay of the land.",
    "Let me see. Here's what we've got, mate.",
)
CALM_CLOSINGS = (
    "All tickety-boo, then.",
    "Brilliant, nothing to lose sleep over.",
    "Lovely. Time for a cuppa.",
)
BUSY_CLOSINGS = (
    "Give us a shout if you want me to dig deeper.",
    "Bit of a pickle, but we'll get it sorted.",
    "Worth a proper look before your tea goes cold.",
)
MANNER: dict[Persona, str] = {
    "british": (
        "Speak as a friendly British colleague: two or three such words in an answer "
        '("right then", "brilliant", "bit of a pickle"), in the prose only, never in figures, '
        "names, quotations, errors or JSON."
    ),
    "plain": "Speak plainly, without small talk.",
}


def dress(text: str, persona: Persona, *, calm: bool) -> str:
    """Put an opening and a closing around an answer; the same answer is always dressed alike."""
    if persona == "plain":
        return text
    closings = CALM_CLOSINGS if calm else BUSY_CLOSINGS
    return f"{_pick(OPENINGS, text)}\n\n{text}\n\n{_pick(closings, text)}"


def _pick(choices: tuple[str, ...], text: str) -> str:
    return choices[sha256(text.encode()).digest()[0] % len(choices)]
