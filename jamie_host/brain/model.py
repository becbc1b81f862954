"""The brain as a model in the agent's loop: it sees the question, the tools and their answers."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

from msgspec import structs
from pydantic_ai import ModelSettings, RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import (
    CompletedStreamedResponse,
    Model,
    ModelRequestParameters,
    StreamedResponse,
)
from pydantic_ai.tools import ToolDefinition

from jamie_host.brain.intents import Intent, refuse, understand
from jamie_host.brain.plan import Finding, Spoken, Step
from jamie_host.cleaning import clean

Gaps = Callable[[], Mapping[str, str]]


class Brain(Model[None]):
    """Answers what it understands by calling tools; says plainly what it cannot do.

    `gaps` names the servers that cannot be used now, and why.
    """

    def __init__(self, gaps: Gaps) -> None:
        super().__init__()
        self._gaps = gaps

    @property
    def model_name(self) -> str:
        """Name it in answers."""
        return "built-in"

    @property
    def system(self) -> str:
        """Name its provider."""
        return "jamie"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Call the tools a question needs, or answer from what they said."""
        question, returns = _question(messages)
        intent = understand(question)
        if intent is None:
            return _say(refuse(question))
        tools = model_request_parameters.declared_function_tools
        steps = [_fitted(step, tools) for step in intent.steps(question)]
        calls = [step for step, name in steps if name]
        if calls and not returns:
            return ModelResponse(parts=[ToolCallPart(n, s.arguments) for s, n in steps if n])
        findings = [self._finding(step, name, returns) for step, name in steps]
        return self._answer(intent, findings)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[object] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Answer at once; there is nothing to stream."""
        response = await self.request(messages, model_settings, model_request_parameters)
        yield CompletedStreamedResponse(response, model_request_parameters=model_request_parameters)

    def _finding(self, step: Step, name: str, returns: Mapping[str, ToolReturnPart]) -> Finding:
        if not name:
            return Finding(step, failed=self._missing(step))
        found = returns.get(name)
        if found is None:
            return Finding(step, failed=f"{step.tool} was not answered.")
        text = str(found.content)
        if found.outcome != "success":
            return Finding(step, failed=text)
        return Finding(step, text, cast("dict[str, object] | None", found.metadata))

    def _missing(self, step: Step) -> str:
        reason = self._gaps().get(step.source)
        if reason:
            return f"{step.source} is not available: {reason}"
        return (
            step.absent
            or f"No connected server has {step.tool}; `jamie tools` lists what there is."
        )

    def _answer(self, intent: Intent, findings: Sequence[Finding]) -> ModelResponse:
        if all(one.failed for one in findings):
            return _say(Spoken("\n".join(one.failed for one in findings)))
        return _say(intent.compose(findings))


def _question(messages: Sequence[ModelMessage]) -> tuple[str, dict[str, ToolReturnPart]]:
    """Find the last question, and what tools answered since, by tool."""
    question, returns = "", dict[str, ToolReturnPart]()
    parts = [p for message in messages if isinstance(message, ModelRequest) for p in message.parts]
    for part in parts:
        if isinstance(part, UserPromptPart):
            question, returns = str(part.content), {}
        elif isinstance(part, ToolReturnPart):
            returns[part.tool_name] = part
    return question, returns


def _fitted(step: Step, tools: Sequence[ToolDefinition]) -> tuple[Step, str]:
    """Find the tool a step means, also where a collision prefixed it; drop what it cannot take."""
    for tool in tools:
        if tool.name == step.tool or tool.name.endswith(f"__{step.tool}"):
            known = cast("dict[str, object]", tool.parameters_json_schema.get("properties", {}))
            given = {key: value for key, value in step.arguments.items() if key in known}
            return structs.replace(step, arguments=given), tool.name
    return step, ""


def _say(spoken: Spoken) -> ModelResponse:
    return ModelResponse(
        parts=[TextPart(clean(spoken.text))],
        model_name="built-in",
        provider_name="jamie",
        provider_details={"calm": spoken.calm},
    )
