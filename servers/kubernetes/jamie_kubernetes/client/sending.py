"""Changes as the API server takes them: what is sent, exactly, and on which condition."""

from typing import Literal, TypeVar, cast

import msgspec

from jamie_kubernetes.client.decoding import decoded

T = TypeVar("T")

Object = dict[str, object]
"""A Kubernetes object as JSON, whole."""

NOW = "$jamie.now"
"""Stands in a body for the moment of sending, which no plan can know."""

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
OPERATIONS = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
PLAIN = "application/json"

MANAGER = "jamie"
"""The field manager that the API server notes beside what we change."""

REHEARSED = ("dryRun", "All")


class Sending(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request that changes something.

    `conditional` sends it only for the object and version that were looked at; without, it creates.
    """

    method: Literal["PATCH", "POST", "DELETE"]
    path: str
    content: Object | list[Object]
    media: str = PLAIN
    conditional: bool = True

    @property
    def params(self) -> list[tuple[str, str]]:
        """Return its query parameters; a delete leaves no fields behind to manage."""
        manager = [] if self.method == "DELETE" else [("fieldManager", MANAGER)]
        # A field nobody knows is refused rather than dropped without a word.
        return [*manager, *([] if self.method == "DELETE" else [("fieldValidation", "Strict")])]

    def body(self, uid: str, version: str, moment: str) -> bytes:
        """Return the body for an object seen with this uid and resourceVersion, at a moment."""
        content = self._conditioned(uid, version) if self.conditional else self.content
        packed = msgspec.json.encode(content)

        return packed.replace(NOW.encode(), moment.encode())

    def rehearsed(self, body: bytes) -> bytes:
        """Return the body for a rehearsal.

        A delete that has a body takes its options from there and nowhere else: dryRun in the query
        would be overlooked, and the object gone.
        """
        if self.method != "DELETE":
            return body

        return msgspec.json.encode({**msgspec.json.decode(body, type=Object), "dryRun": ["All"]})

    def _conditioned(self, uid: str, version: str) -> Object | list[Object]:
        if not uid:
            # There is none yet; what somebody makes meanwhile is not overwritten, but refused.
            return self.content

        # The API server answers 409 when the object it has is another or newer.
        seen: Object = {"uid": uid, "resourceVersion": version}
        if self.method == "DELETE":
            return {**cast("Object", self.content), "preconditions": seen}
        if isinstance(self.content, list):
            guards: list[Object] = [
                {"op": "replace", "path": f"/metadata/{name}", "value": value}
                for name, value in seen.items()
            ]
            return [*guards, *self.content]

        metadata = cast("Object", self.content.get("metadata") or {})
        return {**self.content, "metadata": {**metadata, **seen}}


def typed(one: Object, answer: type[T]) -> T:
    """Read an object that was read whole as one of our types, as if it had just come."""
    return decoded(msgspec.json.encode(one), answer)


def part(thing: object, *keys: str) -> object:
    """Return what lies below the keys of a JSON object, None where nothing does."""
    for key in keys:
        thing = cast("Object", thing).get(key) if isinstance(thing, dict) else None

    return thing


def text_at(thing: object, *keys: str) -> str:
    """Return the text below the keys, empty where there is none."""
    found = part(thing, *keys)

    return found if isinstance(found, str) else ""


def mapping_at(thing: object, *keys: str) -> Object:
    """Return the mapping below the keys, empty where there is none."""
    found = part(thing, *keys)

    return cast("Object", found) if isinstance(found, dict) else {}


def list_at(thing: object, *keys: str) -> list[Object]:
    """Return the list of objects below the keys, empty where there is none."""
    found = part(thing, *keys)
    if not isinstance(found, list):
        return []

    return [cast("Object", one) for one in cast("list[object]", found) if isinstance(one, dict)]
