"""One sentence about a wrong setting: where it stands, why it is wrong, what to do."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[int | str, ...]


def complain(
    error: ValidationError,
    settings: type[BaseModel],
    layers: Sequence[tuple[str, dict[str, object]]],
) -> str:
    """Describe every fault, one line each; a layer is its name and its settings."""
    return "\n".join(_sentence(fault, settings, layers) for fault in error.errors())


def _sentence(
    fault: ErrorDetails,
    settings: type[BaseModel],
    layers: Sequence[tuple[str, dict[str, object]]],
) -> str:
    place = fault["loc"]
    key = ".".join(str(part) for part in place)
    return f"{_source(place, layers)}: {key}: {_reason(fault)}. {_way_out(fault, settings)}"


def _source(place: Place, layers: Sequence[tuple[str, dict[str, object]]]) -> str:
    for name, layer in layers:
        if _holds(layer, place):
            return name
    return f"JAMIE_{str(place[0]).upper()}" if place else "settings"


def _holds(layer: object, place: Place) -> bool:
    if not place:
        return True
    if not isinstance(layer, dict):
        # An entry of a list: the list is the place.
        return isinstance(place[0], int)
    inner = cast("dict[object, object]", layer)
    return place[0] in inner and _holds(inner[place[0]], place[1:])


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such setting"
    message = fault["msg"][:1].lower() + fault["msg"][1:]
    shown = fault["input"]
    # A table or a secret would not help the reader, only a plain value does.
    return f"{message}, got {shown!r}" if isinstance(shown, str | int | float) else message


def _way_out(fault: ErrorDetails, settings: type[BaseModel]) -> str:
    if fault["type"] != "extra_forbidden":
        return "Correct the value, or remove it for the default."
    known = _known(settings, fault["loc"])
    near = get_close_matches(str(fault["loc"][-1]), known, 1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(known))}."


def _known(settings: type[BaseModel], place: Place) -> list[str]:
    """List the settings known where an unknown one stands, following the models down."""
    found = settings
    for part in place[:-1]:
        field = found.model_fields.get(str(part))
        if field is None:
            continue  # the name of an entry in a table, such as a server's
        inner = _inner(field.annotation)
        found = inner or found
    return list(found.model_fields)


def _inner(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if inner := _inner(argument):
            return inner
    return None
