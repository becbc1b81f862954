"""What of an object may be seen: secrets become marks before anything reads the object.

The data of a Secret is secret whatever its keys are called, also where annotations repeat it; in
other kinds a value is when its key or its shape says so.
"""

import base64
import binascii
import re
from collections.abc import Iterator

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_base.redact import Redactor
from jamie_base.secret_words import names_secret, says_nothing
from jamie_kubernetes.facts.paths import Found, Path, as_map, follow

Object = dict[str, object]

SECRET_FIELDS = ("data", "stringData")
_MARK = re.compile(r"\[redacted:[0-9a-f]{8}\]")
LONGEST_KEPT = 100
MOST_KEPT = 10_000
"""How long texts are remembered with what may be seen of them, and how many."""

LEAST_COPIED = 4
"""Shorter values are not looked for elsewhere: they would be found everywhere."""


class Veil:
    """Hides the secrets of objects of one kind; the same value always gets the same mark."""

    def __init__(self, redactor: Redactor, *, secret: bool) -> None:
        self._redactor = redactor
        self._seen: dict[str, str] = {}
        self.secret = secret

    def over(self, one: Object) -> Object:
        """Return an object without the data of a Secret; other kinds stay as they are."""
        return self._masked(one) if self.secret or one.get("kind") == "Secret" else one

    def whole(self, one: Object) -> Object:
        """Return an object to be shown whole, without any secret."""
        return self._redactor.fields(self.over(one))

    def follow(self, one: Object, path: Path) -> Iterator[object]:
        """Yield what a path leads to, without any secret."""
        for found in follow(one, path, self.see):
            yield self.see(found)

    def leads(self, one: Object, path: Path) -> bool:
        """Tell whether a path leads to anything."""
        return any(found.value is not None for found in follow(one, path, self.see))

    def cell(self, column: str, value: str) -> str:
        """Return a printed cell without secrets; the column's name may tell that it is one."""
        return self._shown_text(value, secret=names_secret(column))

    def see(self, found: Found) -> object:
        """Return what may be seen of a value."""
        match found.value:
            case None | bool() | int() | float():
                return found.value
            case str():
                return self._shown_text(found.value, secret=_is_secret(found))
            case _:
                return self._redactor.fields({found.key or "value": found.value})[
                    found.key or "value"
                ]

    def _shown_text(self, text: str, *, secret: bool) -> str:
        if secret and not says_nothing(text):
            return self._redactor.value(text)
        if (seen := self._seen.get(text)) is not None:
            return seen

        seen = self._redactor.text(text)
        # What comes again and again is short: all else together would be the cluster's contents.
        if len(text) <= LONGEST_KEPT and len(self._seen) < MOST_KEPT:
            self._seen[text] = seen
        return seen

    def _masked(self, one: Object) -> Object:
        hidden = self._hidden(one)
        masked = {
            key: self._marks(key, value) if key in SECRET_FIELDS else value
            for key, value in one.items()
        }
        meta = as_map(one.get("metadata"))
        if notes := as_map(meta.get("annotations")):
            clean = {key: self._note(str(value), hidden) for key, value in notes.items()}
            masked["metadata"] = {**meta, "annotations": clean}

        return masked

    def _marks(self, field: str, data: object) -> object:
        entries = as_map(data)
        if data and not entries:
            return self._redactor.value(str(data))

        return {key: self._mark(field, value) for key, value in entries.items()}

    def _mark(self, field: str, value: object) -> object:
        text = "" if value is None else str(value)
        return self._redactor.value(decoded(text) if field == "data" else text)

    def _note(self, text: str, hidden: list[str]) -> str:
        """Hide in an annotation what the Secret holds, and what an older one held."""
        try:
            applied = msgspec.json.decode(text)
        except UNREADABLE:
            applied = None
        parsed = as_map(applied)
        if any(field in parsed for field in SECRET_FIELDS):
            text = msgspec.json.encode(self._masked(parsed)).decode()

        for value in hidden:
            text = text.replace(value, self._redactor.value(value))
        return text

    def _hidden(self, one: Object) -> list[str]:
        """List the values as they could be copied, the longest first."""
        values: set[str] = set()
        for field in SECRET_FIELDS:
            texts = [str(value) for value in as_map(one.get(field)).values() if value]
            values.update(texts, (decoded(text) for text in texts if field == "data"))

        return sorted((one for one in values if len(one) >= LEAST_COPIED), key=len, reverse=True)


def decoded(text: str) -> str:
    """Decode base64 to text; what is neither stays as it is."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return text


def is_marked(value: object) -> bool:
    """Tell whether a value holds the mark of a secret."""
    return isinstance(value, str) and _MARK.search(value) is not None


def is_mark(value: object) -> bool:
    """Tell whether a value is the mark of a secret and nothing else."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def _is_secret(found: Found) -> bool:
    if names_secret(found.key):
        return True

    # In an env list the name beside a value says what it is, among arguments the flag before it.
    name = found.holder.get("name") if found.key == "value" else None
    if isinstance(name, str) and names_secret(name):
        return True

    flag = found.before
    return flag.startswith("-") and "=" not in flag and names_secret(flag.lstrip("-"))
