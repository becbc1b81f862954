"""What a caller wants set, read as kubectl reads it: `app=image:2`, `tier=web`, `tier-`."""

import re
from collections.abc import Mapping, Sequence

from jamie_base.errors import InvalidArgument, did_you_mean
from jamie_kubernetes.client.sending import Object, list_at, text_at
from jamie_signals.similar import nearest

_KEY = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?"
)
_LABEL = re.compile(r"(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?")
_IMAGE = re.compile(r"[\w][\w.:/@-]{0,500}")


def entries(given: Sequence[str], what: str) -> dict[str, str | None]:
    """Read `key=value` and `key-` (remove).

    Raises:
        InvalidArgument: One is neither, or cannot be a label.

    """
    return dict(_entry(one.strip(), what) for one in given)


def images(given: Sequence[str], template: Object) -> Object:
    """Read `container=image`, or an image alone where there is one container; as a patch.

    Raises:
        InvalidArgument: There is no such container, or the image cannot be one.

    """
    mains = [text_at(one, "name") for one in list_at(template, "containers")]
    inits = [text_at(one, "name") for one in list_at(template, "initContainers")]
    wanted = dict(_image(one.strip(), mains, inits) for one in given)
    found = {
        "containers": _changed(wanted, mains),
        "initContainers": _changed(wanted, inits),
    }
    return {field: changes for field, changes in found.items() if changes}


def _changed(wanted: Mapping[str, str], names: Sequence[str]) -> list[Object]:
    return [{"name": name, "image": wanted[name]} for name in names if name in wanted]


def _image(text: str, mains: Sequence[str], inits: Sequence[str]) -> tuple[str, str]:
    name, equals, image = text.partition("=")
    if not equals:
        if len(mains) != 1:
            raise InvalidArgument(
                f"Which container? There are {', '.join(mains)}; write {mains[0]}={text}."
            )
        name, image = mains[0], text
    if name not in (*mains, *inits):
        near = did_you_mean(nearest(name, [*mains, *inits])) or f" There are {', '.join(mains)}."
        raise InvalidArgument(f"There is no container {name!r}.{near}")
    if not _IMAGE.fullmatch(image):
        raise InvalidArgument(f"{image!r} is not an image; write registry/name:tag.")

    return name, image


def _entry(text: str, what: str) -> tuple[str, str | None]:
    key, equals, value = text.partition("=")
    if not equals and key.endswith("-"):
        key, value = key[:-1], None
    elif not equals:
        raise InvalidArgument(f"{text!r} is neither key=value nor key- (to remove it).")
    if not _KEY.fullmatch(key):
        raise InvalidArgument(f"{key!r} cannot be the key of a {what}.")
    if what == "label" and value is not None and not _LABEL.fullmatch(value):
        raise InvalidArgument(
            f"{value!r} cannot be the value of a label (63 of A-Z a-z 0-9 . _ -)."
        )

    return key, value
