"""Orders to scale: understood whole or not at all, and never taken out of a question."""

import json
from pathlib import Path
from typing import Any

import pytest

from jamie_host.brain.intents import understand
from jamie_host.brain.scaling import NOT_OFFERED, scale

CONTRACT = Path(__file__).parent.parent / "contracts" / "kubernetes.json"


@pytest.mark.parametrize(
    ("order", "arguments"),
    [
        ("Scale up the frontend", {"name": "frontend", "replicas": "+1"}),
        ("scale the frontend up, please.", {"name": "frontend", "replicas": "+1"}),
        ("Please scale down cart by 2", {"name": "cart", "replicas": "-2"}),
        ("scale deploy/web to 5 replicas", {"name": "deploy/web", "replicas": "5"}),
        ("Scale down the cart deployment to 0!", {"name": "cart", "replicas": "0"}),
        (
            "Can you scale up cart in the shop namespace by 3 pods",
            {"name": "cart", "replicas": "+3", "namespace": "shop"},
        ),
        (
            "scale cart to 3 in namespace shop",
            {"name": "cart", "replicas": "3", "namespace": "shop"},
        ),
    ],
)
def test_an_order_becomes_one_call(order: str, arguments: dict[str, Any]) -> None:
    found = understand(order)

    assert found
    assert found.name == "scale"
    (step,) = found.steps(order)
    assert (step.tool, step.arguments) == ("k8s_scale", arguments)


@pytest.mark.parametrize(
    "text",
    [
        "Scale the frontend",
        "Scale up the frontend by 50%",
        "Scale the frontend to half",
        "scale up the frontend and delete the cart",
        "scale frontend by 2",
        "Scale down the frontend pods that fail",
        "Should I scale up the frontend?",
        "Why did the frontend scale up?",
        "Don't scale up the frontend",
    ],
)
def test_half_an_order_and_a_question_are_none(text: str) -> None:
    found = understand(text)

    assert found is None or found.name != "scale"


def test_the_tool_and_its_arguments_exist() -> None:
    tools = {tool["name"]: tool for tool in json.loads(CONTRACT.read_text())["tools"]}
    (step,) = scale("scale up cart in the shop namespace")

    assert set(step.arguments) <= set(tools[step.tool]["inputSchema"]["properties"])


def test_a_server_that_only_reads_is_explained() -> None:
    (step,) = scale("scale up the frontend")

    assert step.absent == NOT_OFFERED
    assert "JAMIE_KUBERNETES_WRITE=true" in NOT_OFFERED
