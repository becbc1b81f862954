"""Plans and outcomes as a few lines of text."""

from jamie_base.plan import Written


def written(answer: Written) -> str:
    """Show a plan that waits for consent, or what was done."""
    return "\n".join(_done(answer) if answer.done else _planned(answer))


def _planned(answer: Written) -> list[str]:
    return [
        f"Plan, nothing changed yet: {answer.summary}.",
        *(f"  {line}" for line in answer.changes),
        *(f"Impact: {line}" for line in answer.impact),
        answer.undo,
        *_how_to_confirm(answer.token),
    ]


def _how_to_confirm(token: str) -> list[str]:
    if not token:
        return []

    return [
        "To do it, once the user agrees: the same call with"
        f' confirm="{token}" (single use, valid five minutes).'
    ]


def _done(answer: Written) -> list[str]:
    verdict = "Done" if answer.verified else "Sent, but NOT verified"

    return [
        f"{verdict}: {answer.summary}.",
        *(f"  {line}" for line in answer.details),
        *answer.said,
        answer.undo,
    ]
