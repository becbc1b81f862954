"""Plans that wait for consent, kept by the process that made them."""

import secrets
import time
from dataclasses import dataclass, field

from jamie_base.errors import NotConfirmed
from jamie_base.plan import Plan

KEPT_SECONDS = 300
KEPT_PLANS = 1_000


@dataclass(frozen=True)
class Asked:
    """Who asked which tool what, of which source: all of it must be the same to act."""

    caller: str
    tool: str
    source: str
    arguments: str


@dataclass(frozen=True)
class Kept:
    """A plan, who it was made for, and until when it stands (monotonic seconds)."""

    plan: Plan
    asked: Asked
    until: float


@dataclass
class Plans:
    """The plans of one server; each is used once, within five minutes."""

    _kept: dict[str, Kept] = field(default_factory=dict[str, Kept])

    def keep(self, plan: Plan, asked: Asked) -> str:
        """Keep a plan and return the token that stands for it."""
        self._drop_old()
        token = secrets.token_urlsafe(16)
        self._kept[token] = Kept(plan, asked, time.monotonic() + KEPT_SECONDS)

        return token

    def take(self, token: str, asked: Asked) -> Plan:
        """Return the plan of a token and forget it.

        Raises:
            NotConfirmed: The token is unknown, used, too old, or was given for another call.

        """
        kept = self._kept.pop(token, None)
        if kept is None or kept.until < time.monotonic():
            raise NotConfirmed(
                "This plan is unknown, used or older than five minutes; nothing was changed."
                " Call again without confirm for a new plan."
            )

        if kept.asked != asked:
            raise NotConfirmed(
                "This plan was made for another call (tool, arguments, source or caller differ);"
                " nothing was changed. Call again without confirm for a new plan."
            )

        return kept.plan

    def _drop_old(self) -> None:
        now = time.monotonic()
        alive = {token: kept for token, kept in self._kept.items() if kept.until > now}
        self._kept = dict(list(alive.items())[-KEPT_PLANS:])
