"""What can go wrong between us and a backend, as errors a model can act on.

httpx                                    becomes
* HTTPError, StreamError                 Unreachable, but:
  * ConnectError                         NotReached
  * TimeoutException                     TimedOut (connecting: NotReached)
  * UnsupportedProtocol                  BackendError: the URL is wrong, not the backend
  * LocalProtocolError                   BackendError: a header is wrong, not the backend
* InvalidURL                             BackendError
* a status of 401, 403                   Denied
* 404, 410                               NotFound
* 408, 504                               TimedOut
* 413                                    TooMuch
* 429                                    Throttled
* 503                                    Unreachable
* any other that is no success           BackendError
"""

import email.utils
import re
import time
from collections.abc import Mapping

import httpx

from jamie_base.errors import (
    BackendError,
    Denied,
    NotFound,
    NotReached,
    Throttled,
    TimedOut,
    TooMuch,
    Unreachable,
)

STATUS_ERRORS: Mapping[int, type[BackendError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    408: TimedOut,
    410: NotFound,
    413: TooMuch,
    429: Throttled,
    503: Unreachable,
    504: TimedOut,
}

RETRIED_STATUSES = (429, 502, 503)
"""Statuses of a read worth another try; a 504 already took its time."""

LONGEST_WAIT_SECONDS = 5.0

REASON_CHARACTERS = 600


def is_connection_failure(error: Exception) -> bool:
    """Tell whether no connection could be made at all."""
    return isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError))


def is_worth_another_try(error: Exception) -> bool:
    """Tell whether the same read may well succeed now: not when it is the time or the URL."""
    lasting = (httpx.TimeoutException, httpx.UnsupportedProtocol, httpx.LocalProtocolError)

    return isinstance(error, httpx.TransportError) and not isinstance(error, lasting)


def transport_error(who: str, error: httpx.HTTPError | httpx.StreamError) -> BackendError:
    """Turn a failure to exchange messages into our error, with the way out."""
    why = str(error) or type(error).__name__
    match error:
        case httpx.UnsupportedProtocol():
            return BackendError(f"{who}: the URL must begin with http:// or https://.")
        case httpx.LocalProtocolError() if "header" in why:
            # Its words quote the header, which is the credential.
            return BackendError(
                f"{who}: the request cannot be sent: a token, user name or header has a character"
                " that no header may hold, such as a line break."
            )
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NotReached(f"{who} does not answer: no connection in time.")
        case httpx.TimeoutException():
            return TimedOut(f"{who} did not answer in time; ask for less, or raise --timeout.")
        case httpx.ConnectError() if "CERTIFICATE" in why.upper():
            return NotReached(f"{who}: its certificate is not trusted ({why}); set --ca-file.")
        case httpx.ConnectError():
            return NotReached(f"{who} does not answer ({why}). Is it running, and the URL right?")
        case _:
            return Unreachable(f"{who} broke off the exchange ({why}).")


def status_error(who: str, reply: httpx.Response, reason: str) -> BackendError:
    """Turn an unsuccessful status into our error, with the backend's own words."""
    status = reply.status_code
    if reply.has_redirect_location:
        return BackendError(
            f"{who} redirects to {reply.headers['location']}; use that URL if you trust it."
        )

    kind = STATUS_ERRORS.get(status, BackendError)
    words = reason[:REASON_CHARACTERS] or reply.reason_phrase
    advice = " Check the credentials." if status == 401 else ""

    return kind(f"{who} answered {status}: {words}{'' if words.endswith('.') else '.'}{advice}")


def wait_asked(reply: httpx.Response) -> float | None:
    """Return the seconds a Retry-After header asks for, if there is one we can read."""
    asked = reply.headers.get("retry-after", "")
    if re.fullmatch(r"\d+", asked):
        return float(asked)

    moment = email.utils.parsedate_tz(asked)

    return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else None


def page_title(body: bytes) -> str:
    """Return the title of a web page, or its first words."""
    text = body[:4096].decode(errors="replace")
    if title := re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE):
        return " ".join(title[1].split())

    return " ".join(re.sub(r"<[^>]*>", " ", text).split())[:80]
