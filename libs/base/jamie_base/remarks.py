"""What an answer has to say of itself though its tool does not know: that it was narrowed.

Whoever narrows it, deep below the tool, remarks so; the call puts each remark at the end of its
answer, once.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_said: ContextVar[dict[str, None] | None] = ContextVar("said", default=None)


def remark(text: str) -> None:
    """Say something of the answer that is being made; outside a call do nothing."""
    said = _said.get()
    if said is not None:
        said[text] = None


@contextmanager
def remarking() -> Generator[dict[str, None]]:
    """Collect what is remarked in this block and in the tasks it starts, each once, in order."""
    said: dict[str, None] = {}
    token = _said.set(said)
    try:
        yield said
    finally:
        _said.reset(token)
