"""What the brain means to ask, and what came back."""

from typing import Literal

import msgspec

Source = Literal["kubernetes", "prometheus", "loki"]

TITLES: dict[Source, str] = {
    "kubernetes": "Kubernetes",
    "prometheus": "Metrics (Prometheus)",
    "loki": "Logs (Loki)",
}


class Step(msgspec.Struct, frozen=True):
    """One tool to call; `absent` says what to do where its server does not offer it."""

    source: Source
    tool: str
    arguments: dict[str, object] = {}
    absent: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What a step came to: text and perhaps data, or why there is neither."""

    step: Step
    text: str = ""
    data: dict[str, object] | None = None
    failed: str = ""


class Spoken(msgspec.Struct, frozen=True):
    """What the brain says; `calm` when nothing needs the reader, None when it is no answer."""

    text: str
    calm: bool | None = None
