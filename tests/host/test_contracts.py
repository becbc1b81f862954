"""The brain against the servers' golden contracts: what it asks exists, what it reads is there."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jamie_host.brain.data import Alerts, LogErrors, Overview, PodList
from jamie_host.brain.intents import INTENTS
from jamie_host.brain.plan import Step

CONTRACTS = Path(__file__).parent.parent / "contracts"
QUESTION = "Search the logs of web-0 for 'timeout' in the shop namespace in the last 2 hours"
STEPS = [step for intent in INTENTS for step in intent.steps(QUESTION)]

Schema = dict[str, Any]


def contract(server: str) -> Schema:
    return json.loads((CONTRACTS / f"{server}.json").read_text())


@pytest.mark.parametrize(
    "step", STEPS, ids=[f"{number}-{step.tool}" for number, step in enumerate(STEPS)]
)
def test_every_tool_and_argument_of_the_brain_exists(step: Step) -> None:
    tools = {tool["name"]: tool for tool in contract(step.source)["tools"]}

    assert step.tool in tools
    assert set(step.arguments) <= set(tools[step.tool]["inputSchema"]["properties"])


@pytest.mark.parametrize(
    ("server", "tool", "kind"),
    [
        ("kubernetes", "k8s_overview", Overview),
        ("kubernetes", "k8s_pods", PodList),
        ("prometheus", "prom_alerts", Alerts),
        ("loki", "loki_errors", LogErrors),
    ],
)
def test_every_field_the_brain_reads_is_in_the_data(server: str, tool: str, kind: type) -> None:
    ours = msgspec.json.schema(kind)
    theirs = contract(server)["data"][tool]

    assert not missing(ours, theirs, ours, theirs)


def missing(ours: Schema, theirs: Schema, our_root: Schema, their_root: Schema) -> list[str]:
    """List the fields of our schema that theirs does not have, however deep."""
    ours, theirs = resolved(ours, our_root), resolved(theirs, their_root)
    if "items" in ours:
        return missing(ours["items"], theirs.get("items", {}), our_root, their_root)
    fields: Schema = ours.get("properties", {})
    known: Schema = theirs.get("properties", {})
    absent = [name for name in fields if name not in known]
    for name in fields.keys() & known.keys():
        found = missing(fields[name], known[name], our_root, their_root)
        absent += [f"{name}.{inner}" for inner in found]
    return absent


def resolved(schema: Schema, root: Schema) -> Schema:
    """Follow references, and in a choice take the arm that has fields."""
    if "$ref" in schema:
        return resolved(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    arms = [resolved(arm, root) for arm in schema.get("anyOf", [])]
    return next((arm for arm in arms if "properties" in arm or "items" in arm), schema)
