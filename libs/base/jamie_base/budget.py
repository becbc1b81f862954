"""How much of a call's time a part of it may take."""

import anyio

KEPT_SECONDS = 5.0
"""What the rest of a call needs after its slowest part; of little time it is half."""


def share_of_time(most: float) -> float:
    """Return for how many seconds a part of the call we are in may go on, `most` at most.

    So a part that is slow ends before the call does, and the call can still answer with the rest.
    """
    left = anyio.current_effective_deadline() - anyio.current_time()

    return max(0.0, min(most, max(left - KEPT_SECONDS, left / 2)))
