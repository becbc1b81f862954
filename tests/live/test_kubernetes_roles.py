"""The server run with exactly each of the roles in docs/rbac, asked with every one of its tools.

A tool that is not in the tables below fails: it needs a question here, and in docs/rbac whatever it
looks at.
"""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from mcp import Client
from mcp.types import TextResourceContents

from jamie_lab import LabState
from tests.kubernetes.child import ask, child
from tests.kubernetes.wire import Json
from tests.live.roles import CANARY, RBAC, Grounds, account, grounds
from tests.live.space import dropped, made
from tests.live.writing import token_in

pytestmark = [pytest.mark.live]

REFUSED = ("not allowed", " resource ", "answered 403")
QUOTED = re.compile(r"^--- from .*?^--- end ---$", re.MULTILINE | re.DOTALL)

READING: dict[str, list[Json]] = {
    "k8s_overview": [{}, {"namespace": "$"}],
    "k8s_pods": [{}, {"namespace": "$", "usage": True}, {"workload": "deploy/web"}],
    "k8s_logs": [{"name": "deploy/web"}, {"name": "deploy/web", "follow": 1}],
    "k8s_events": [{}, {"object": "deploy/web"}, {"namespace": "$", "follow": 1}],
    "k8s_workloads": [{}, {"namespace": "$"}, {"workload": "deploy/web"}],
    "k8s_services": [{}, {"namespace": "$"}],
    "k8s_nodes": [{}, {"node": "node-1"}],
    "k8s_top": [{}, {"of": "containers"}, {"of": "nodes"}],
    "k8s_get": [
        {"what": "pods"},
        {"what": "kinds"},
        {"what": "explain deploy.spec"},
        {"what": "deploy/web"},
        {"what": "configmap/web"},
        {"what": "netpol"},
        {"what": "sc"},
        {"what": "crd"},
        {"what": "leases"},
    ],
    "k8s_access": [{}, {"verb": "list", "what": "pods", "who": "anyone"}],
    "k8s_diagnose": [{}, {"namespace": "$"}, {"object": "deploy/web"}],
    "k8s_rollout": [{"name": "deploy/web"}],
    "k8s_changes": [{}, {"namespace": "$"}, {"object": "deploy/web"}],
    "k8s_graph": [{"object": "deploy/web"}, {"object": "svc/web"}],
}

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {a: b}\n"

WRITING: dict[str, list[Json]] = {
    "k8s_scale": [{"name": "deploy/web", "replicas": "3"}],
    "k8s_roll": [{"name": "deploy/web", "action": "restart"}],
    "k8s_set": [{"name": "deploy/web", "image": ["app=registry.example.net/app:2"]}],
    "k8s_patch": [{"name": "svc/web", "patch": '{"metadata":{"labels":{"a":"b"}}}'}],
    "k8s_apply": [{"manifest": MANIFEST, "namespace": "$"}],
    "k8s_node": [
        {"name": "node-1", "action": "cordon"},
        {"name": "node-1", "action": "drain", "force": True},
    ],
    "k8s_delete": [{"name": "a pod of web", "namespace": "$"}],
    "k8s_trigger": [{"name": "cj/nightly", "namespace": "$"}],
}


@pytest.fixture(scope="module")
def at(kube: httpx.Client, lab: LabState) -> Generator[Grounds]:
    with grounds(kube, lab) as ready:
        yield ready


@pytest.fixture(scope="module")
def few(kube: httpx.Client) -> Generator[str]:
    """A role that may list hardly anything."""
    name = "jamie-test-few"
    kinds = [("", "pods"), ("apps", "deployments"), ("", "services")]
    rules = [
        {"apiGroups": [group], "resources": [plural], "verbs": ["get", "list"]}
        for group, plural in kinds
    ]
    dropped(kube, f"{RBAC}/clusterroles/{name}")
    made(kube, f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": rules})
    yield name
    dropped(kube, f"{RBAC}/clusterroles/{name}")


def asked(at: Grounds, question: Json) -> Json:
    return {key: at.name if value == "$" else value for key, value in question.items()}


async def gaps(client: Client, at: Grounds) -> list[str]:
    """Ask every reading tool; return the lines of the answers that say that something is barred."""
    found: list[str] = []
    for tool in (await client.list_tools()).tools:
        if not (tool.annotations and tool.annotations.read_only_hint):
            continue
        if tool.name not in READING:
            pytest.fail(f"{tool.name} needs a question here, and what it looks at in docs/rbac")
        for question in READING[tool.name]:
            answer = await ask(client, tool.name, **asked(at, question))
            assert CANARY not in answer
            assert not answer.startswith("error"), (tool.name, question, answer)
            found += [f"{tool.name} {question}: {line}" for line in barred(answer)]

    return found


def barred(answer: str) -> list[str]:
    """Return the lines that say so, those that workloads wrote left out."""
    lines = QUOTED.sub("", answer).split("\n")

    return [line for line in lines if any(word in line for word in REFUSED)]


def other_than_custom(lines: list[str]) -> list[str]:
    """Leave out kinds that only this lab, or a test beside this one, has."""
    return [line for line in lines if not re.search(r"kwok|jamie.test|example|custom kinds", line)]


async def test_with_the_role_read_every_tool_answers_all_but_secrets(
    at: Grounds, tmp_path: Path
) -> None:
    with account(at, tmp_path, ["jamie-read"]) as config:
        async with child(config, tmp_path / "state") as client:
            missing = other_than_custom(await gaps(client, at))
            secrets = await ask(client, "k8s_get", what="secrets")
            status = await status_of(client)

    assert not [line for line in missing if not re.search("secret|helm", line, re.IGNORECASE)]
    assert 'cannot list resource "secrets"' in secrets
    assert not [gap for gap in status.get("missing", ()) if not re.search("secrets", gap["why"])], (
        status
    )


async def test_with_secret_metadata_fingerprints_are_there_and_no_value_is(
    at: Grounds, tmp_path: Path
) -> None:
    with account(at, tmp_path, ["jamie-read", "jamie-secret-metadata"]) as config:
        async with child(config, tmp_path / "state") as client:
            missing = other_than_custom(await gaps(client, at))
            rollout = await ask(client, "k8s_rollout", name="deploy/web")
            secret = await ask(client, "k8s_get", what="secret/web")
            helm = await ask(client, "k8s_rollout", name="helm")
            status = await status_of(client)

    assert missing == []
    assert re.search(r"secret/web\b.*[0-9a-f]{8}", rollout, re.IGNORECASE), rollout
    assert "[redacted:" in secret
    assert CANARY not in secret + rollout
    assert not helm.startswith("error"), helm
    assert "missing" not in status


async def test_with_write_every_change_can_be_planned_and_a_scale_works(
    at: Grounds, tmp_path: Path
) -> None:
    with account(at, tmp_path, ["jamie-read", "jamie-write"]) as config:
        async with child(config, tmp_path / "state", **WRITES) as client:
            pods = await ask(client, "k8s_get", what="pods", namespace=at.name)
            for tool, question in await changes(client, at, pods):
                plan = await ask(client, tool, **question)
                assert token_in(plan), (tool, plan)
                unseen = [
                    line for line in barred(plan) if "not allowed to list secrets" not in line
                ]
                assert not unseen, (tool, plan)

            done = await scaled(client, at, "3")
            undo = await ask(client, "k8s_undo", record=record_of(done))
            await ask(client, "k8s_undo", record=record_of(done), confirm=token_in(undo))

    assert "is set to 3 replicas" in done
    assert not done.startswith("error"), done


async def test_read_cannot_write(at: Grounds, tmp_path: Path) -> None:
    with (
        account(at, tmp_path, ["jamie-read", "jamie-write"]) as writer,
        account(at, tmp_path, ["jamie-read", "jamie-secret-metadata"]) as reader,
    ):
        async with child(writer, tmp_path / "state", **WRITES) as client:
            done = await scaled(client, at, "1")
        async with child(reader, tmp_path / "state", **WRITES) as client:
            pods = await ask(client, "k8s_get", what="pods", namespace=at.name)
            undo = {"record": record_of(done)}
            refusals = [
                (tool, await ask(client, tool, **question))
                for tool, question in [*await changes(client, at, pods), ("k8s_undo", undo)]
            ]

    for tool, answer in refusals:
        assert answer.startswith("error: "), (tool, answer)
        assert re.search(r"cannot (get|patch|create|delete) resource", answer), (tool, answer)


async def test_exec_adds_exec_and_nothing_else(at: Grounds, tmp_path: Path) -> None:
    may = {"verb": "create", "what": "pods/exec", "namespace": at.name}
    with (
        account(at, tmp_path, ["jamie-read"]) as reader,
        account(at, tmp_path, ["jamie-read", "jamie-exec"]) as holder,
    ):
        async with child(reader, tmp_path / "one") as client:
            without = await ask(client, "k8s_access", **may)
            before = await ask(client, "k8s_access", namespace=at.name)
        async with child(holder, tmp_path / "other") as client:
            having = await ask(client, "k8s_access", **may)
            after = await ask(client, "k8s_access", namespace=at.name)

    assert without.startswith("No: we may not create pods/exec")
    assert having.startswith("Yes: we may create pods/exec")
    more = {*after.split("\n")[1:]} - {*before.split("\n")[1:]}
    assert more
    assert all("pods/exec" in line for line in more), more


async def test_exec_is_enough_to_run_a_command(at: Grounds, tmp_path: Path) -> None:
    given: Json = {"name": "deploy/web", "namespace": at.name, "command": ["echo", "here"]}
    with (
        account(at, tmp_path, ["jamie-read"]) as reader,
        account(at, tmp_path, ["jamie-read", "jamie-exec"]) as holder,
    ):
        async with child(reader, tmp_path / "one", **EXECS) as client:
            refused = await ask(client, "k8s_exec", **given)
        async with child(holder, tmp_path / "other", **EXECS) as client:
            plan = await ask(client, "k8s_exec", **given)
            done = await ask(client, "k8s_exec", **given, confirm=token_in(plan))

    assert refused.endswith("they lack create and get on pods/exec.")
    assert done.startswith("Done: echo ended in ")
    assert "\nhere\n--- end ---" in done


async def test_read_in_one_namespace_narrows_to_it_and_says_so(at: Grounds, tmp_path: Path) -> None:
    with account(at, tmp_path, ["jamie-read"], inside=True) as config:
        async with child(config, tmp_path / "state") as client:
            overview = await ask(client, "k8s_overview")
            pods = await ask(client, "k8s_pods", status="all")
            nodes = await ask(client, "k8s_nodes")
            inside = await ask(client, "k8s_overview", namespace=at.name)
            status = await status_of(client)
        limits: dict[str, Any] = {"JAMIE_KUBERNETES_ALLOW_NAMESPACE": at.name}
        async with child(config, tmp_path / "state", **limits) as client:
            limited = await ask(client, "k8s_overview")
            known = await status_of(client)

    assert f"only namespace '{at.name}' is counted" in overview
    assert "Missing: nodes, metrics: not allowed to list" in overview
    assert f"only namespace '{at.name}' is counted" in pods
    assert 'cannot list resource "nodes"' in nodes
    assert "Missing: pods" not in inside
    assert f"may list pods in namespace '{at.name}' only" in {
        gap["why"] for gap in status["missing"]
    }
    assert "is counted" not in limited
    assert f"(Namespaces read: only {at.name} (--allow-namespace).)" in limited
    assert not [gap for gap in known["missing"] if " list pods in " in gap["why"]]


WIDE: list[tuple[str, Json]] = [
    ("k8s_overview", {}),
    ("k8s_diagnose", {}),
    ("k8s_changes", {}),
    ("k8s_services", {}),
    ("k8s_workloads", {}),
    ("k8s_pods", {}),
]
INSIDE: list[tuple[str, Json]] = [
    ("k8s_overview", {"namespace": "$"}),
    ("k8s_diagnose", {"namespace": "$"}),
    ("k8s_diagnose", {"object": "deploy/web", "namespace": "$"}),
    ("k8s_changes", {"namespace": "$"}),
    ("k8s_services", {"namespace": "$"}),
    ("k8s_graph", {"object": "deploy/web", "namespace": "$"}),
    ("k8s_graph", {"object": "svc/web", "namespace": "$"}),
    ("k8s_graph", {"object": "deploy/web"}),
    ("k8s_rollout", {"name": "deploy/web", "namespace": "$"}),
    ("k8s_rollout", {"name": "deploy/web"}),
]
HEALTHY = re.compile(r"^(Healthy|All healthy)|: none broken|, none broken|Nothing .* tell", re.M)


@pytest.mark.parametrize("role", ["jamie-read", "view", "jamie-test-few"])
async def test_in_one_namespace_answers_are_narrowed_and_claim_no_more(
    at: Grounds, few: str, tmp_path: Path, role: str
) -> None:
    assert few == "jamie-test-few"
    with account(at, tmp_path, [role], inside=True) as config:
        async with child(config, tmp_path / "state") as client:
            wide = [await ask(client, tool, **question) for tool, question in WIDE]
            inside = [await ask(client, tool, **asked(at, question)) for tool, question in INSIDE]

    only = f": not allowed there; only namespace '{at.name}' is counted"
    for (tool, _), answer in zip(WIDE, wide, strict=True):
        gaps = [line for line in answer.split("\n") if line.startswith("Missing: ")]
        assert gaps[0].startswith("Missing: other namespaces' "), (tool, answer)
        assert gaps[0].endswith(only), (tool, answer)
        assert not HEALTHY.search(answer), (tool, answer)
        assert "more line not shown)" not in answer, (tool, answer)
    for (tool, question), answer in zip(INSIDE, inside, strict=True):
        assert not answer.startswith("error"), (tool, question, answer)
        if role == few:
            assert "\nMissing: " in answer, (tool, question, answer)
            assert not HEALTHY.search(answer), (tool, question, answer)


async def test_of_another_namespace_nothing_is_claimed(at: Grounds, tmp_path: Path) -> None:
    with account(at, tmp_path, ["jamie-read"], inside=True) as config:
        async with child(config, tmp_path / "state") as client:
            told = [
                await ask(client, tool, namespace="shop")
                for tool in ("k8s_diagnose", "k8s_overview", "k8s_changes")
            ]
            refused = [
                await ask(client, "k8s_services", namespace="shop"),
                await ask(client, "k8s_graph", object="deploy/catalog", namespace="shop"),
                await ask(client, "k8s_rollout", name="deploy/catalog", namespace="shop"),
            ]

    diagnosis, overview, changes_ = told
    assert diagnosis.startswith("Not known whether anything is wrong: namespace shop at ")
    assert changes_.startswith("Whether anything in namespace shop changed since")
    assert not re.search("none sick|as desired|healthy", overview)
    assert all("\nMissing: " in answer for answer in told)
    assert all("error: " in answer and " is forbidden: " in answer for answer in refused)


EXECS: dict[str, Any] = {"JAMIE_KUBERNETES_EXEC": "true", "JAMIE_KUBERNETES_CONFIRM": "token"}
WRITES: dict[str, Any] = {"JAMIE_KUBERNETES_WRITE": "true", "JAMIE_KUBERNETES_CONFIRM": "token"}


async def changes(client: Client, at: Grounds, pods: str) -> list[tuple[str, Json]]:
    """Return what to ask each writing tool for; what is to be deleted is a pod that is there."""
    tools = [
        tool.name
        for tool in (await client.list_tools()).tools
        if tool.annotations and not tool.annotations.read_only_hint and tool.name != "k8s_undo"
    ]
    unknown = {*tools} - {*WRITING}
    assert not unknown, f"{unknown} need a question here, and what they do in docs/rbac"
    found = re.search(rf"{at.name}/(web-\S+)", pods)
    assert found, pods
    named = {"name": f"pod/{found[1]}"}

    return [
        (tool, {**asked(at, question), **(named if tool == "k8s_delete" else {})})
        for tool in tools
        for question in WRITING[tool]
    ]


async def scaled(client: Client, at: Grounds, replicas: str) -> str:
    wanted = {"name": "deploy/web", "namespace": at.name, "replicas": replicas}
    plan = await ask(client, "k8s_scale", **wanted)

    return await ask(client, "k8s_scale", **wanted, confirm=token_in(plan))


def record_of(done: str) -> str:
    found = re.search(r"undo-[0-9a-f]{8}", done)
    assert found, done

    return found[0]


async def status_of(client: Client) -> Json:
    (content,) = (await client.read_resource("jamie://status")).contents
    (source,) = json.loads(cast("TextResourceContents", content).text)["sources"]

    return source
