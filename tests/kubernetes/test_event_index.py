"""Events kept by what they are about."""

import msgspec

from jamie_kubernetes.client.objects import Event
from jamie_kubernetes.facts.event_index import EventIndex
from tests.kubernetes.wire import Json, ago, event


def index(*events: Json) -> EventIndex:
    found = EventIndex(0)
    found.add(msgspec.convert(list(events), list[Event], strict=False))

    return found


def test_what_one_reason_tells_of_several_things_is_kept_apart() -> None:
    about = "Pod/web-0"
    found = index(
        event("Unhealthy", about, "Liveness probe failed: Get a", count=3),
        event("Unhealthy", about, "Liveness probe failed: Get b", count=2),
        event("Unhealthy", about, "Readiness probe failed: Get a", lastTimestamp=ago(seconds=5)),
    )

    (one,) = found.about("shop", "Pod", "web-0")

    assert (one.count, one.message) == (6, "Readiness probe failed: Get a")
    assert [(said.text, said.count) for said in one.says] == [
        ("Readiness probe failed: Get a", 1),
        ("Liveness probe failed: Get b", 5),
    ]
