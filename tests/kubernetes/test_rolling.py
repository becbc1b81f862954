"""How far a rollout is, and when it has failed."""

import msgspec
import pytest

from jamie_kubernetes.client.controllers import Controller
from jamie_kubernetes.facts.rolling import progress_of
from jamie_kubernetes.kinds import DEPLOYMENTS
from tests.kubernetes.wire import Json, condition

REFUSED = condition("ReplicaFailure", reason="FailedCreate")
LATE = condition("Progressing", "False", reason="ProgressDeadlineExceeded")


def web(wanted: int, *conditions: Json, **status: int) -> Controller:
    found: Json = {
        "metadata": {"name": "web", "generation": 2},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 2, "conditions": [*conditions], **status},
    }
    return msgspec.convert(found, Controller)


@pytest.mark.parametrize(
    ("one", "words", "failed"),
    [
        (
            web(3, REFUSED, replicas=1, updatedReplicas=1, availableReplicas=1),
            "1 of 3 updated, 1 available",
            "pods are refused (FailedCreate)",
        ),
        (
            web(1, REFUSED, replicas=3, updatedReplicas=3, availableReplicas=3),
            "3 of 1 updated, 3 available",
            "",
        ),
        (
            web(1, LATE, replicas=2, updatedReplicas=1, availableReplicas=1),
            "1 of 1 updated, 1 available, 1 old left",
            "it exceeded its progress deadline",
        ),
    ],
    ids=["too few", "an older refusal", "too late"],
)
def test_a_deployment_has_failed_when_it_lacks_what_is_refused(
    one: Controller, words: str, failed: str
) -> None:
    seen = progress_of(DEPLOYMENTS, one)

    assert (seen.words, seen.failed, seen.done) == (words, failed, False)
