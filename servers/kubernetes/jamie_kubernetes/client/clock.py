"""How far the API server's clock is from ours, as far as its replies prove it."""

import math
import time
from email.utils import parsedate_to_datetime

from jamie_base.remarks import remark
from jamie_base.when import SECOND, Nanoseconds, age

WORTH_SAYING_SECONDS = 30.0
"""From here on ages and windows would be visibly off by our clock."""

_DATE_SECONDS = 1.0
"""A Date header is cut to the second."""


class Clock:
    """Narrows down the difference with every reply; one that contradicts the rest begins anew.

    A reply that says 12:00:00 and took from 11:59:58 to 12:00:03 by our clock proves that the
    server's is between 3 seconds behind and 3 seconds ahead.
    """

    def __init__(self) -> None:
        self._least, self._most = -math.inf, math.inf

    @property
    def ahead(self) -> float:
        """Return by how many seconds the server is surely ahead (below zero: behind)."""
        return max(self._least, 0.0) + min(self._most, 0.0)

    def heard(self, date: str, sent: float, received: float) -> None:
        """Take note of a reply's Date header, and of when it was asked for and came."""
        try:
            said = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return

        least, most = said - received, said + _DATE_SECONDS - sent
        if least > self._most or most < self._least:
            self._least, self._most = least, most
        else:
            self._least, self._most = max(self._least, least), min(self._most, most)

    @property
    def now_ns(self) -> Nanoseconds:
        """Return the time by the server's clock where it differs visibly, else by ours."""
        differs = abs(self.ahead) >= WORTH_SAYING_SECONDS
        return time.time_ns() + (round(self.ahead * SECOND) if differs else 0)

    def say(self) -> None:
        """Let an answer that is being made say that its times are not ours, where they are not."""
        if abs(self.ahead) >= WORTH_SAYING_SECONDS:
            seconds = age(round(abs(self.ahead), -1))
            where = "ahead of" if self.ahead > 0 else "behind"
            remark(f"(The API server's clock is {seconds} {where} ours; ages may be off by that.)")
