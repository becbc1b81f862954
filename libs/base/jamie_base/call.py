"""One call, from validated arguments to text within the budget.

Every call has a deadline, tells a waiting client that it goes on, shares identical reads in flight,
is redacted once, where it leaves, and leaves one line in the audit log.
"""

import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import anyio
import msgspec
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, TextContent

from jamie_base.answer import LARGEST_BYTES
from jamie_base.audit import Entry
from jamie_base.blocks import closed
from jamie_base.caller import Caller, caller_of
from jamie_base.desk import Answered, Desk
from jamie_base.errors import TimedOut, TooMuch
from jamie_base.progress import Reporter, reporting
from jamie_base.remarks import remarking
from jamie_base.schema import Json
from jamie_base.text import clean, clip
from jamie_base.toolset import INJECTED_REDACTOR, INJECTED_UNDO_LOG, Spec

T = TypeVar("T")

Asking = Callable[[Desk[Any], "Call"], Awaitable[CallToolResult]]
"""Finds the answer to a call; what it raises as a ToolError becomes a refusal."""

DATA_KEY = "jamie/data"
"""The request `_meta` key with which a program asks for structured data."""

LARGEST_DATA_BYTES = 256 * 1024

QUIET_SECONDS = 1.0
"""How long a call may take before its client hears that it goes on."""


@dataclass(frozen=True)
class Call:
    """A call as it came in: which tool, validated arguments, for which source, from whom."""

    spec: Spec
    arguments: dict[str, Any]
    source: str
    context: Context[Any, Any]
    started_ns: int = field(default_factory=time.time_ns)

    @property
    def caller(self) -> Caller:
        """Return who calls."""
        return caller_of(self.context.request_context.request)

    @property
    def wants_data(self) -> bool:
        """Tell whether the request asks for structured data."""
        return bool((self.context.request_context.meta or {}).get(DATA_KEY))

    @property
    def is_live(self) -> bool:
        """Tell whether what it sees while it runs goes to its own client as progress."""
        return bool(self.spec.live and self.arguments.get(self.spec.live))

    @property
    def key(self) -> tuple[str, ...]:
        """Return what makes two calls the same."""
        return (self.spec.name, self.source, self.caller.name, repr(sorted(self.arguments.items())))


async def answer(desk: Desk[Any], call: Call, ask: Asking) -> CallToolResult:
    """Answer one reading call.

    Raises:
        UnexpectedToolError: A defect of ours; its text stays on the server.

    """
    with accounting(desk, call):
        try:
            result = await ask(desk, call)
        except ToolError as exc:
            result = refusal(desk, exc)

    record(desk, call, "error" if result.is_error else "ok", _size(result))

    return result


@contextmanager
def accounting(desk: Desk[Any], call: Call) -> Generator[None]:
    """Record a call that does not come to its end.

    Raises:
        UnexpectedToolError: A defect of ours; its text stays on the server.

    """
    try:
        yield
    except Exception as exc:
        record(desk, call, "crash")
        raise UnexpectedToolError(
            f"{call.spec.name} failed inside Jamie, not in the backend; its log has the details."
        ) from exc
    except anyio.get_cancelled_exc_class():
        record(desk, call, "cancelled")
        raise


async def ask_one(desk: Desk[Any], call: Call) -> CallToolResult:
    """Ask the one backend a call is for.

    Raises:
        ToolError: It could not answer.

    """
    answered = await telling(desk, call, partial(landed, desk, call))

    return present(desk, call, answered.data, answered.remarks)


async def landed(desk: Desk[Any], call: Call) -> Answered:
    """Ask a tool within the deadline, or wait for the same question already in flight.

    Raises:
        ToolError: It could not answer, or not in time.

    """
    work = partial(_work, desk, call)
    with anyio.move_on_after(desk.deadline):
        return await (work() if call.is_live else desk.flights.run(call.key, work))

    raise TimedOut(
        f"{call.spec.name} took over {desk.deadline:g} s and was stopped; ask for less"
        " (a shorter window, one namespace, a narrower selector) or raise --deadline."
    )


async def telling(desk: Desk[Any], call: Call, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work of a call; its client hears what it reports, and that it goes on."""
    reporter = Reporter(call.context.report_progress, desk.redactor)
    with reporting(reporter.say):
        return await _heartbeat(call.spec.name, reporter, work)


def present(
    desk: Desk[Any], call: Call, data: msgspec.Struct, remarks: Sequence[str] = ()
) -> CallToolResult:
    """Turn data into an answer: redacted text, and the data itself for a program that asked.

    Raises:
        TooMuch: The data is larger than an answer may carry.

    """
    text = shown(desk, call.spec, data, remarks)
    content = [TextContent(type="text", text=closed(clip(text.split("\n"), LARGEST_BYTES)))]
    if not (call.wants_data or desk.always_data):
        return CallToolResult(content=[*content])

    return CallToolResult(
        content=[*content], structured_content=redacted(desk, packed(data, remarks))
    )


def shown(desk: Desk[Any], spec: Spec, data: msgspec.Struct, remarks: Sequence[str] = ()) -> str:
    """Render an answer as it may leave: without secrets and what cannot be seen."""
    return desk.redactor.text(clean("\n".join([spec.render(data), *remarks])))


def packed(data: msgspec.Struct, remarks: Sequence[str] = ()) -> Json:
    """Return data as a program gets it; remarks are in it only where there are any.

    Raises:
        TooMuch: It is larger than an answer may carry.

    """
    coded = msgspec.json.encode(data)
    if len(coded) > LARGEST_DATA_BYTES:
        raise TooMuch(
            f"The data takes {len(coded):,} bytes and an answer carries {LARGEST_DATA_BYTES:,};"
            " lower limit and go on with the cursor."
        )

    return {**msgspec.json.decode(coded), **({"remarks": [*remarks]} if remarks else {})}


def redacted(desk: Desk[Any], data: Json) -> Json:
    """Return data without secrets and what cannot be seen."""
    return {key: _clean(desk, value) for key, value in data.items()}


def furnished(desk: Desk[Any], spec: Spec) -> Json:
    """Return what a tool asked for of the desk, as arguments: undo records, the redactor."""
    things = {INJECTED_UNDO_LOG: desk.undo_log, INJECTED_REDACTOR: desk.redactor}

    return {name: thing for mark, thing in things.items() if (name := spec.marked(mark))}


def refusal(desk: Desk[Any], error: ToolError) -> CallToolResult:
    """Turn an error into an answer the model can act on."""
    text = desk.redactor.text(clean(str(error)))

    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def record(desk: Desk[Any], call: Call, outcome: str, size: int = 0) -> None:
    """Write the audit line of a call that ended; a failure to write it is logged, not raised."""
    desk.audit.record(entry(call, outcome, size))


def entry(call: Call, outcome: str, size: int = 0) -> Entry:
    """Return the audit line of a call: what it was asked, how long it took so far, how it went."""
    return Entry(
        tool=call.spec.name,
        caller=call.caller.name,
        started_ns=call.started_ns,
        duration_ms=round((time.time_ns() - call.started_ns) / 1e6, 1),
        outcome=outcome,
        arguments=call.arguments,
        veiled=call.spec.veiled,
        source=call.source,
        bytes=size,
    )


async def _work(desk: Desk[Any], call: Call) -> Answered:
    spec, backend = call.spec, desk.sources.pick(call.source)
    with remarking() as said:
        data = await spec.ask(backend, **call.arguments, **furnished(desk, spec))

    return Answered(data, tuple(said))


async def _heartbeat(tool: str, reporter: Reporter, work: Callable[[], Awaitable[T]]) -> T:
    # A task group wraps what its body raises; the error is carried out beside it instead.
    done: list[T] = []
    failed: list[Exception] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_go_on, tool, reporter)
        try:
            done.append(await work())
        except Exception as exc:
            failed.append(exc)
        group.cancel_scope.cancel()

    if failed:
        raise failed[0]

    return done[0]


async def _go_on(tool: str, reporter: Reporter) -> None:
    while True:
        await anyio.sleep(QUIET_SECONDS)
        if reporter.silent >= QUIET_SECONDS:
            await reporter.say(f"{tool}: still working, {reporter.seconds:.0f} s")


def _clean(desk: Desk[Any], value: Any) -> Any:
    match value:
        case str():
            return desk.redactor.text(clean(value))
        case list():
            return [_clean(desk, item) for item in cast("list[Any]", value)]
        case dict():
            return {key: _clean(desk, item) for key, item in cast("Json", value).items()}
        case _:
            return value


def _size(result: CallToolResult) -> int:
    return sum(len(part.text.encode()) for part in result.content if isinstance(part, TextContent))
