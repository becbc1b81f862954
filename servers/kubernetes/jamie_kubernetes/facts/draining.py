"""What draining a node means: which pods go and stay, who holds them, where they find room."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from jamie_base.text import count, join_words
from jamie_kubernetes.client.capacity import Host
from jamie_kubernetes.client.evictions import Guest, Neighbour
from jamie_kubernetes.client.limits import Budget, NeedySpec
from jamie_kubernetes.facts.nodes import is_ready
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.facts.room import Taken, place
from jamie_kubernetes.facts.selectors import selects

OWNERS = 12
NAMES = 4


class Guests(msgspec.Struct, frozen=True):
    """The pods of a node: those that go, that stay with it, and that are leaving already."""

    go: tuple[Guest, ...]
    stay: tuple[Guest, ...]
    leaving: tuple[Guest, ...]

    @property
    def alive(self) -> list[Guest]:
        """Return those that go and still work."""
        return [one for one in self.go if not one.ended]

    @property
    def alone(self) -> list[Guest]:
        """Return those that go and that nobody would make again."""
        return [one for one in self.alive if not one.controller]

    @property
    def keepers(self) -> list[Guest]:
        """Return those that go and lose data with it."""
        return [one for one in self.alive if one.keeps_data]


class NeighbourTally:
    """Adds up what all pods take, by node, and how many each owner has."""

    def __init__(self) -> None:
        self.taken = Taken()
        self.owners: Counter[str] = Counter()

    def add(self, page: Sequence[Neighbour]) -> None:
        """Take one page."""
        self.taken.add(page)
        self.owners.update(owner_name(one) for one in page if one.status.phase == "Running")


def guests_of(pods: Iterable[Guest]) -> Guests:
    """Sort the pods of a node by what a drain means for them."""
    staying: list[Guest] = []
    leaving: list[Guest] = []
    going: list[Guest] = []
    for one in pods:
        holder = staying if one.stays else leaving if one.metadata.deletion_timestamp else going
        holder.append(one)

    return Guests(tuple(going), tuple(staying), tuple(leaving))


def owner_name(pod: Guest | Neighbour) -> str:
    """Return who a pod belongs to, with the namespace; itself where nobody owns it."""
    owner = owner_of(pod.metadata)
    return f"{pod.metadata.namespace}/{owner or f'pod/{pod.metadata.name}'}"


def refusal(guests: Guests) -> str:
    """Say what speaks against evicting these; nothing where nothing does."""
    alone, keepers = guests.alone, guests.keepers
    reasons = [
        *([f"nobody would bring {_named(alone)} back"] if alone else []),
        *([f"the emptyDir data of {_named(keepers)} would be lost"] if keepers else []),
    ]
    return join_words(reasons)


def going_lines(guests: Guests) -> list[str]:
    """Say which pods go, by owner, the most first."""
    owners = Counter(owner_name(one) for one in guests.go).most_common()
    shown = [f"{owner}: {count('pod', number)} -> evicted" for owner, number in owners[:OWNERS]]
    rest = owners[OWNERS:]
    more = sum(number for _, number in rest)

    return [*shown, *([f"... and {count('pod', more)} of {len(rest)} others"] if rest else [])]


def loss_lines(guests: Guests) -> list[str]:
    """Say what is lost for good, and what stays."""
    alone, keepers = guests.alone, guests.keepers
    daemons = sum(one.controller == "DaemonSet" for one in guests.stay)
    static = len(guests.stay) - daemons
    stay = [
        *([f"{count('pod', daemons)} of DaemonSets"] if daemons else []),
        *([count("static pod", static)] if static else []),
    ]
    leaving = f"Stopping already: {count('pod', len(guests.leaving))}."
    return [
        *([f"By force: nobody will bring {_named(alone)} back."] if alone else []),
        *([f"By force: the emptyDir data of {_named(keepers)} is lost."] if keepers else []),
        *([f"Stay on it: {join_words(stay)}."] if stay else []),
        *([leaving] if guests.leaving else []),
    ]


def silent_lines(guests: Guests, host: Host | None) -> list[str]:
    """Say what it means that a node does not report any more."""
    if host is None or is_ready(host) or not guests.go:
        return []

    return ["The node is not ready: evicted pods stay Terminating until it reports, or is deleted."]


def budget_lines(guests: Guests, budgets: Sequence[Budget]) -> list[str]:
    """Say which disruption budgets hold pods up, and which pods cannot be evicted at all."""
    lines: list[str] = []
    holders: Counter[str] = Counter()
    for one in budgets:
        held = [pod for pod in guests.alive if _covers(one, pod)]
        holders.update(pod.full for pod in held)
        allowed = one.status.disruptions_allowed
        if len(held) > allowed:
            lines.append(
                f"pdb/{one.metadata.name} in {one.metadata.namespace} allows"
                f" {allowed or 'none'} of {count('eviction', len(held))} now"
                f" ({one.status.current_healthy} healthy, {one.status.desired_healthy} needed):"
                " the others wait until it does."
            )
    twice = [name for name, number in holders.items() if number > 1]
    if twice:
        names = join_words([*twice[:NAMES], *(["others"] if len(twice) > NAMES else [])])
        lines.append(f"Never evicted, more than one budget covers them: {names}.")

    return lines


def room_lines(guests: Guests, others: Sequence[Host], tally: NeighbourTally) -> list[str]:
    """Say whether the pods find room on the other nodes."""
    specs: list[NeedySpec] = [one.spec for one in guests.alive if one.controller]
    if not specs:
        return []

    pods = count("pod", len(specs))
    homeless = place(others, tally.taken, specs)
    if not homeless:
        return [f"Room elsewhere for {pods}: yes (affinity and volumes not counted)."]

    return [
        f"No room elsewhere for {homeless} of {pods}: they will stay Pending unless nodes come."
    ]


def outage_lines(guests: Guests, tally: NeighbourTally) -> list[str]:
    """Name the workloads of which nothing else runs."""
    here = Counter(owner_name(one) for one in guests.alive if one.controller)
    whole = [owner for owner, number in here.items() if number >= tally.owners[owner]]
    if not whole:
        return []

    more = len(whole) - NAMES
    names = join_words([*whole[:NAMES], *([f"{more} more"] if more > 0 else [])])
    return [f"Every running pod is here of {names}: nothing runs until new ones are ready."]


def _covers(budget: Budget, pod: Guest) -> bool:
    same = budget.metadata.namespace == pod.metadata.namespace
    return same and selects(budget.spec.selector, pod.metadata.labels)


def _named(pods: Sequence[Guest]) -> str:
    more = len(pods) - NAMES
    names = [one.full for one in pods[:NAMES]]
    shown = join_words([*names, *([f"{more} more"] if more > 0 else [])])

    return f"{count('pod', len(pods))} ({shown})"
