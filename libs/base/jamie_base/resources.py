"""Resources of a server: what a URI names, read like a tool's answer, watched while subscribed.

A template is written in one place, like a tool: an async function that takes its backend first and
then the variables of its URI, and returns data; the decorator names the URI and the renderer.
"""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from mcp.types import ResourceTemplate

from jamie_base.errors import InvalidArgument
from jamie_base.toolset import READS, AskT, Render, Spec

NONE = "-"
"""What stands in a URI for a part that is not there, or for the default."""

LONGEST = 2_000

Values = Mapping[str, str]
"""The variables of a URI, by name."""

Watch = Callable[..., AsyncGenerator[str]]
"""Looks at what a URI names, and gives its version: first the present one, then every new one.

It takes what the template's function takes, and ends or fails when the backend ends it; whoever
reads it begins again.
"""

_VARIABLE = re.compile(r"\{(\w+)\}")
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Template:
    """Resources of one shape."""

    uri: str
    title: str
    spec: Spec
    watch: Watch | None = None

    @property
    def variables(self) -> list[str]:
        """Return the names of the variables, in order."""
        return _VARIABLE.findall(self.uri)

    @property
    def listed(self) -> ResourceTemplate:
        """Return how clients see it."""
        return ResourceTemplate(
            uri_template=self.uri,
            name=self.spec.name,
            title=self.title,
            description=self.spec.description,
            mime_type="text/plain",
        )

    def match(self, parts: list[str]) -> Values | None:
        """Return the variables' raw values, where the parts of a URI are of this shape."""
        shape = self.uri.partition("://")[2].split("/")
        if len(shape) != len(parts):
            return None

        found: dict[str, str] = {}
        for pattern, part in zip(shape, parts, strict=True):
            if variable := _VARIABLE.fullmatch(pattern):
                found[variable[1]] = part
            elif pattern != part:
                return None

        return found


@dataclass(frozen=True)
class Named:
    """What a URI names: of which shape, at which backend, with which values."""

    uri: str
    template: Template
    source: str
    values: Values


class Resources(list[Template]):
    """The resources of one server, besides its status; all their URIs begin with one scheme.

    `chooser` is the variable that picks a backend; `-` is the default one.
    """

    def __init__(self, scheme: str, chooser: str = "source") -> None:
        super().__init__()
        self.scheme = scheme
        self.chooser = chooser

    def reads(
        self, uri: str, render: Render, *, title: str, watch: Watch | None = None
    ) -> Callable[[AskT], AskT]:
        """Add resources of one shape, shown by `render`."""

        def add(ask: AskT) -> AskT:
            self.append(Template(uri, title, Spec(ask, render, READS), watch))
            return ask

        return add

    def owns(self, uri: str) -> bool:
        """Tell whether a URI is of our scheme."""
        return uri.startswith(f"{self.scheme}://")

    def variables(self, uri: str) -> list[str]:
        """Return the variables of a template; of one that is not there, none."""
        return [name for one in self if one.uri == uri for name in one.variables]

    def named(self, uri: str) -> Named:
        """Find what a URI names.

        Raises:
            InvalidArgument: It is of no shape we have, or holds what no name can hold.

        """
        parts = uri.partition("://")[2].split("/")
        found = next(((one, raw) for one in self if (raw := one.match(parts)) is not None), None)
        if found is None or len(uri) > LONGEST or not self.owns(uri):
            shapes = " or ".join(one.uri for one in self)
            raise InvalidArgument(f"{uri[:200]!r} is no resource of ours; write {shapes}.")

        template, raw = found
        values = {name: _decoded(uri, name, text) for name, text in raw.items()}
        source = values.pop(self.chooser, NONE)

        return Named(uri, template, "" if source == NONE else source, values)


def text_of(value: Any) -> str:
    """Return a part of a URI where it is given, nothing where a dash stands for it."""
    return "" if value == NONE else str(value)


def _decoded(uri: str, name: str, text: str) -> str:
    if "?" in text or "#" in text:
        raise InvalidArgument(f"{uri[:200]!r} has a query or a fragment; resources have none.")

    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError as exc:
        raise InvalidArgument(f"{text[:80]!r} in {uri[:200]!r} is not UTF-8.") from exc

    if not value or _ODD.search(value):
        raise InvalidArgument(
            f"{name} in {uri[:200]!r} is {'empty' if not value else 'no name'}: {value[:80]!r}."
            f" Write {NONE} where there is none, and /, % and the like as %2F, %25."
        )

    return value
