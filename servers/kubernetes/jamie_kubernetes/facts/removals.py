"""What deleting an object means, and what keeps one that is being deleted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import cast

from jamie_base.text import count, join_words, shorten
from jamie_kubernetes.client.limits import Budget
from jamie_kubernetes.client.sending import Object, list_at, mapping_at, part, text_at
from jamie_kubernetes.facts.dependents import Heirs, counted
from jamie_kubernetes.facts.keepers import controller_of, maker_line
from jamie_kubernetes.facts.selectors import selects
from jamie_kubernetes.kinds import (
    BUDGETS,
    CONFIG_MAPS,
    INGRESSES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Kind,
)

_WAITS = {
    "foregroundDeletion": "it waits until what it owns is gone",
    "orphan": "what it owns is being let go",
    "kubernetes.io/pvc-protection": "pods still use it",
    "kubernetes.io/pv-protection": "a claim still uses it",
}
MISSED: dict[Kind, str] = {
    CONFIG_MAPS: "is used by {}: pods that start without it wait",
    SECRETS: "is used by {}: pods that start without it wait",
    SERVICE_ACCOUNTS: "is used by {}: no new pod of them can be made",
    SERVICES: "leads to {}: whoever calls it by name gets no answer",
    INGRESSES: "leads to {}: requests from outside no longer arrive",
    BUDGETS: "guards {}: a drain may then stop all their pods at once",
}
"""What workloads miss once such an object is gone."""

_USERS_NAMED = 4
_WORDS_CELLS = 200


def holders(one: Object) -> list[str]:
    """Say what keeps an object that is being deleted."""
    names = finalizers(one)
    others = [name for name in names if name not in _WAITS]
    known = [words for name, words in _WAITS.items() if name in names]
    held = [f"held by {_finalizers(others)}"] if others else []
    found = [*known, *held, *_contents(one)]
    grace = part(one, "metadata", "deletionGracePeriodSeconds")
    if grace and not found:
        return [f"its containers have {grace} s to stop"]

    return found or ["it waits to be removed"]


def finalizers(one: Object) -> list[str]:
    """Return the finalizers of an object."""
    found = part(one, "metadata", "finalizers")

    return [str(name) for name in cast("list[object]", found)] if isinstance(found, list) else []


def fate_lines(one: Object) -> list[str]:
    """Say who makes an object again, and what will hold it."""
    others = [name for name in finalizers(one) if name not in _WAITS]
    held = [f"It has {_finalizers(others)}: it stays until their controllers are done with it."]

    return [*maker_line(one), *(held if others else [])]


def pod_lines(one: Object, budgets: Sequence[Budget], *, force: bool) -> list[str]:
    """Say what deleting one pod means beside its being gone."""
    labels = {key: str(value) for key, value in mapping_at(one, "metadata", "labels").items()}
    alone = [] if controller_of(one) else ["Nobody owns this pod: it will not come back."]
    asked = [
        f"pdb/{each.metadata.name} allows {count('disruption', each.status.disruptions_allowed)}"
        " now; a deletion does not ask it."
        for each in budgets
        if selects(each.spec.selector, labels)
    ]
    forced = ["By force: the API forgets it at once; its containers may still run on the node."]

    return [*alone, *asked, *(forced if force else [])]


def heir_lines(heirs: Heirs, propagation: str) -> list[str]:
    """Say what goes with an object, or is left behind."""
    shared = f"{count('dependent', heirs.shared)} stay: they have another owner, too."
    stay = [shared] if heirs.shared else []
    if not heirs.all:
        return stay
    if propagation == "orphan":
        return [f"Left behind, owned by nobody: {counted(heirs.direct)}.", *stay]

    when = "first" if propagation == "foreground" else "with it"
    return [f"Goes {when}: {counted(heirs.all)}.", *stay]


def missed_lines(users: Sequence[str], kind: Kind) -> list[str]:
    """Say which workloads miss an object once it is gone."""
    if not users:
        return []

    return [f"It {MISSED[kind].format(few(users))}."]


def few(names: Sequence[str]) -> str:
    """Name a few, and count the others."""
    more = len(names) - _USERS_NAMED
    return join_words([*names[:_USERS_NAMED], *([count("other", more)] if more > 0 else [])])


def content_line(kinds: Counter[Kind]) -> str:
    """Say what goes with a namespace."""
    return f"Everything in it goes: {counted(kinds)}." if kinds else "There is nothing in it."


def unseen_line(unseen: Iterable[str]) -> list[str]:
    """Say what could not be looked at."""
    found = [*unseen]
    return [f"Not checked: {'; '.join(found)}."] if found else []


def _finalizers(names: Sequence[str]) -> str:
    shown = [shorten(name, 80) for name in names]
    return f"{'finalizer' if len(shown) == 1 else 'finalizers'} {join_words(shown)}"


def _contents(one: Object) -> list[str]:
    """Say what a namespace that is being deleted waits for, in its controller's words."""
    if text_at(one, "kind") != "Namespace":
        return []

    return [
        shorten(" ".join(text_at(each, "message").split()), _WORDS_CELLS)
        for each in list_at(one, "status", "conditions")
        if text_at(each, "type").startswith("Namespace") and text_at(each, "status") == "True"
    ]
