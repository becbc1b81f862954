"""Following beside a test: what is heard meanwhile, and the answer in the end."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from jamie_kubernetes.server import build
from jamie_kubernetes.settings import Settings
from jamie_lab.waiting import until
from tests.kubernetes.answered import Mode, text_of
from tests.kubernetes.gateway import Gateway
from tests.kubernetes.taps import Played
from tests.kubernetes.wire import dumps, kubeconfig


class Following:
    """A follow that runs beside the test, and what was heard of it so far."""

    def __init__(self) -> None:
        self.progress: list[tuple[float, str]] = []
        self.answer = ""

    @property
    def heard(self) -> str:
        return "\n".join(message for _, message in self.progress)


def through(door: Gateway, folder: Path, mode: Mode = "auto", **settings: Any) -> Client:
    """Connect to a server whose cluster stands behind a gateway."""
    config = folder / "kubeconfig"
    config.write_text(dumps(kubeconfig(door.url)))
    ours = Settings(kubeconfig=str(config), state_dir=folder / "state", **settings)

    return Client(build(ours), mode=mode)


@asynccontextmanager
async def following(
    client: Client, tool: str = "k8s_logs", **arguments: Any
) -> AsyncGenerator[Following]:
    """Follow while the block runs, and until the answer is there."""
    found = Following()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        found.progress.append((progress, message or ""))

    async def ask() -> None:
        result = await client.call_tool(tool, arguments, progress_callback=hear)
        found.answer = text_of(result)

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        yield found


async def follows(played: Played, *what: str, seconds: float = 10) -> None:
    async def ready() -> bool:
        return all(played.followers(one) for one in what)

    assert await until(ready, seconds, poll=0.02), f"nobody follows {what}"


async def heard(found: Following, words: str, seconds: float = 10) -> None:
    async def there() -> bool:
        return words in found.heard

    assert await until(there, seconds, poll=0.02), f"{words!r} is not in {found.heard!r}"


async def says_nothing_more(played: Played, what: str) -> None:
    """Wait until nobody follows."""

    async def quiet() -> bool:
        return not played.followers(what)

    assert await until(quiet, 10, poll=0.02)


async def beat(found: Following) -> None:
    """Let the next progress come."""
    before = len(found.progress)

    async def more() -> bool:
        return len(found.progress) > before

    await until(more, 2, poll=0.02)
