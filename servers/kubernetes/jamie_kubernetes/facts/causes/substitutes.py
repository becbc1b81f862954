"""What could be pulled instead: images in use and before, and whom pull secrets are for."""

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from jamie_base.text import join_words
from jamie_kubernetes.facts.causes.cases import (
    Clue,
    Finish,
    Login,
    Looked,
)
from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.images import ImageName, image_named, serves
from jamie_signals.similar import nearest

_MAYBE_ABSENT = re.compile(r"pull access denied|repository does not exist|or it may not exist")


def with_images(image: str) -> Finish:
    """Offer images that may have been meant instead of one that does not exist."""

    def finish(found: Clue, looked: Looked) -> Clue:
        offered = _alternatives(image, looked)
        remedy = f"set the image to {offered[0]}" if offered else found.next
        others = [one for one in offered if one != looked.earlier]
        more = (f"in use: {', '.join(others)}",) if others else ()
        before = f"the revision before ran {looked.earlier}"
        earlier = (before,) if looked.earlier else ()

        return replace(found, evidence=(*found.evidence, *earlier, *more), next=remedy)

    return finish


def _alternatives(image: str, looked: Looked) -> list[str]:
    """Return images in use that might have been meant: the one before, other tags, near names."""
    name = image_named(image)
    known = {one: image_named(one) for one in looked.images if one != image}
    same = {other.tag: one for one, other in known.items() if other.place == name.place}
    tags = nearest(name.tag, same) or sorted(same)[-2:]
    places = {other.place: one for one, other in known.items() if other.place != name.place}
    alike = [] if same else [places[one] for one in nearest(name.place, places, n=1)]

    earlier = [looked.earlier] if looked.earlier else []
    return list(dict.fromkeys([*earlier, *(same[tag] for tag in tags if tag), *alike]))[:3]


def with_logins(image: str, text: str, *, known: bool) -> Finish:
    """Say what the pull secrets of a pod are good for, or that the image is not there at all."""
    name = image_named(image)

    def finish(found: Clue, looked: Looked) -> Clue:
        if gone := [one.name for one in looked.logins if one.exists is False]:
            return secret_gone(found, gone, name)
        if absent := _absent(image, text, looked):
            return replace(found, **absent)

        return replace(found, evidence=(*found.evidence, *_login_words(looked, name, known=known)))

    return finish


def secret_gone(found: Clue, gone: Sequence[str], name: ImageName) -> Clue:
    """Say that pull secrets which a pod names do not exist."""
    named = join_words(gone)
    return replace(
        found,
        code=ContainerCause.PULL_SECRET,
        what=f"{found.what}; its imagePullSecret {named} does not exist",
        next=f"create Secret {gone[0]} (kubernetes.io/dockerconfigjson) with a login for"
        f" {name.host}",
    )


def _absent(image: str, text: str, looked: Looked) -> dict[str, Any]:
    """Tell an image that does not exist from one that is private: registries do not always."""
    name = image_named(image)
    if not _MAYBE_ABSENT.search(text):
        return {}

    there = any(image_named(one).place == name.place for one in looked.images)
    offered = [] if there else _alternatives(image, looked)
    if not name.official and not offered:
        return {}

    what = f"image {image} does not exist: {name.host} has no public repository {name.repository}"
    return {
        "code": ContainerCause.IMAGE_NOT_FOUND,
        "what": what,
        "confidence": "certain" if name.official else "likely",
        "next": f"set the image to {offered[0]}" if offered else "correct the image's name",
    }


def _login_words(looked: Looked, name: ImageName, *, known: bool) -> tuple[str, ...]:
    if not looked.logins:
        return ("neither the pod nor its service account has imagePullSecrets",) if known else ()

    return tuple(_login(one, name) for one in looked.logins)


def _login(one: Login, name: ImageName) -> str:
    if one.registries is None:
        return f"imagePullSecret {one.name}: not allowed to look into it"
    if one.type and not one.type.startswith("kubernetes.io/dockerc"):
        return f"imagePullSecret {one.name} has type {one.type}, not kubernetes.io/dockerconfigjson"
    if any(serves(registry, name.host) for registry in one.registries):
        return f"imagePullSecret {one.name} has a login for {name.host}: it is refused"

    has = join_words(one.registries) if one.registries else "none"
    return f"imagePullSecret {one.name} has no login for {name.host} (it has: {has})"
