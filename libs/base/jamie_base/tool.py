"""A written tool, bound to the SDK: strict arguments, a flat schema, a call that cannot leak."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Annotated, Any, get_type_hints

import msgspec
from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, InputRequiredResult
from pydantic import Field, ValidationError, create_model

from jamie_base import several
from jamie_base.call import Call, answer, record, refusal
from jamie_base.desk import Desk
from jamie_base.errors import InvalidArgument
from jamie_base.schema import Json, explain, flat
from jamie_base.settings import Confirm
from jamie_base.text import size
from jamie_base.toolset import Spec, Toolset
from jamie_base.write import CONFIRM, change

NAMES_BYTES = 120
"""What the names of backends take in the description of the argument that chooses one."""


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
            noted = {name: value for name, value in arguments.items() if name != CONFIRM}
            call = Call(self.spec, noted, "", context)
            record(desk, call, "refused")
            return refusal(desk, InvalidArgument(explain(self.name, self.parameters, exc)))

        source = str(given.pop(self.chooser, ""))
        if not self.spec.changes:
            asking = partial(several.ask, chooser=self.chooser)
            return await answer(desk, Call(self.spec, given, source, context), asking)

        token = str(given.pop(CONFIRM, ""))
        try:
            call = several.only_one(desk, Call(self.spec, given, source, context), self.chooser)
        except InvalidArgument as exc:
            record(desk, Call(self.spec, given, source, context), "refused")
            return refusal(desk, exc)

        return await change(desk, call, token)


@dataclass(frozen=True)
class Mode:
    """How a server was started, as far as its tools look different for it.

    `names` are the backends to choose from, `flags` the settings that are on with which further
    tools exist.
    """

    names: Sequence[str]
    flags: frozenset[str] = frozenset()
    confirm: Confirm = "ask"
    always_data: bool = False


def bind(toolset: Toolset, mode: Mode) -> list[Tool]:
    """Turn written tools into served ones.

    Writing tools exist only with their flag; the argument that chooses a backend exists only among
    several, the one that confirms a plan only where tokens do; the schema of the data is published
    only where every answer carries data, because clients insist on data once they know its schema.
    """
    specs = [spec for spec in toolset if spec.flag in ("", *mode.flags)]
    teller = next((spec for spec in specs if not spec.changes), None)

    return [_served(spec, toolset, mode, tells=spec is teller) for spec in specs]


def choice(toolset: Toolset, names: Sequence[str]) -> str:
    """Say which backends there are to choose from; empty where there is only one."""
    if len(names) < 2:
        return ""

    known = f"One of {_few(names)}; {names[0]} by default."

    return f"{toolset.chooser_help} {known} Several: a,b or *."


def data_schema(answer: type[msgspec.Struct]) -> Json:
    """Return the JSON Schema of a tool's data."""
    (reference,), definitions = msgspec.json.schema_components([answer])

    return flat({**reference, "$defs": definitions})


def _served(spec: Spec, toolset: Toolset, mode: Mode, *, tells: bool) -> Tool:
    # Not Tool.from_function: it makes each model and schema once more, which a start would feel.
    further = {**_chooser(toolset, mode, tells=tells), **_confirmation(spec, mode)}
    model = _arguments(spec, further)
    schema = _published(spec, toolset, mode) if mode.always_data else None
    return ServedTool(
        fn=spec.ask,
        name=spec.name,
        title=None,
        description=spec.description,
        parameters=flat(model.model_json_schema(by_alias=True)),
        fn_metadata=FuncMetadata(arg_model=model, output_schema=schema),
        is_async=True,
        context_kwarg=None,
        annotations=spec.effect,
        spec=spec,
        chooser=toolset.chooser,
    )


def _arguments(spec: Spec, further: Json) -> type[ArgModelBase]:
    """Make the model of a tool's arguments; the SDK's own drops those it does not know."""
    hints = get_type_hints(spec.ask, include_extras=True)
    given = {
        name: (hints[name], ... if one.default is Parameter.empty else one.default)
        for name, one in signature(spec.ask).parameters.items()
        if not _is_injected(hints[name])
    }
    return create_model(
        f"{spec.name}Arguments",
        __base__=ArgModelBase,
        __cls_kwargs__={"extra": "forbid"},
        **given,
        **further,
    )


def _is_injected(hint: object) -> bool:
    return any(isinstance(mark, Resolve) for mark in getattr(hint, "__metadata__", ()))


def _published(spec: Spec, toolset: Toolset, mode: Mode) -> Json:
    single = data_schema(spec.answer)
    if spec.changes or len(mode.names) < 2:
        return single

    return several.schema_of_several(single, toolset.chooser)


def _chooser(toolset: Toolset, mode: Mode, *, tells: bool) -> Json:
    """Return the argument that chooses a backend; one tool tells the names, for all would be dear.

    The instructions tell them as well, for those who see some of the tools only.
    """
    words = choice(toolset, mode.names)
    if not words:
        return {}

    bare = Field(json_schema_extra=_without_default)
    about = Field(description=words) if tells else bare

    return {toolset.chooser: (Annotated[str, about], "")}


def _without_default(schema: Json) -> None:
    schema.pop("default", None)


def _few(names: Sequence[str]) -> str:
    """Name backends as far as there is room."""
    shown = [names[0]]
    for name in names[1:]:
        if size(", ".join([*shown, name])) > NAMES_BYTES:
            break
        shown.append(name)

    left = len(names) - len(shown)
    return f"{', '.join(shown)}{f' and {left} more' if left else ''}"


def _confirmation(spec: Spec, mode: Mode) -> Json:
    if not spec.changes or mode.confirm != "token":
        return {}

    description = "Token of the plan the user agreed to; leave out to see the plan."

    return {CONFIRM: (Annotated[str, Field(description=description)], "")}
