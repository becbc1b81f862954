"""Answers with nulls where values are expected, as some servers and operators write them."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Ask
from tests.kubernetes.wire import Api, Json, pod, workload


def nulled(one: Json, *path: str) -> Json:
    """Let null stand where a path of an object leads."""
    *way, last = path
    place: Any = one
    for key in way:
        place = place[key]
    place[last] = None

    return one


@pytest.mark.parametrize(
    "path",
    [
        ("metadata", "labels"),
        ("metadata", "annotations"),
        ("metadata", "ownerReferences"),
        ("metadata", "creationTimestamp"),
        ("status", "containerStatuses"),
        ("status", "conditions"),
        ("spec", "initContainers"),
    ],
)
@pytest.mark.parametrize("tool", ["k8s_pods", "k8s_overview", "k8s_diagnose", "k8s_top"])
async def test_a_null_hides_no_other_object(
    ask: Ask, api: Api, path: tuple[str, ...], tool: str
) -> None:
    api.objects["pods"] = [pod("web-0"), nulled(pod("web-1"), *path)]

    answer = await ask(tool)

    assert "expected" not in answer
    assert not answer.startswith("error")


async def test_a_null_in_one_object_s_metadata_is_as_good_as_nothing(ask: Ask, api: Api) -> None:
    api.objects["deployments"] = [nulled(workload("web"), "metadata", "labels")]
    for call in ({"name": "deploy/web"}, {"name": "deploy/web", "namespace": "shop"}):
        assert "shop/deploy/web: " in await ask("k8s_rollout", **call)

    assert "web" in await ask("k8s_get", what="deploy", namespace="shop")


async def test_what_is_of_another_type_is_said_not_guessed(ask: Ask, api: Api) -> None:
    one = pod("web-0")
    one["status"]["containerStatuses"] = "none"
    api.objects["pods"] = [one]

    assert "Expected `array`, got `str`" in await ask("k8s_pods")
