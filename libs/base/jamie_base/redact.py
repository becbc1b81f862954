"""Secrets in text become `[redacted:<fingerprint>]`; the same secret is the same mark everywhere.

Three kinds are found: shapes that are secret wherever they stand (private keys, tokens with a
known prefix, passwords in URLs), values whose key says so (`password=`, `"token":"..."`, flags,
headers, environment lists, also as JSON inside JSON), and the data of Kubernetes Secrets. Clean
texts first: an invisible character could split a key word.
"""

import hashlib
import hmac
import logging
import math
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast

from jamie_base.secret_keys import keyed, secret_data
from jamie_base.secret_shapes import Found, private_keys, shaped
from jamie_base.secret_words import names_secret, says_nothing
from jamie_base.state import private_dir, private_once

KEY_BYTES = 32
KEY_FILE = "redaction.key"

_Finder: TypeAlias = Callable[[str], Iterable[Found]]
_FINDERS: tuple[_Finder, ...] = (private_keys, shaped, secret_data, keyed)
_PASSES = 4
_MARK = re.compile(r"\[redacted:[0-9a-f]{8}\]")
_log = logging.getLogger(__name__)


class Redactor:
    """Replaces secrets by marks made with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def value(self, secret: str) -> str:
        """Give the mark of a known secret; nothing and a mark stay as they are."""
        if not secret or _MARK.fullmatch(secret):
            return secret

        digest = hmac.digest(self._key, secret.encode(errors="surrogatepass"), hashlib.sha256)
        return f"[redacted:{digest[:4].hex()}]"

    def text(self, text: str) -> str:
        """Replace every secret in a text by its mark; twice is the same as once.

        Give whole texts where it matters: a private key is known by its first line.
        """
        before = ""
        # Where keys and shapes overlap oddly, a mark can uncover one more secret beside it.
        for _ in range(_PASSES):
            if text == before:
                break
            before, text = text, self._once(text)

        return text

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Redact texts that belong together, such as log lines, and give as many back.

        A private key that spans several leaves its mark in the first and empties the others.
        """
        joined = self._marked("\n".join(lines), private_keys("\n".join(lines)), keep_lines=True)
        return list(_regrouped(self.text(joined).split("\n"), lines))

    def fields(self, mapping: Mapping[str, object]) -> dict[str, object]:
        """Redact a JSON-shaped mapping by its keys and in its texts, at every depth."""
        named = mapping.get("name")
        paired = isinstance(named, str) and names_secret(named)
        return {
            key: self._field(value, secret=names_secret(key) or (paired and key == "value"))
            for key, value in mapping.items()
        }

    def _once(self, text: str) -> str:
        for find in _FINDERS:
            text = self._marked(text, find(text))

        return text

    def _field(self, value: object, *, secret: bool) -> object:
        if isinstance(value, Mapping):
            return self.fields(cast("Mapping[str, object]", value))
        if isinstance(value, list | tuple):
            items = cast("Sequence[object]", value)
            return [self._field(item, secret=secret) for item in items]
        if value is None or isinstance(value, bool):
            return value
        if secret:
            return str(value) if says_nothing(str(value)) else self.value(str(value))
        if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value

        return self.text(str(value))

    def _marked(self, text: str, found: Iterable[Found], *, keep_lines: bool = False) -> str:
        parts: list[str] = []
        reached = 0
        for each in found:
            newlines = text.count("\n", each.start, each.end) if keep_lines else 0
            parts += [text[reached : each.start], self._mark(text, each), "\n" * newlines]
            reached = each.end

        return "".join([*parts, text[reached:]]) if parts else text

    def _mark(self, text: str, found: Found) -> str:
        written = text[found.start : found.end]
        return written if _MARK.fullmatch(written) else self.value(found.secret)


@cache
def redaction_key(folder: Path, configured: str = "") -> bytes:
    """Give the key all servers share: the configured text's, or the one in the state folder.

    The first server makes it. Where it cannot be kept, a warning is logged and this process gets a
    key of its own: its marks then differ from those of other servers. A process asks once.
    """
    if configured:
        return hashlib.sha256(configured.encode()).digest()

    fresh = secrets.token_bytes(KEY_BYTES)
    try:
        key = private_once(private_dir(folder) / KEY_FILE, fresh)
    except OSError as exc:
        _log.warning("no shared redaction key, marks are this process's own: %s", exc)
        return fresh

    if len(key) < KEY_BYTES:
        _log.warning("the redaction key in %s is cut short, not used; delete it", folder / KEY_FILE)
        return fresh

    return key


def _regrouped(redacted: Sequence[str], lines: Iterable[str]) -> Iterator[str]:
    at = 0
    for line in lines:
        rows = line.count("\n") + 1
        yield "\n".join(redacted[at : at + rows])
        at += rows
