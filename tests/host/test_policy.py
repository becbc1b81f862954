"""Who asks before a write: the host, or the server whose tool it is; never both."""

from collections.abc import Mapping

import msgspec

from jamie_host.servers import Server
from jamie_host.terminal import Approval
from tests.host.conftest import OpenBox
from tests.host.test_agent import StartModel, ask, last_results, settings_for


async def test_a_write_that_its_server_asks_about_is_not_asked_about_here_too(
    toolbox: OpenBox, stdio_shop: Server, model: StartModel
) -> None:
    async def refuse(tool: str, arguments: Mapping[str, object]) -> Approval:
        raise AssertionError(tool)

    player = model([("shop_buy", {"item": "tea"})], "Done.")
    asking = msgspec.structs.replace(stdio_shop, args=(*stdio_shop.args, "--asks"))
    async with toolbox(asking) as box:
        await ask(box, settings_for(player), "Buy tea", approve=refuse)

    assert last_results(player.requests[1]) == ["bought tea"]
