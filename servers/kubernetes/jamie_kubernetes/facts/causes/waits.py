"""Whom an init container waits for, read from its command: `until nc -z db 5432; do sleep 2; done`.

Such a loop says nothing, or only that it waits, and never whom it could not reach.
"""

import re
from collections.abc import Iterator

from jamie_kubernetes.client.whole_pods import WholeContainer

MOST_CHARACTERS = 4_000

_HOST = r"(?P<host>[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,8})"
_PORT = r"(?P<port>\d{2,5})\b"
_CLIENTS = r"\b(?:pg_isready|psql|mysqladmin|mysql|mariadb-admin|redis-cli|valkey-cli|mongosh)\b"
_WAYS = tuple(
    re.compile(way)
    for way in (
        rf"\bnc(?: -[a-z]+(?: ?\d+)?)* {_HOST} {_PORT}",
        rf"/dev/tcp/{_HOST}/{_PORT}",
        rf"{_CLIENTS}[^;|&\n]{{0,120}}?(?: -h ?| --host[ =]){_HOST}(?:[^;|&\n]{{0,80}}?"
        rf"(?: -[pP] ?| --port[ =]){_PORT})?",
        rf"\b[a-z]{{2,12}}://(?:[^@/\s]{{1,80}}@)?{_HOST}(?::{_PORT})?",
        rf"\b(?:nslookup|getent (?:hosts|ahosts)|dig(?: \+\w+)*) {_HOST}",
        rf"(?:^|[\s=\"']){_HOST}:{_PORT}",
    )
)


def awaited(container: WholeContainer) -> tuple[str, ...]:
    """Return whom a container's command asks for again and again, as `db:5432` or `db`."""
    text = " ".join((*container.command, *container.args))[:MOST_CHARACTERS]
    return tuple(dict.fromkeys(_found(text)))


def _found(text: str) -> Iterator[str]:
    for way in _WAYS:
        for one in way.finditer(text):
            port = one.groupdict().get("port")
            if one["host"] != "localhost":
                yield f"{one['host']}:{port}" if port else one["host"]
