"""The loop with a language model, over the real wire protocols, scripted by each test."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from jamie_host.agent import Answer, open_assistant
from jamie_host.errors import ConfigError, ModelError
from jamie_host.servers import Server
from jamie_host.settings import HostSettings, PolicySettings
from jamie_host.terminal import Approval
from jamie_host.toolbox import Toolbox
from jamie_host.toolset import Approve

OpenBox = Callable[..., AbstractAsyncContextManager[Toolbox]]
StartModel = Callable[..., Any]
Provider = Literal["openai", "anthropic", "ollama"]


def settings_for(player: Any, provider: Provider = "openai", **given: Any) -> HostSettings:
    base = player.url if provider == "anthropic" else f"{player.url}/v1"
    return HostSettings(
        model=f"{provider}:scripted", base_url=base, api_key=SecretStr("a-key"), **given
    )


async def ask(
    box: Toolbox, settings: HostSettings, question: str, approve: Approve | None = None
) -> Answer:
    async with open_assistant(box, settings, approve=approve) as assistant:
        return await assistant.answer(question)


def last_results(request: Mapping[str, Any]) -> list[str]:
    """Read what the tools said from the newest request, in either protocol."""
    found: list[str] = []
    for message in request["messages"]:
        if message["role"] == "tool":
            found.append(message["content"])
        elif isinstance(message["content"], list):
            blocks = [one for one in message["content"] if one["type"] == "tool_result"]
            found += [str(block["content"]) for block in blocks]
    return found


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_model_calls_tools_and_answers(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel, provider: Provider, streamed: bool
) -> None:
    player = model(
        [("shop_echo", {"text": "one"}), ("shop_echo", {"text": "two"})], "Both came back."
    )
    heard: list[str] = []
    async with (
        toolbox(stdio_shop) as box,
        open_assistant(box, settings_for(player, provider)) as assistant,
    ):
        answer = await assistant.answer("Echo twice", heard.append if streamed else None)

    assert answer.text == "Both came back."
    assert answer.complete
    assert [call.arguments for call in answer.calls] == [{"text": "one"}, {"text": "two"}]
    assert [call.headline for call in answer.calls] == ["one", "two"]
    assert "".join(heard) == ("Both came back." if streamed else "")
    assert len(heard) > 1 or not streamed
    results = " ".join(last_results(player.requests[1]))
    assert "one" in results
    assert "two" in results
    assert "a-key" in player.keys[0]


async def test_the_calls_of_one_turn_run_at_the_same_time(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_wait", {"seconds": 1.0})] * 4, "Done.")
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player), "Wait")

    assert len(answer.calls) == 4
    assert sum(call.seconds for call in answer.calls) > 4.0
    assert answer.seconds < 4.0


async def test_a_model_sees_text_only(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_stock", {"item": "tea"})], "Three.")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player), "How much tea?")

    assert last_results(player.requests[1]) == ["3 of tea on the top shelf"]


async def test_a_failed_call_is_words_for_the_model(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_fail", {"why": "the shelf is empty"})], "It is empty.")
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player), "Look")

    assert "the shelf is empty" in last_results(player.requests[1])[0]
    assert answer.calls[0].is_error


async def test_a_tool_that_does_not_exist_does_not_end_the_answer(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_ecko", {"text": "x"})], [("shop_echo", {"text": "x"})], "Got x.")
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player), "Echo")

    assert answer.text == "Got x."
    assert "shop_ecko" in last_results(player.requests[1])[0]


async def test_on_the_last_turn_the_model_is_told_to_answer(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_echo", {"text": "x"})], "From what I have: x.")
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player, steps=2), "Echo")

    assert answer.complete
    assert player.requests[0].get("tool_choice") in (None, "auto")
    assert player.requests[1]["tool_choice"] == "none"
    assert "This is your last turn" in str(player.requests[1]["messages"])


async def test_a_model_that_never_ends_is_stopped_with_what_there_is(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_echo", {"text": "x"})])
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player, steps=3), "Echo")

    assert not answer.complete
    assert answer.text == (
        "(Not finished: a limit was reached (3 turns, 300,000 tokens). "
        "Looked at so far: shop_echo.)"
    )
    assert len(player.requests) == 4


async def test_time_runs_out_with_a_partial_answer(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_wait", {"seconds": 60})], "never said")
    async with toolbox(stdio_shop) as box:
        answer = await ask(box, settings_for(player, seconds=2), "Wait")
        after = await box.call("shop_echo", {"text": "still fine"})

    assert not answer.complete
    assert "the limit of 2 s was reached" in answer.text
    assert after.text == "still fine"


async def test_a_long_result_comes_in_pieces(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    more = ("jamie_more", {"ref": "r1", "offset": 990})
    player = model([("shop_lines", {"count": 500})], [more], "Read.")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player, result_bytes=1_000), "Read")

    first, second = last_results(player.requests[2])
    assert len(first.encode()) < 1_200
    assert "characters not shown" in first
    assert 'jamie_more ref="r1" offset=' in first
    assert second.startswith("line 000033 of")
    assert "jamie_more" not in str(player.requests[0]["tools"])


async def test_a_write_is_asked_about_and_a_no_is_kept(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    asked: list[tuple[str, Mapping[str, object]]] = []

    async def refuse(tool: str, arguments: Mapping[str, object]) -> Approval:
        asked.append((tool, arguments))
        return "no"

    player = model([("shop_buy", {"item": "tea"}), ("shop_echo", {"text": "x"})], "As you wish.")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player), "Buy tea", approve=refuse)

    assert asked == [("shop_buy", {"item": "tea"})]
    bought, echoed = last_results(player.requests[1])
    assert "The user said no to shop_buy" in bought
    assert echoed == "x"


async def test_without_a_terminal_a_write_does_not_happen(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model([("shop_buy", {"item": "tea"})], "Not allowed.")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player), "Buy tea")

    assert "there is no terminal to ask on" in last_results(player.requests[1])[0]


async def test_a_denied_tool_is_not_even_offered(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model("Fine.")
    rules = PolicySettings(deny=("shop_b*",))
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player, policy=rules), "Hello")

    offered = {tool["function"]["name"] for tool in player.requests[0]["tools"]}
    assert "shop_echo" in offered
    assert not {"shop_buy", "shop_burn"} & offered


async def test_servers_that_are_down_are_named_to_the_model(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model("Fine.")
    gone = Server(name="loki", transport="stdio", command="no-such-command-here")
    async with toolbox(stdio_shop, gone) as box:
        answer = await ask(box, settings_for(player), "Hello")

    assert "loki (no-such-command-here was not found" in str(player.requests[0]["messages"])
    assert list(answer.gaps) == ["loki"]


async def test_a_conversation_remembers(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model("It is Ada.", "Ada, as I said.")
    async with (
        toolbox(stdio_shop) as box,
        open_assistant(box, settings_for(player)) as assistant,
    ):
        await assistant.answer("Who is it?")
        await assistant.answer("Who?")

    assert "It is Ada." in str(player.requests[1]["messages"])


async def test_a_model_that_fails_is_one_sentence(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model(400)
    async with toolbox(stdio_shop) as box:
        with pytest.raises(ModelError, match=r"gave no answer: .*scripted failure"):
            await ask(box, settings_for(player), "Hello")


async def test_nobody_at_the_models_address_is_one_sentence(
    toolbox: OpenBox, stdio_shop: Server
) -> None:
    settings = HostSettings(model="openai:x", base_url="http://127.0.0.1:9/v1")
    async with toolbox(stdio_shop) as box:
        with pytest.raises(ModelError, match=r"The model x at http://127.0.0.1:9/v1/? gave no"):
            await ask(box, settings, "Hello")


async def test_a_model_without_a_key_says_what_to_set(
    toolbox: OpenBox, stdio_shop: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    async with toolbox(stdio_shop) as box:
        with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
            await ask(box, HostSettings(model="anthropic:x"), "Hello")


async def test_openais_key_is_not_sent_to_another_address(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    player = model("Fine.")
    settings = HostSettings(model="openai:x", base_url=f"{player.url}/v1")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings, "Hello")

    assert "sk-canary" not in player.keys[0]


async def test_the_persona_is_an_instruction(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    player = model("Fine.", "Fine.")
    async with toolbox(stdio_shop) as box:
        await ask(box, settings_for(player), "Hello")
        await ask(box, settings_for(player, persona="plain"), "Hello")

    british, plain = (str(request["messages"]) for request in player.requests)
    assert "British colleague" in british
    assert "British colleague" not in plain
