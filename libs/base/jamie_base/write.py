"""One writing call: plan, consent, the same plan again, act, verify, and a way back.

Nothing is sent to the backend before the user agreed, before the plan was found to be still true,
and before the audit log holds a line about it.
"""

from functools import partial
from typing import Any, cast

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult
from msgspec import structs

from jamie_base import consent
from jamie_base.blocks import quoted
from jamie_base.call import Call, accounting, furnished, present, record, refusal
from jamie_base.desk import Desk
from jamie_base.errors import Denied, InvalidArgument, NotConfirmed, TimedOut
from jamie_base.plan import Outcome, Plan, Quote, Written, differences, planned
from jamie_base.plan_text import written
from jamie_base.plans import Asked
from jamie_base.progress import Reporter, reporting
from jamie_base.remarks import remarking
from jamie_base.text import clean, excerpt
from jamie_base.trail import Trail

CONFIRM = "confirm"
"""The argument that carries a plan's token, where the server runs with `--confirm token`."""


async def change(desk: Desk[Any], call: Call, token: str) -> CallToolResult | InputRequiredResult:
    """Answer one writing call; `token` is what the call brought to confirm a plan.

    Raises:
        UnexpectedToolError: A defect of ours; its text stays on the server.

    """
    with accounting(desk, call):
        try:
            with reporting(Reporter(call.context.report_progress, desk.redactor).say):
                result = await _settled(desk, call, token)
        except ToolError as exc:
            result = refusal(desk, exc)

    failed = isinstance(result, CallToolResult) and result.is_error
    record(desk, call, "error" if failed else "answered")

    return result


async def _settled(desk: Desk[Any], call: Call, token: str) -> CallToolResult | InputRequiredResult:
    if call.caller.scope != "write":
        raise Denied(
            f"The token {call.caller.name!r} is for reading; {call.spec.name} needs one with the"
            " scope write."
        )

    if desk.confirm == "token":
        return await _by_token(desk, call, token)

    return await _by_asking(desk, call)


async def _by_token(desk: Desk[Any], call: Call, token: str) -> CallToolResult:
    if token:
        return await _act(desk, call, desk.plans.take(token, _asked(call)))

    plan = await _plan(desk, call)

    return present(desk, call, planned(plan, desk.plans.keep(plan, _asked(call))))


async def _by_asking(desk: Desk[Any], call: Call) -> CallToolResult | InputRequiredResult:
    context = call.context
    if kept := context.request_state:
        plan = desk.plans.take(kept, _asked(call))
        if not consent.agreed(context):
            raise consent.declined()
        return await _act(desk, call, plan)

    plan = await _plan(desk, call)
    text = desk.redactor.text(clean(written(planned(plan))))
    if not consent.can_ask(context):
        raise consent.cannot_ask(text)

    token = desk.plans.keep(plan, _asked(call))
    if consent.asks_by_answer(context):
        return consent.question(text, token)

    if not await consent.ask(context, text):
        raise consent.declined()

    return await _act(desk, call, desk.plans.take(token, _asked(call)))


async def _plan(desk: Desk[Any], call: Call) -> Plan:
    spec = call.spec
    further = furnished(desk, spec)
    work = partial(spec.ask, desk.sources.pick(call.source), **call.arguments, **further)
    with anyio.move_on_after(desk.deadline), remarking() as said:
        plan = cast("Plan", await work())
        # What could not be looked at belongs to what the user agrees to.
        return structs.replace(plan, impact=(*plan.impact, *said))

    raise TimedOut(f"{spec.name} could not plan within {desk.deadline:g} s; nothing was changed.")


async def _act(desk: Desk[Any], call: Call, plan: Plan) -> CallToolResult:
    fresh = await _plan(desk, call)
    if fresh.binding.digest != plan.binding.digest:
        raise NotConfirmed(
            f"{plan.binding.target} changed since the plan was made; nothing was changed."
            f" {differences(plan, fresh)}. Look again, then ask again."
        )

    trail = Trail(desk, call, plan)
    trail.begin()
    outcome, undo = await _acted_for_good(trail)
    seen = await _seen(desk, call, plan, outcome)
    if plan.undoes and seen.verified:
        desk.undo_log.forget(plan.undoes)

    return present(desk, call, _told(desk, seen, undo))


async def _acted_for_good(trail: Trail) -> tuple[Outcome, str]:
    # Who gives up waiting does not take back what was sent: it is done, and its way back is kept.
    with anyio.CancelScope(shield=True):
        try:
            outcome = await _acted(trail.desk, trail.call, trail.plan)
        except ToolError as exc:
            raise trail.fail(exc) from exc
        if outcome:
            return outcome, trail.end(outcome)

        unanswered = _unanswered(trail.desk, trail.plan)
        return unanswered, trail.end_unanswered(unanswered)

    raise AssertionError("a shielded scope is not cancelled")


async def _acted(desk: Desk[Any], call: Call, plan: Plan) -> Outcome | None:
    act = call.spec.act
    if act is None:
        raise InvalidArgument(f"{call.spec.name} does not change anything.")

    with anyio.move_on_after(desk.deadline):
        return await act(desk.sources.pick(call.source), plan)

    return None


def _unanswered(desk: Desk[Any], plan: Plan) -> Outcome:
    return Outcome(
        f"{plan.summary}: sent, but no answer within {desk.deadline:g} s", verified=False
    )


async def _seen(desk: Desk[Any], call: Call, plan: Plan, outcome: Outcome) -> Outcome:
    """Let the tool look at what became of it; the change is made, whatever comes of that."""
    verify = call.spec.verify
    if verify is None:
        return outcome

    unseen = f"not checked within {desk.deadline:g} s"
    try:
        with anyio.move_on_after(desk.deadline):
            return await verify(desk.sources.pick(call.source), plan, outcome)
    except ToolError as exc:
        unseen = f"it could not be checked: {exc}"

    return structs.replace(outcome, verified=False, details=(*outcome.details, unseen))


def _told(desk: Desk[Any], outcome: Outcome, undo: str) -> Written:
    return Written(
        done=True,
        summary=outcome.summary,
        verified=outcome.verified,
        details=outcome.details,
        said=tuple(_quoted(desk, one) for one in outcome.said),
        undo=undo,
    )


def _quoted(desk: Desk[Any], said: Quote) -> str:
    text = desk.redactor.text(clean(said.text))

    return quoted(said.source, excerpt(text, said.limit))


def _asked(call: Call) -> Asked:
    return Asked(
        caller=call.caller.name,
        tool=call.spec.name,
        source=call.source,
        arguments=repr(sorted(call.arguments.items())),
    )
