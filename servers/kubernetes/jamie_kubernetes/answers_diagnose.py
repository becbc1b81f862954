"""What k8s_diagnose answers, as data. Instants are nanoseconds since the epoch, 0 if not known."""

from typing import Literal

import msgspec

from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers import Gap

Confidence = Literal["certain", "likely", "possible"]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cause and who has it.

    `cause` is a stable code (`image-not-found`); `owner` is `deploy/web`, `node/n1`, `pvc/data`.
    `severity` is 0 (down) to 3 (a risk). `summary` and `evidence` are our words, `said` those of
    the cluster's strangers; `next` is what to do. `count` pods have it, some of them are `pods`.

    `follows` names whose finding would explain this one (its own key: any other of the same owner);
    where there is one, this one only appears in its `affects`, of which the first of `affected` are
    kept. `also` are further causes. `leads`: of its owner's causes it is the one to tell first.
    `brief`: others of the same cause are told in full before it. `needs` are the hosts, as
    `db:5432`, that its pods complain of.
    """

    cause: str
    namespace: str
    owner: str
    severity: int
    summary: str
    confidence: Confidence = "certain"
    evidence: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    next: str = ""
    since_ns: Nanoseconds = 0
    count: int = 0
    pods: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    affects: tuple[str, ...] = ()
    affected: int = 0
    also: tuple[str, ...] = ()
    leads: bool = False
    brief: bool = False
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return whose it is: `shop/deploy/web`, `node/n1`."""
        return key_of(self.namespace, self.owner)


class Diagnosis(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong in a scope, worst first, one finding an owner.

    `severities` counts all findings, `causes` those not shown by their code; `checked` counts what
    was looked at by kind, `unlooked` names what is looked at only where our credentials allow it.
    `intended` says of an object that was asked for why it rests, where that is no fault.
    """

    now_ns: Nanoseconds
    scope: str
    findings: tuple[Finding, ...]
    total: int
    severities: dict[int, int]
    checked: dict[str, int]
    intended: str = ""
    causes: dict[str, int] = {}
    unlooked: tuple[str, ...] = ()
    before: int = 0
    later: int = 0
    cursor: str = ""
    changed: bool = False
    gaps: tuple[Gap, ...] = ()


def key_of(namespace: str, owner: str) -> str:
    """Return the name of an owner that no other has: `shop/deploy/web`, `node/n1`."""
    return f"{namespace}/{owner}" if namespace else owner
