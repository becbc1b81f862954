"""Failures a model can read and act on.

* ToolError             (mcp) its message reaches the model; anything else stays hidden
  * InvalidArgument     change the arguments
  * NotConfirmed        the user did not agree, or could not be asked
  * AuditFailed         (audit.py) a change that could not be logged was not made
  * BackendError        the backend could not answer
    * Unreachable       no answer at all
      * NotReached      no connection, so nothing was sent
    * Denied            our credentials do not allow it
    * NotFound          the named thing does not exist
    * TimedOut          no answer in time
    * Throttled         it asked us to slow down
    * TooMuch           the answer is larger than we read
    * Unsure            a change was sent, and nobody knows whether it was made

A message says what failed with which value, why, and what to try.
"""

from collections.abc import Iterable

import msgspec
from mcp.server.mcpserver.exceptions import ToolError

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises that is none, is of another type, or is nested too deeply."""


class InvalidArgument(ToolError):
    """Well-typed, but it cannot work."""


class NotConfirmed(ToolError):
    """The user did not agree, or could not be asked."""


class BackendError(ToolError):
    """The backend could not answer."""


class Unreachable(BackendError):
    """The backend never answered."""


class NotReached(Unreachable):
    """No connection to the backend was made: nothing was sent."""


class Denied(BackendError):
    """The backend does not allow it to our credentials."""


class NotFound(BackendError):
    """The backend does not have it."""


class TimedOut(BackendError):
    """The backend did not answer in time."""


class Throttled(BackendError):
    """The backend asked us to slow down."""


class TooMuch(BackendError):
    """The reply is larger than we read."""


class Unsure(BackendError):
    """A change was sent and no answer came: it may or may not have been made."""


def did_you_mean(nearest: Iterable[str]) -> str:
    """Say the nearest names as a closing sentence, or nothing when there are none."""
    names = [repr(name) for name in nearest]
    return f" Did you mean {' or '.join(names)}?" if names else ""
