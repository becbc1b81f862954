"""A rollout as text: how it stands, its revisions, what differs, what configuration it uses."""

from collections.abc import Iterator

from jamie_base.blocks import quoted
from jamie_base.text import clip, columns, count, shorten
from jamie_base.when import Nanoseconds
from jamie_kubernetes.answers_rollout import (
    ConditionRow,
    ConfigUse,
    RevisionRow,
    Rollout,
)
from jamie_kubernetes.render.releases import releases
from jamie_kubernetes.render.words import ago, for_, gap_lines

HISTORY_BYTES = 1_300
DIFFERENCE_BYTES = 1_700
CONFIG_BYTES = 1_300
MESSAGES_BYTES = 800
MESSAGE_CHARACTERS = 300
NOTE_CHARACTERS = 100
VALUE_CELLS = 150


def rollout(data: Rollout) -> str:
    """Show how a rollout stands, the bad news first; or the list of releases."""
    if data.state == "releases":
        return releases(data)

    notes = [_fit(note, MESSAGE_CHARACTERS) for note in data.notes]
    told = [*_messages(data), *_history(data), *_difference(data), *_configs(data), *notes]
    return "\n".join(
        [
            _head(data),
            *_conditions(data),
            *([quoted("its objects", "\n".join(told))] if told else []),
            *gap_lines(data.gaps),
        ]
    )


def _head(data: Rollout) -> str:
    ends = data.state in ("complete", "failed", "uninstalled")
    since = ago(data.since_ns, data.now_ns) if ends else for_(data.since_ns, data.now_ns)
    why = f": {', '.join(data.why)}" if data.why else ""
    return f"{data.subject}: {_STATES[data.state]}{_spaced(since)}{why}; {data.words}."


_STATES = {
    "complete": "complete",
    "progressing": "rolling out",
    "stuck": "STUCK",
    "paused": "paused",
    "held": "held on purpose",
    "degraded": "rolled out, now degraded",
    "unseen": "its controller has not noticed the last change yet",
    "failed": "FAILED",
    "pending": "PENDING",
    "uninstalled": "uninstalled",
    "unknown": "in an unclear state",
}


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _conditions(data: Rollout) -> list[str]:
    said = [_condition(one, data.now_ns) for one in data.conditions]
    parts = [*([f"Conditions: {', '.join(said)}"] if said else []), data.strategy]
    return ["; ".join(part for part in parts if part)] if any(parts) else []


def _condition(one: ConditionRow, now_ns: Nanoseconds) -> str:
    reason = f" {one.reason}" if one.reason else ""
    return f"{one.type}={one.status}{reason} {ago(one.since_ns, now_ns)}".strip()


def _messages(data: Rollout) -> list[str]:
    bad = (one.message for one in data.conditions if _is_bad(one))
    said = dict.fromkeys(_fit(one, MESSAGE_CHARACTERS) for one in (data.message, *bad) if one)
    return [clip(said, MESSAGES_BYTES)] if said else []


def _is_bad(one: ConditionRow) -> bool:
    return (one.status == "True") == (one.type == "ReplicaFailure")


def _history(data: Rollout) -> list[str]:
    if not data.revisions:
        return []

    rows = columns([_revision(one, data.now_ns) for one in data.revisions])
    total = len([one for one in data.revisions if one.number]) + data.older
    by = f"; template written by {_fit(data.by, 40)} {ago(data.by_ns, data.now_ns)}"
    head = f"{count('revision', total)}, newest first (* current){by if data.by else ''}:"
    hint = f"{data.older} older ones left out" if data.older else ""
    return [head, clip([*rows, *([f"  ({hint})"] if hint else [])], HISTORY_BYTES)]


def _revision(one: RevisionRow, now_ns: Nanoseconds) -> list[str]:
    number = str(one.number) if one.number else "next"
    was = f"was also {', '.join(map(str, one.earlier[-3:]))}" if one.earlier else ""
    pods = f"{one.ready}/{one.pods} ready" if one.pods else ""
    images = [_image(image) for image in one.images[:3]]
    more = len(one.images) - len(images)
    return [
        f"  {'*' if one.current else ' '} {number}",
        ago(one.created_ns, now_ns).removesuffix(" ago"),
        one.status or pods,
        ", ".join([*images, *([f"{more} more"] if more > 0 else [])]),
        "; ".join(part for part in (was, _fit(one.note, NOTE_CHARACTERS)) if part),
    ]


def _image(image: str) -> str:
    return shorten(image.rpartition("/")[2], 48, middle=True)


def _difference(data: Rollout) -> list[str]:
    found = data.difference
    if found is None:
        alone = len([one for one in data.revisions if one.number]) == 1
        return ["Nothing to compare: one revision is kept."] if alone else []

    after = f"{found.after}" if found.after else "next (waits until it is resumed)"
    title = f"Revision {found.before} -> {after}"
    if not found.fields:
        return [f"{title}: no difference."]

    lines = [f"  {one.field}: {_value(one.before)} -> {_value(one.after)}" for one in found.fields]
    return [f"{title}:", clip(lines, DIFFERENCE_BYTES)]


def _value(text: str) -> str:
    return shorten(" ".join(text.split()), VALUE_CELLS, middle=True)


def _fit(text: str, cells: int) -> str:
    return shorten(" ".join(text.split()), cells)


def _configs(data: Rollout) -> list[str]:
    if not data.configs:
        return []

    found = sorted(data.configs, key=_urgency)
    lines = [f"  {' '.join(_config(one, data.now_ns))}" for one in found]
    return ["Configuration as it is now (no older content is kept):", clip(lines, CONFIG_BYTES)]


def _urgency(one: ConfigUse) -> tuple[bool, bool, int]:
    return (not one.missing, not one.stale, one.only_in)


def _config(one: ConfigUse, now_ns: Nanoseconds) -> Iterator[str]:
    yield f"{one.name}: {one.how},"
    if one.only_in:
        yield f"only in revision {one.only_in},"
    if not one.mark:
        yield "MISSING" if one.missing else "not there"
        return

    yield f"content {one.mark}, changed {ago(one.changed_ns, now_ns)}"
    if one.by:
        yield f"by {shorten(one.by, 40)}"
    if one.keys:
        yield f"({', '.join(f'{key} = {mark}' for key, mark in one.keys.items())})"
    if one.stale:
        yield f"- STALE: {one.stale} of {count('pod', one.pods)} started before and keep the old"
