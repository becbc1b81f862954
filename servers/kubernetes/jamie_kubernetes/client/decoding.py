"""What an API server answers, as one of our types.

To Kubernetes null is as good as absent, and some aggregated servers and operators write it.
"""

from typing import TypeVar, cast

import msgspec

from jamie_base.errors import UNREADABLE, BackendError

T = TypeVar("T")


def decoded(body: bytes | msgspec.Raw, answer: type[T]) -> T:
    """Decode JSON that the API server answered.

    Raises:
        BackendError: It is not of the type.

    """
    try:
        return leniently(body, answer)
    except UNREADABLE as exc:
        raise BackendError(f"The API server answered something not expected ({exc}).") from exc


def leniently(body: bytes | msgspec.Raw, answer: type[T]) -> T:
    """Decode JSON; where null stands instead of a value, as if that were left out.

    Raises:
        DecodeError: It is not of the type.

    """
    try:
        return msgspec.json.decode(body, type=answer)
    except msgspec.ValidationError:
        if b"null" not in bytes(body):
            raise

        # Rare, so that it may be slow.
        given = msgspec.json.encode(_given(msgspec.json.decode(body)))
        return msgspec.json.decode(given, type=answer)


def _given(thing: object) -> object:
    """Return JSON without its nulls."""
    if isinstance(thing, dict):
        pairs = cast("dict[str, object]", thing).items()
        return {key: _given(value) for key, value in pairs if value is not None}
    if isinstance(thing, list):
        return [_given(one) for one in cast("list[object]", thing) if one is not None]

    return thing
