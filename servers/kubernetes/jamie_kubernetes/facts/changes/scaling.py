"""What autoscalers did, and what events add to the workloads: scaled, replaced, evicted, gone."""

from collections.abc import Container, Iterator, Mapping, Sequence

import msgspec

from jamie_base.text import count
from jamie_base.when import SECOND, Nanoseconds, instant
from jamie_kubernetes.answers_changes import Change
from jamie_kubernetes.client.changed import ChangedScaler
from jamie_kubernetes.facts.changes.edits import edited, leaving, made
from jamie_kubernetes.facts.changes.events import Heard, Scaling
from jamie_kubernetes.facts.changes.told import SLACK_NS, Key, Tier, Told, told, within
from jamie_kubernetes.kinds import short_kind

NEAR_NS = 60 * SECOND
SETTLED_NS = 10 * SECOND
STEPS_SHOWN = 5
_RUNS_PODS = ("deploy/", "sts/", "ds/")


class Autoscaled(msgspec.Struct, frozen=True):
    """What an autoscaler last did to its target."""

    at_ns: Nanoseconds
    replicas: int
    name: str


class ScalerChanges:
    """Takes autoscalers, tells what happened to them and what they did."""

    def __init__(self, since_ns: Nanoseconds) -> None:
        self._since = since_ns
        self.told: list[Told] = []
        self.names: set[tuple[str, str]] = set()
        self.scaled: dict[Key, Autoscaled] = {}
        self.targets: dict[Key, Key] = {}

    def add(self, page: Sequence[ChangedScaler]) -> None:
        """Take one page of autoscalers."""
        for one in page:
            meta, since = one.metadata, self._since
            self.names.add((meta.namespace, meta.name))
            changes = (*made(meta, since), *edited(meta, since), *leaving(meta, since))
            key = (meta.namespace, f"hpa/{meta.name}")
            self.told += [told(key, change) for change in changes]
            target = one.spec.scale_target_ref
            whose = (meta.namespace, f"{short_kind(target.kind)}/{target.name}")
            self.targets[key] = whose
            last = one.status.last_scale_time
            at = instant(last)
            if within(at, since):
                self.scaled[whose] = Autoscaled(at, one.status.desired_replicas, meta.name)


class Known(msgspec.Struct, frozen=True):
    """What objects told already: who was made when, rolled out, is scaled by whom, exists."""

    born: Mapping[Key, Nanoseconds]
    rolled: Container[Key]
    autoscaled: Mapping[Key, Autoscaled]
    scalers: Mapping[Key, tuple[str, int]]
    exists: Mapping[str, Container[Key]]


def from_events(
    heard: Mapping[Key, Heard], known: Known, since_ns: Nanoseconds, now_ns: Nanoseconds
) -> Iterator[Told]:
    """Tell what events and autoscalers add to what objects told."""
    by_key = _by_owner(heard, known)
    for key, one in by_key.items():
        kind = key[1].partition("/")[0]
        if kind in known.exists and key not in known.exists[kind]:
            yield from _gone(key, one, since_ns, now_ns)
        elif key[1].startswith("node/"):
            yield from (told(key, Change(at, what)) for at, what in one.node)
        elif one.last >= since_ns:
            yield from _of(key, one, by_key, known)
    for key, auto in known.autoscaled.items():
        if key not in by_key or not by_key[key].scalings:
            yield told(key, _autoscaled(key, auto, by_key), Tier.MINOR)


def _by_owner(heard: Mapping[Key, Heard], known: Known) -> dict[Key, Heard]:
    found: dict[Key, Heard] = {}
    for key, one in heard.items():
        found.setdefault(_resolved(key, known), Heard()).join(one)

    return found


def _gone(key: Key, one: Heard, since_ns: Nanoseconds, now_ns: Nanoseconds) -> Iterator[Told]:
    """Tell of what is not there; the youngest may have come after the lists were read."""
    if one.last < now_ns - SETTLED_NS:
        tier = Tier.TELLING if within(one.last, since_ns) else Tier.MINOR
        yield told(key, Change(one.last, "deleted since"), tier)


def _of(key: Key, one: Heard, heard: Mapping[Key, Heard], known: Known) -> Iterator[Told]:
    born = known.born.get(key, 0)
    later = born + 2 * SLACK_NS
    auto = known.autoscaled.get(key)
    rolled = key in known.rolled
    steps = [] if rolled else [step for step in one.scalings if step.at_ns > later]
    scaled = [*_scaled(key, steps, auto, heard, known)] if steps else []
    if not steps and not rolled and key[1].startswith("sts/") and one.moved_at > later:
        scaled = [*_resized(key, one, known)]
    yield from scaled
    yield from _pods(key, one, quiet=bool(scaled or auto or rolled or born))


def _scaled(
    key: Key,
    steps: Sequence[Scaling],
    auto: Autoscaled | None,
    heard: Mapping[Key, Heard],
    known: Known,
) -> Iterator[Told]:
    ordered = sorted(steps, key=lambda step: step.at_ns)
    first, last = ordered[0], ordered[-1]
    if len({step.replica_set for step in ordered}) > 1:
        yield told(key, Change(last.at_ns, "rolled out", detail="its revisions could not be read"))
    elif auto and abs(auto.at_ns - last.at_ns) < NEAR_NS:
        yield told(key, _autoscaled(key, auto, heard, first.before), Tier.MINOR)
    else:
        by = known.scalers.get(key, ("", 0))[0]
        yield told(key, Change(last.at_ns, f"scaled {_way(ordered)}", by))


def _way(steps: Sequence[Scaling]) -> str:
    """Write the sizes a workload had: `1 -> 3 -> 1`."""
    start = [str(steps[0].before)] if steps[0].before >= 0 else []
    sizes = [*start, *(str(step.after) for step in steps)]
    sizes = [*sizes[:2], "...", sizes[-1]] if len(sizes) > STEPS_SHOWN else sizes
    return " -> ".join(sizes) if len(sizes) > 1 else f"to {sizes[0]}"


def _resized(key: Key, one: Heard, known: Known) -> Iterator[Told]:
    """Tell of a StatefulSet that it was scaled: its events do not say from what."""
    if key in known.scalers and key not in known.autoscaled:
        manager, replicas = known.scalers[key]
        yield told(key, Change(one.moved_at, f"scaled to {replicas}", manager))


def _autoscaled(key: Key, one: Autoscaled, heard: Mapping[Key, Heard], before: int = -1) -> Change:
    said = heard.get((key[0], f"hpa/{one.name}"))
    last = sorted(said.rescalings, key=lambda each: each.at_ns)[-1:] if said else []
    size = f"{before} -> {one.replicas}" if before >= 0 else f"to {one.replicas}"
    reason = "".join(each.reason for each in last)
    return Change(one.at_ns, f"autoscaled {size}", f"hpa/{one.name}", reason)


def _pods(key: Key, one: Heard, *, quiet: bool) -> Iterator[Told]:
    """Tell of pods that came and went though nobody rolled out or scaled."""
    for how, number in one.lost.items():
        if how != "stopped":
            yield told(key, Change(one.lost_at, f"{count('pod', number)} {how}"))
        elif not quiet and not one.made:
            yield told(key, Change(one.lost_at, f"{count('pod', number)} stopped"), Tier.MINOR)
    if key[1].startswith(_RUNS_PODS) and one.made and not quiet:
        # A DaemonSet also makes pods for nodes that joined.
        verb = "made" if key[1].startswith("ds/") else "replaced"
        what = f"{count('pod', one.made)} {verb}"
        yield told(key, Change(one.moved_at, what, detail="without rollout or scaling"))


def _resolved(key: Key, known: Known) -> Key:
    """Find the workload of pods that are known by the beginning of their names."""
    namespace, name = key
    if not name.endswith("-*"):
        return key

    for kind in ("sts", "ds"):
        full = (namespace, f"{kind}/{name.removesuffix('-*')}")
        if full in known.exists.get(kind, ()):
            return full

    return key
