"""Everything a server can be asked, and all it says: every tool with many arguments, and so on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcp import Client, MCPError
from mcp.types import (
    CallToolResult,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
    Tool,
)

from tests.kubernetes.conftest import WITH_DATA

Candidates = Mapping[str, Sequence[Any]]
"""Values to try for a parameter, by its name; the first is used while others vary."""


NAMES = ("deploy/web", "secret/plain", "cm/settings", "canary/one")
SHOWN_WHOLE = ("secret/docker", "secret/tls", "secret/sh.helm.release.v1.web.v1", "svc/web")
FIELDS = (
    "data.*",
    "data",
    "metadata.annotations",
    "metadata.annotations.*",
    "spec.template.spec.containers[*].env",
    "spec.template.spec.containers[*].env[*].value",
    "spec.template.spec.containers[*].args",
    "spec.template.spec.containers[*].args[*]",
    "spec.template.spec.containers[*].command[0]",
    "spec.template.spec.containers[0]",
    "spec",
    "spec.env[*].value",
    "spec.auth",
    "status",
    "status.containerStatuses[*].state.waiting.message",
)
KINDS = ("secrets", "configmaps", "deployments", "pods", "services", "events", "canaries")


def candidates(namespace: str, **more: Sequence[Any]) -> Candidates:
    """Return what to try where canaries are planted in a namespace."""
    return {
        "action": ["restart", "pause", "undo", "cordon"],
        "annotation": [["example.net/webhook-"], ["password=x"]],
        "command": [["echo", "hello"]],
        "confirm": ["no-such-plan"],
        "container": ["app"],
        "cursor": ["no-such-cursor"],
        "diff": ["1..2", "1", "values"],
        "fields": FIELDS,
        "follow": [1],
        "grep": ["password", "Bearer"],
        "group_by": FIELDS[:3],
        "image": [["example.net/token-signer:1.3"]],
        "label": [["app-"]],
        "limit": [1],
        "manifest": ["{}"],
        "name": NAMES,
        "namespace": [namespace],
        "node": ["node-1"],
        "object": NAMES,
        "patch": ["{metadata: {labels: {x: y}}}"],
        "record": ["undo-00000000"],
        "replicas": ["5"],
        "revision": [1],
        "selector": ["app=web"],
        "service": ["web"],
        "since": ["1h"],
        "sort": FIELDS[:3],
        "tail": [100],
        "to": ["secret/plain"],
        "until": ["now"],
        "verb": ["get", "list,watch"],
        "what": [*NAMES, *SHOWN_WHOLE, *KINDS, "kinds", "contexts", "explain secret.data"],
        "where": ["metadata.name~web", "data.motd exists", "data.motd=x", "spec.apiToken~Kn"],
        "who": ["me", "anyone"],
        "workload": ["deploy/web", "web"],
        **more,
    }


async def everything_said(client: Client, candidates: Candidates) -> list[str]:
    """Ask all of it and return what was said; what is refused says why, which counts too."""
    heard: list[str] = [str(await client.list_tools()), client.instructions or ""]

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(str(message))

    for tool in (await client.list_tools()).tools:
        for arguments in calls_of(tool, candidates):
            answer = await client.call_tool(
                tool.name, arguments, progress_callback=hear, meta=WITH_DATA
            )
            heard.append(f"{tool.name} {arguments}:\n{_said(answer)}")

    return [*heard, *await _resources(client, candidates), *await _prompts(client, candidates)]


def calls_of(tool: Tool, candidates: Candidates) -> Iterator[dict[str, Any]]:
    """Vary one argument at a time, the others being what the tool needs at least."""
    schema = tool.input_schema
    values = {
        name: _values(name, about, candidates) for name, about in schema["properties"].items()
    }
    always = {*schema.get("required", ()), "namespace"} & values.keys()
    least = {name: values[name][0] for name in sorted(always) if values[name]}
    yield least
    for name, tried in values.items():
        yield from ({**least, name: value} for value in tried)


def _values(name: str, schema: Mapping[str, Any], candidates: Candidates) -> Sequence[Any]:
    if name in candidates:
        return candidates[name]
    if "enum" in schema:
        return schema["enum"]

    return {"boolean": [True], "integer": [1]}.get(schema.get("type", ""), [])


def _said(answer: CallToolResult) -> str:
    texts = [part.text for part in answer.content if isinstance(part, TextContent)]

    return "\n".join([*texts, repr(answer.structured_content)])


async def _resources(client: Client, candidates: Candidates) -> list[str]:
    listed = await client.list_resources()
    templates = (await client.list_resource_templates()).resource_templates
    uris = [str(one.uri) for one in listed.resources]
    heard = [str(listed), str(templates)]
    for template in templates:
        uris += [_filled(template.uri_template, name, candidates) for name in candidates["name"]]
        ref = ResourceTemplateReference(uri=template.uri_template)
        heard += await _completions(client, ref, ["context", "namespace", "kind", "name"])
    for uri in uris:
        try:
            parts = (await client.read_resource(uri)).contents
        except MCPError as exc:
            heard.append(str(exc))
        else:
            heard += [part.text for part in parts if isinstance(part, TextResourceContents)]

    return heard


def _filled(template: str, name: str, candidates: Candidates) -> str:
    """Fill a URI template in for one object."""
    kind, _, own = name.partition("/")
    values = {"context": "lab", "namespace": candidates["namespace"][0], "kind": kind, "name": own}
    for key, value in values.items():
        template = template.replace(f"{{{key}}}", str(value))

    return template


async def _prompts(client: Client, candidates: Candidates) -> list[str]:
    listed = await client.list_prompts()
    heard = [str(listed)]
    for prompt in listed.prompts:
        asked = [one.name for one in prompt.arguments or ()]
        given = {name: str(candidates.get(name, ["web"])[0]) for name in asked}
        heard.append(str(await client.get_prompt(prompt.name, given)))
        heard += await _completions(client, PromptReference(name=prompt.name), asked)

    return heard


async def _completions(
    client: Client, ref: PromptReference | ResourceTemplateReference, names: Sequence[str]
) -> list[str]:
    return [str(await client.complete(ref, {"name": name, "value": ""})) for name in names]
