"""Questions to the client in the middle of a call, in both protocol eras."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field, JsonValue

Ctx = Context[Any, Any]
Asked = InputRequiredResult | str

MISSING_CAPABILITY = -32021


class Reply(BaseModel):
    """Who answers."""

    username: str = Field(description="The user's name.")
    email: str = Field(description="The user's address.")


class Defaults(BaseModel):
    """A form with a default for each primitive type."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


def _titled(*titles: str) -> list[JsonValue]:
    return [{"const": title.lower(), "title": title} for title in titles]


class Enums(BaseModel):
    """A form with each kind of choice, under the names the suite answers to."""

    untitledSingle: Annotated[str, Field(json_schema_extra={"enum": ["a", "b"]})]  # noqa: N815  # suite's
    titledSingle: Annotated[  # noqa: N815  # the suite's name
        str, Field(json_schema_extra={"oneOf": _titled("High", "Low")})
    ]
    legacyEnum: Annotated[  # noqa: N815  # the suite's name
        str, Field(json_schema_extra={"enum": ["s", "l"], "enumNames": ["Small", "Large"]})
    ]
    untitledMulti: Annotated[  # noqa: N815  # the suite's name
        list[str], Field(json_schema_extra={"items": {"type": "string", "enum": ["r", "w"]}})
    ]
    titledMulti: Annotated[  # noqa: N815  # the suite's name
        list[str], Field(json_schema_extra={"items": {"anyOf": _titled("Bug", "Feature")}})
    ]


def register(server: MCPServer[Any]) -> None:
    for name, tool in {**LEGACY, **MODERN}.items():
        server.add_tool(tool, name=name, structured_output=False)
    server.prompt("test_input_required_result_prompt")(prompt_with_question)


async def elicitation(message: str, ctx: Ctx) -> str:
    """Ask the user."""
    result = await ctx.elicit(message, Reply)

    return f"User response: {result.model_dump_json()}"


async def sampling(prompt: str, ctx: Ctx) -> str:
    """Ask the client's model."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    create = ctx.session.create_message  # pyright: ignore[reportDeprecated]  # the suite wants it
    result = await create(messages=[message], max_tokens=100)

    return f"LLM response: {result.model_dump_json()}"


async def elicitation_defaults(ctx: Ctx) -> str:
    """Ask with defaults."""
    result = await ctx.elicit("Please fill in", Defaults)

    return f"Elicitation completed: {result.model_dump_json()}"


async def elicitation_enums(ctx: Ctx) -> str:
    """Ask with choices."""
    result = await ctx.elicit("Please choose", Enums)

    return f"Elicitation completed: {result.model_dump_json()}"


async def by_elicitation(ctx: Ctx) -> Asked:
    """Greet the user by name."""
    answer = (ctx.input_responses or {}).get("user_name")
    if isinstance(answer, ElicitResult) and (answer.content or {}).get("name"):
        return f"Hello, {(answer.content or {})['name']}!"

    return InputRequiredResult(input_requests={"user_name": _form("What is your name?", "name")})


async def by_sampling(ctx: Ctx) -> Asked:
    """Ask the client's model."""
    if answer := (ctx.input_responses or {}).get("capital_question"):
        return f"It said: {answer.model_dump_json()}"

    request = _sample("What is the capital of France?")

    return InputRequiredResult(input_requests={"capital_question": request})


async def by_roots(ctx: Ctx) -> Asked:
    """Ask for the client's roots."""
    if answer := (ctx.input_responses or {}).get("client_roots"):
        return f"Roots: {answer.model_dump_json()}"

    return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})


async def with_state(ctx: Ctx) -> Asked:
    """Ask, and remember that it was asked."""
    if ctx.request_state == "asked" and ctx.input_responses:
        return "state-ok"

    form = _form("Please confirm", "ok", "boolean")

    return InputRequiredResult(input_requests={"confirm": form}, request_state="asked")


async def several_questions(ctx: Ctx) -> Asked:
    """Ask three things at once."""
    given = ctx.input_responses or {}
    if {"user_name", "greeting", "client_roots"} <= given.keys():
        return f"Answered: {', '.join(given)}"

    return InputRequiredResult(
        input_requests={
            "user_name": _form("What is your name?", "name"),
            "greeting": _sample("Generate a greeting"),
            "client_roots": ListRootsRequest(),
        },
        request_state="asked",
    )


async def several_rounds(ctx: Ctx) -> Asked:
    """Ask one thing after the other."""
    match ctx.request_state, ctx.input_responses:
        case "two", {"step2": _}:
            return "Asked twice, answered twice."
        case "one", {"step1": _}:
            question, step, state = _form("Step 2: favourite colour?", "color"), "step2", "two"
        case _:
            question, step, state = _form("Step 1: your name?", "name"), "step1", "one"

    return InputRequiredResult(input_requests={step: question}, request_state=state)


async def by_capability(ctx: Ctx) -> Asked:
    """Ask only what the client can answer."""
    capabilities = ctx.client_capabilities
    requests: Mapping[str, Any] = {
        **(
            {"user_name": _form("Name?", "name")}
            if capabilities and capabilities.elicitation
            else {}
        ),
        **({"greeting": _sample("Greet")} if capabilities and capabilities.sampling else {}),
    }
    if ctx.input_responses or not requests:
        return "Nothing to ask."

    return InputRequiredResult(input_requests=dict(requests))


async def needs_sampling(ctx: Ctx) -> str:
    """Refuse clients that cannot sample."""
    if ctx.client_capabilities and ctx.client_capabilities.sampling:
        return "Sampling is there."

    data: dict[str, JsonValue] = {"requiredCapabilities": {"sampling": {}}}
    raise MCPError(MISSING_CAPABILITY, "This tool needs sampling", data)


async def quiet() -> str:
    """Log to stderr only."""
    return "Nothing was sent."


async def change_tools(ctx: Ctx) -> str:
    """Say that the tools changed."""
    await ctx.notify_tools_changed()

    return "Said."


async def change_prompts(ctx: Ctx) -> str:
    """Say that the prompts changed."""
    await ctx.notify_prompts_changed()

    return "Said."


async def with_headers(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "eu",
) -> str:
    """Mirror an argument into a header."""
    return f"Region {region}."


async def prompt_with_question(ctx: Ctx) -> Any:
    """Ask what the prompt is about."""
    answer = (ctx.input_responses or {}).get("user_context")
    if isinstance(answer, ElicitResult):
        return f"About {(answer.content or {}).get('context')}."

    form = _form("What context should the prompt use?", "context")

    return InputRequiredResult(input_requests={"user_context": form})


LEGACY = {
    "test_sampling": sampling,
    "test_elicitation": elicitation,
    "test_elicitation_sep1034_defaults": elicitation_defaults,
    "test_elicitation_sep1330_enums": elicitation_enums,
}

MODERN = {
    "test_input_required_result_elicitation": by_elicitation,
    "test_input_required_result_sampling": by_sampling,
    "test_input_required_result_list_roots": by_roots,
    "test_input_required_result_request_state": with_state,
    "test_input_required_result_tampered_state": with_state,
    "test_input_required_result_multiple_inputs": several_questions,
    "test_input_required_result_multi_round": several_rounds,
    "test_input_required_result_capabilities": by_capability,
    "test_streaming_elicitation": by_elicitation,
    "test_missing_capability": needs_sampling,
    "test_logging_tool": quiet,
    "test_custom_headers": with_headers,
    "test_trigger_tool_change": change_tools,
    "test_trigger_prompt_change": change_prompts,
}


def _form(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    params = ElicitRequestFormParams(message=message, requested_schema=schema)

    return ElicitRequest(params=params)


def _sample(text: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))

    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=100)
    )
