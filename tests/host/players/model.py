"""A scripted language model on loopback: OpenAI's chat API and Anthropic's messages API.

A script is a list of turns; a turn is text, or calls as (tool, arguments), or a status code to fail
with. Beyond the last turn the last one is repeated. Every request's body is kept.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Call = tuple[str, dict[str, Any]]
Turn = str | list[Call] | int
PIECE = 7


class Player:
    """Plays a script over two wire protocols."""

    def __init__(self, script: Sequence[Turn]) -> None:
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        routes = [
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/messages", self._messages, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "Player":
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def _turn(self, request: Request) -> tuple[dict[str, Any], Turn]:
        body = await request.json()
        number = len(self.requests)
        self.requests.append(body)
        headers = request.headers
        self.keys.append(headers.get("x-api-key") or headers.get("authorization", ""))
        return body, self.script[min(number, len(self.script) - 1)]

    async def _chat(self, request: Request) -> Response:
        body, turn = await self._turn(request)
        if isinstance(turn, int):
            return JSONResponse({"error": {"message": "scripted failure"}}, turn)
        if body.get("stream"):
            return StreamingResponse(_chat_events(turn), media_type="text/event-stream")
        return JSONResponse(_chat_whole(turn))

    async def _messages(self, request: Request) -> Response:
        body, turn = await self._turn(request)
        if isinstance(turn, int):
            error = {"type": "api_error", "message": "scripted failure"}
            return JSONResponse({"type": "error", "error": error}, turn)
        if body.get("stream"):
            return StreamingResponse(_message_events(turn), media_type="text/event-stream")
        return JSONResponse(_message_whole(turn))


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _chat_calls(turn: list[Call]) -> list[dict[str, Any]]:
    return [
        {
            "index": number,
            "id": f"call_{number}_{name}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for number, (name, arguments) in enumerate(turn)
    ]


def _chat_whole(turn: str | list[Call]) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": None}
    said |= {"content": turn} if isinstance(turn, str) else {"tool_calls": _chat_calls(turn)}
    choice = {"index": 0, "message": said, "finish_reason": _reason(turn)}
    return _chat_frame("chat.completion") | {"choices": [choice], "usage": CHAT_USAGE}


CHAT_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _reason(turn: str | list[Call]) -> str:
    return "stop" if isinstance(turn, str) else "tool_calls"


def _chat_frame(kind: str) -> dict[str, Any]:
    return {"id": "chat-1", "object": kind, "created": 1_700_000_000, "model": "scripted"}


def _chat_events(turn: str | list[Call]) -> Iterator[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    if isinstance(turn, str):
        deltas += [{"content": piece} for piece in _pieces(turn)]
    else:
        deltas += [{"tool_calls": [call]} for call in _chat_calls(turn)]
    frame = _chat_frame("chat.completion.chunk")
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield _event(frame | {"choices": [choice]})
    last: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": _reason(turn)}
    yield _event(frame | {"choices": [last]})
    yield _event(frame | {"choices": [], "usage": CHAT_USAGE})
    yield "data: [DONE]\n\n"


def _blocks(turn: str | list[Call]) -> list[dict[str, Any]]:
    if isinstance(turn, str):
        return [{"type": "text", "text": turn}]
    return [
        {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}
        for number, (name, arguments) in enumerate(turn)
    ]


def _message_whole(turn: str | list[Call]) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": _blocks(turn),
        "stop_reason": "end_turn" if isinstance(turn, str) else "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def _message_events(turn: str | list[Call]) -> Iterator[str]:
    whole = _message_whole(turn)
    start: dict[str, Any] = whole | {"content": [], "stop_reason": None}
    yield _named("message_start", {"message": start})
    for index, block in enumerate(whole["content"]):
        yield from _block_events(index, block)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _named("message_delta", {"delta": delta, "usage": {"output_tokens": 20}})
    yield _named("message_stop", {})


def _block_events(index: int, block: dict[str, Any]) -> Iterator[str]:
    is_text = block["type"] == "text"
    empty: dict[str, Any] = {"text": ""} if is_text else {"input": {}}
    yield _named("content_block_start", {"index": index, "content_block": block | empty})
    pieces = _pieces(block["text"] if is_text else json.dumps(block["input"]))
    for piece in pieces:
        kind = "text_delta" if is_text else "input_json_delta"
        field = "text" if is_text else "partial_json"
        yield _named("content_block_delta", {"index": index, "delta": {"type": kind, field: piece}})
    yield _named("content_block_stop", {"index": index})


def _named(kind: str, body: dict[str, Any]) -> str:
    return f"event: {kind}\n{_event({'type': kind, **body})}"


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
