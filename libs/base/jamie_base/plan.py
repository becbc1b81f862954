"""What a write would do, what became of it, and how to take it back."""

import hashlib
from typing import Any

import msgspec

from jamie_base.text import count, shorten

MOST_DIFFERENCES = 10
VALUE_CELLS = 160


class Binding(msgspec.Struct, frozen=True):
    """What a plan was made for; when any of it changes, the plan is stale.

    `touched` holds the fields the write changes, as they were (JSON), and `body` exactly what is to
    be sent; `uid` and `generation` are the object's own.
    """

    target: str
    uid: str
    generation: int
    touched: dict[str, Any]
    body: bytes

    @property
    def digest(self) -> str:
        """Return one hash over all of it."""
        packed = msgspec.json.encode(self, order="deterministic")

        return hashlib.blake2b(packed, digest_size=16).hexdigest()


class Undo(msgspec.Struct, frozen=True):
    """How to take a write back: send `body` to `target`, as long as `touched` is as we left it.

    It may hold secrets: it stays in the state folder.
    """

    summary: str
    target: str
    uid: str
    touched: dict[str, Any]
    body: bytes


class Plan(msgspec.Struct, frozen=True):
    """A write that has not happened: what would change, with which effect, can it be undone.

    `summary` is one sentence in the infinitive ("scale deployment/web from 2 to 5"), `changes` one
    line a field, `impact` one line a consequence, `undo` how it can be taken back or why it cannot.
    `undoes` names the undo record the plan uses up. `errand` is for acting, too, but the plan is
    not bound to it: what the user agreed to holds, whatever a new plan would have there. The ways
    back that are known beforehand are kept before anything is sent.
    """

    summary: str
    binding: Binding
    changes: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    undo: str = "This cannot be undone."
    undoes: str = ""
    errand: bytes = b""
    ways_back: tuple[Undo, ...] = ()


class Quote(msgspec.Struct, frozen=True):
    """What a stranger said, by whom it is, and how many bytes of it are worth showing.

    Give it whole: it is cut after its secrets are gone, or half of one could stay.
    """

    source: str
    text: str
    limit: int


class Outcome(msgspec.Struct, frozen=True):
    """What became of a write, as seen afterwards.

    `verified` tells whether the backend shows what was planned; `details` are further lines. Each
    of `undos` takes a part of it back. `said` is what strangers said to it, whole.
    """

    summary: str
    verified: bool
    details: tuple[str, ...] = ()
    undos: tuple[Undo, ...] = ()
    said: tuple[Quote, ...] = ()


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a writing tool answers: a plan that waits for consent (`token`), or what was done."""

    done: bool
    summary: str
    changes: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    undo: str = ""
    verified: bool = False
    details: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    token: str = ""


def planned(plan: Plan, token: str = "") -> Written:
    """Return the answer that shows a plan."""
    return Written(
        done=False,
        summary=plan.summary,
        changes=plan.changes,
        impact=plan.impact,
        undo=plan.undo,
        token=token,
    )


def differences(old: Plan, new: Plan) -> str:
    """Say in what the same write would differ now from what was planned."""
    if old.binding.uid and new.binding.uid and old.binding.uid != new.binding.uid:
        return "It is another object of that name"

    before = {"object": old.binding.uid, **old.binding.touched}
    after = {"object": new.binding.uid, **new.binding.touched}
    changed = [
        f"{name}: was {_brief(before.get(name))}, is {_brief(after.get(name))}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    more = len(changed) - MOST_DIFFERENCES
    shown = [*changed[:MOST_DIFFERENCES], *([f"and {count('more field', more)}"] * (more > 0))]

    return "; ".join(shown) or "another part of the object changed"


def _brief(value: object) -> str:
    return shorten("(none)" if value is None else repr(value), VALUE_CELLS, middle=True)
