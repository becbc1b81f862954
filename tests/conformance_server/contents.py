"""Content other than text, resources and prompts, as the conformance suite wants them."""

import base64
import json
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    AudioContent,
    Completion,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGA"
    "hKmMIQAAAABJRU5ErkJggg=="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="


def register(server: MCPServer[Any]) -> None:
    for tool in (image, audio, embedded, several, with_progress):
        server.add_tool(tool, name=NAMES[tool.__name__], structured_output=False)
    _resources(server)
    _prompts(server)


NAMES = {
    "image": "test_image_content",
    "audio": "test_audio_content",
    "embedded": "test_embedded_resource",
    "several": "test_multiple_content_types",
    "with_progress": "test_tool_with_progress",
}


async def image() -> ImageContent:
    """Answer with an image."""
    return ImageContent(type="image", data=PIXEL, mime_type="image/png")


async def audio() -> AudioContent:
    """Answer with a sound."""
    return AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")


async def embedded() -> EmbeddedResource:
    """Answer with a resource."""
    return _embedded("test://embedded-resource", "This is an embedded resource content.")


async def several() -> list[TextContent | ImageContent | EmbeddedResource]:
    """Answer with three kinds of content."""
    data = json.dumps({"test": "data", "value": 123})

    return [
        TextContent(type="text", text="Multiple content types test:"),
        await image(),
        _embedded("test://mixed-content-resource", data, "application/json"),
    ]


async def with_progress(ctx: Context[Any, Any]) -> str:
    """Report progress three times."""
    for done in (0, 50, 100):
        await ctx.report_progress(done, 100, f"{done} of 100")
        await anyio.sleep(0.05)

    return "Progress reported."


def _embedded(uri: str, text: str, kind: str = "text/plain") -> EmbeddedResource:
    contents = TextResourceContents(uri=uri, mime_type=kind, text=text)

    return EmbeddedResource(type="resource", resource=contents)


def _resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    async def static_text() -> str:
        """Read a text."""
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    async def static_binary() -> bytes:
        """Read an image."""
        return base64.b64decode(PIXEL)

    @server.resource("test://watched-resource", mime_type="text/plain")
    async def watched() -> str:
        """Read what could be watched."""
        return "Nothing new."

    @server.resource("test://template/{id}/data", mime_type="application/json")
    async def template(id: str) -> str:  # noqa: A002  # the suite names the parameter
        """Read one of many."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})

    _used = (static_text, static_binary, watched, template)


def _prompts(server: MCPServer[Any]) -> None:
    @server.prompt("test_simple_prompt")
    async def simple() -> list[UserMessage]:
        """Say something simple."""
        return [_said("This is a simple prompt for testing.")]

    @server.prompt("test_prompt_with_arguments")
    async def with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
        """Say two things."""
        return [_said(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]

    @server.prompt("test_prompt_with_embedded_resource")
    async def with_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803  # the suite's
        """Show a resource."""
        resource = _embedded(resourceUri, "Embedded resource content for testing.")
        return [UserMessage(resource), _said("Please process the embedded resource above.")]

    @server.prompt("test_prompt_with_image")
    async def with_image() -> list[UserMessage]:
        """Show an image."""
        return [UserMessage(await image()), _said("Please analyze the image above.")]

    @server.completion()
    async def complete(*_: object) -> Completion:
        return Completion(values=["paris", "park"], total=2, has_more=False)

    _used = (simple, with_arguments, with_resource, with_image, complete)


def _said(text: str) -> UserMessage:
    return UserMessage(TextContent(type="text", text=text))
