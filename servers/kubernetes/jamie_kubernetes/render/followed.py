"""What following was like, as text: how long, what came and went, what was not heard or kept."""

from datetime import UTC, datetime

from jamie_base.text import count, shorten
from jamie_base.when import SECOND
from jamie_kubernetes.answers import Followed, Interruption

NEWS_CHARACTERS = 700
WHY_CHARACTERS = 160
INTERRUPTIONS_NAMED = 3
HEARD_AGAIN = "(heard again)"


def followed_for(data: Followed) -> str:
    """Say for how long: as asked, shorter below a deadline, or because all had ended."""
    seconds = f"followed for {data.seconds:.0f} s"
    if data.seconds > data.asked - 1:
        return seconds

    why = "all ended" if data.finished else "a call ends at its deadline"
    return f"{seconds} ({data.asked} asked; {why})"


def followed_lines(data: Followed | None) -> list[str]:
    """Say what happened meanwhile."""
    if data is None:
        return []

    news = [shorten(f"Meanwhile: {'; '.join(data.news)}.", NEWS_CHARACTERS)] if data.news else []
    dropped = [f"({count('older line', data.dropped)} dropped)"] if data.dropped else []
    return [*news, *_interruptions(data.interruptions), *dropped]


def interrupted(why: str) -> str:
    """Tell who listens that nothing can be heard for now: silence would look like peace."""
    return f"(interrupted: {shorten(why, WHY_CHARACTERS)})"


def _interruptions(found: tuple[Interruption, ...]) -> list[str]:
    shown = [_interruption(one) for one in found[:INTERRUPTIONS_NAMED]]
    rest = len(found) - INTERRUPTIONS_NAMED

    return [*shown, *([f"({count('further interruption', rest)})"] if rest > 0 else [])]


def _interruption(one: Interruption) -> str:
    at = datetime.fromtimestamp(one.at_ns / SECOND, UTC).strftime("%H:%M:%SZ")
    why = shorten(one.why, WHY_CHARACTERS)
    if one.lasting:
        return f"Interrupted at {at} and not heard since ({one.seconds:.0f} s): {why}"

    return f"Interrupted at {at} for {one.seconds:.0f} s, then taken up where it broke: {why}"
