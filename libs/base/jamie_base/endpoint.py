"""The SDK's server with our own resources, subscriptions, prompts and completions.

Tools stay the SDK's. It has no place for the rest as we need it: resources whose failures say why,
a watch behind a subscription (in the older era, too), the caller behind a completion. What is
protected in it is used here and nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.types import (
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    ResourceTemplate,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)
from pydantic import AnyUrl

from jamie_base.completions import Completer, Completions
from jamie_base.desk import Desk
from jamie_base.prompts import Prompts
from jamie_base.reading import read
from jamie_base.resources import Resources
from jamie_base.sources import BackendT
from jamie_base.subscriptions import Subscriptions


@dataclass(frozen=True)
class Offer:
    """What a server offers besides tools; `completers` are by the arguments' names."""

    resources: Resources = field(default_factory=lambda: Resources("none"))
    prompts: Prompts = field(default_factory=Prompts)
    completers: Mapping[str, Completer] = field(default_factory=dict[str, Completer])


class Endpoint(MCPServer[Desk[BackendT]], Generic[BackendT]):
    """A server that offers more than tools."""

    def __init__(self, name: str, offer: Offer, sources: Sequence[str], **options: Any) -> None:
        super().__init__(name, **options)
        self._offer = offer
        self._sources = sources
        if offer.resources:
            self._serve_subscriptions(Subscriptions(offer.resources))
        if offer.completers:
            self._lowlevel_server.add_request_handler(
                "completion/complete", CompleteRequestParams, self._handle_complete
            )

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """List our templates, then the SDK's."""
        ours = [one.listed for one in self._offer.resources]
        return [*ours, *await super().list_resource_templates()]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Desk[BackendT], Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource of ours, or one that the SDK knows.

        Raises:
            ResourceNotFoundError: It names nothing.
            ResourceError: It cannot be read.

        """
        resources = self._offer.resources
        if context is None or not (resources and resources.owns(str(uri))):
            return await super().read_resource(uri, context)

        desk = context.request_context.lifespan_context
        text = await read(desk, resources, str(uri), context)

        return [ReadResourceContents(content=text, mime_type="text/plain")]

    async def list_prompts(self) -> list[Prompt]:
        """List our prompts, then the SDK's."""
        ours = self._offer.prompts.listed(self._sources)
        return [*ours, *await super().list_prompts()]

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Desk[BackendT], Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """Write a prompt of ours, or one that the SDK knows.

        Raises:
            MCPError: There is none of that name, or it cannot be written with these arguments.

        """
        if self._prompt_manager.get_prompt(name):
            return await super().get_prompt(name, arguments, context)

        return self._offer.prompts.written(name, arguments or {}, self._sources)

    def _serve_subscriptions(self, subscriptions: Subscriptions) -> None:
        serve = self._lowlevel_server.add_request_handler
        serve("subscriptions/listen", SubscriptionsListenRequestParams, subscriptions.listen)
        serve("resources/subscribe", SubscribeRequestParams, subscriptions.subscribe)
        serve("resources/unsubscribe", UnsubscribeRequestParams, subscriptions.unsubscribe)

    async def _handle_complete(
        self, ctx: ServerRequestContext[Desk[BackendT], Any], params: CompleteRequestParams
    ) -> CompleteResult:
        offer = self._offer
        completions = Completions(offer.prompts, offer.resources, offer.completers)

        return CompleteResult(completion=await completions.complete(ctx.lifespan_context, params))
