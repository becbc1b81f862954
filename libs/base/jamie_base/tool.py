"""A written tool, bound to the SDK: strict arguments, a flat schema, a call that cannot leak."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase
from mcp.types import CallToolResult, InputRequiredResult
from pydantic import Field, ValidationError, create_model

from jamie_base.call import Call, answer, record, refusal
from jamie_base.desk import Desk
from jamie_base.errors import InvalidArgument
from jamie_base.schema import explain, flat
from jamie_base.toolset import Spec, Toolset


class ServedTool(Tool):
    """One tool of a server, as the SDK lists and runs it."""

    spec: Spec = Field(exclude=True)
    chooser: str = Field(exclude=True)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult:
        """Answer one call; every failure the caller can mend becomes text that says how."""
        desk: Desk[Any] = context.request_context.lifespan_context
        try:
            given = self.fn_metadata.validate_arguments(arguments)
        except ValidationError as exc:
            call = Call(self.spec, arguments, "", context)
            record(desk, call, time.monotonic(), "refused", 0)
            return refusal(desk, InvalidArgument(explain(self.name, self.parameters, exc)))

        source = str(given.pop(self.chooser, ""))

        return await answer(desk, Call(self.spec, given, source, context))


def bind(toolset: Toolset, names: Sequence[str], *, write: bool, always_data: bool) -> list[Tool]:
    """Turn written tools into served ones.

    Writing tools exist only with `write`; the argument that chooses a backend exists only among
    several `names`; the schema of the data is published only where every answer carries data,
    because clients insist on data once they know its schema.
    """
    return [
        _served(spec, toolset, names, always_data=always_data)
        for spec in toolset
        if write or not spec.changes
    ]


def data_schema(answer: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's data."""
    reference, definitions = msgspec.json.schema_components([answer], "#/$defs/{name}")

    return flat({**reference[0], "$defs": definitions})


def _served(spec: Spec, toolset: Toolset, names: Sequence[str], *, always_data: bool) -> Tool:
    tool = Tool.from_function(
        spec.ask,
        description=spec.description,
        annotations=spec.effect,
        structured_output=False,
    )
    strict = _strict(tool.fn_metadata.arg_model, toolset, names)
    tool.fn_metadata.arg_model = strict
    tool.parameters = flat(strict.model_json_schema(by_alias=True))
    if always_data:
        tool.fn_metadata.output_schema = data_schema(spec.answer)

    fields = {name: getattr(tool, name) for name in Tool.model_fields}

    return ServedTool(**fields, spec=spec, chooser=toolset.chooser)


def _strict(
    model: type[ArgModelBase], toolset: Toolset, names: Sequence[str]
) -> type[ArgModelBase]:
    help_text = f"{toolset.chooser_help} One of {', '.join(names[:20])}; {names[0]} by default."
    chosen = {toolset.chooser: (Annotated[str, Field(description=help_text)], "")}

    # The SDK drops unknown arguments, so a misspelt selector would ask for everything.
    return create_model(
        model.__name__,
        __base__=model,
        __cls_kwargs__={"extra": "forbid"},
        **(chosen if len(names) > 1 else {}),
    )
