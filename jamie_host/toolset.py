"""The toolbox as pydantic-ai sees it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic_ai import RunContext, ToolReturn
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from jamie_host.answer import ToolAnswer
from jamie_host.cleaning import clean
from jamie_host.ledger import Call, record
from jamie_host.policy import Verdict, judge
from jamie_host.settings import PolicySettings
from jamie_host.shelf import MORE, Shelf
from jamie_host.terminal import Approval
from jamie_host.toolbox import Toolbox

Approve = Callable[[str, Mapping[str, object]], Awaitable[Approval]]

# The server checks arguments against its own schema, and explains itself better.
ANY_OBJECT = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)
DEFINITION_OF_MORE = ToolDefinition(
    name=MORE,
    description="Read on in an answer that was too long.",
    parameters_json_schema={
        "type": "object",
        "properties": {"ref": {"type": "string"}, "offset": {"type": "integer", "minimum": 0}},
        "required": ["ref", "offset"],
    },
)


class HostToolset(AbstractToolset[None]):
    """All tools a model may call, with policy, bounds and a record of every call."""

    def __init__(
        self,
        toolbox: Toolbox,
        rules: PolicySettings,
        shelf: Shelf,
        *,
        approve: Approve | None,
        data: bool,
    ) -> None:
        self.toolbox = toolbox
        self.rules = rules
        self.shelf = shelf
        self.approve = approve
        self.data = data
        self.calls: list[Call] = []
        self.approved: set[str] = set()

    @property
    def id(self) -> str:
        """Name this toolset among others."""
        return "jamie"

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:
        """List what may be called now."""
        names = [name for name in self.toolbox.names if self._verdict(name) != "deny"]
        found = [self._define(name) for name in names]
        found += [DEFINITION_OF_MORE] if self.shelf else []
        return {one.name: self._tool(one) for one in found}

    async def get_instructions(self, ctx: RunContext[None]) -> str | None:
        """Name the servers that cannot be used now."""
        gaps = [f"{server} ({reason})" for server, reason in self.toolbox.gaps().items()]
        return f"Not available now, say so where it matters: {'; '.join(gaps)}." if gaps else None

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[None],
        tool: ToolsetTool[None],
    ) -> Any:
        """Run a tool, if the policy and the person agree; a failure is words for the model."""
        if name == MORE:
            return self.shelf.piece(str(tool_args.get("ref")), int(tool_args.get("offset", 0)))
        answer = await self._run(name, tool_args)
        self.calls.append(record(answer, tool_args))
        if answer.is_error:
            raise ToolFailed(answer.text)
        kept = self.shelf.bounded(answer)
        return ToolReturn(return_value=kept.text, metadata=answer.data)

    async def _run(self, name: str, arguments: dict[str, object]) -> ToolAnswer:
        refusal = await self._refusal(name, arguments)
        if refusal:
            return ToolAnswer(tool=name, text=refusal, is_error=True)
        return await self.toolbox.call(name, arguments, data=self.data)

    async def _refusal(self, name: str, arguments: Mapping[str, object]) -> str:
        match self._verdict(name):
            case "allow":
                return ""
            case "deny":
                return f"{name} is denied by the user's policy. Do not try it again."
            case "ask":
                return await self._ask(name, arguments)

    async def _ask(self, name: str, arguments: Mapping[str, object]) -> str:
        if name in self.approved:
            return ""
        if self.approve is None:
            return (
                f"{name} needs the user's approval and there is no terminal to ask on. "
                "A user who wants it puts it under [policy] allow in jamie.toml."
            )
        said = await self.approve(name, arguments)
        if said == "always":
            self.approved.add(name)
        return f"The user said no to {name}. Do not try it again." if said == "no" else ""

    def _verdict(self, name: str) -> Verdict:
        return judge(name, self.toolbox.word(name), self.rules)

    def _define(self, name: str) -> ToolDefinition:
        tool = self.toolbox.tool(name)
        return ToolDefinition(
            name=name,
            description=clean(tool.description or "") if tool else None,
            parameters_json_schema=tool.input_schema if tool else {"type": "object"},
        )

    def _tool(self, definition: ToolDefinition) -> ToolsetTool[None]:
        return ToolsetTool(
            toolset=self, tool_def=definition, max_retries=3, args_validator=ANY_OBJECT
        )
