"""The language model a user names, ready to be asked."""

import time

import pydantic_ai
from pydantic_ai import Agent, UsageLimits
from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.models import Model, infer_model

from jamie_host.errors import ConfigError, ModelError
from jamie_host.settings import HostSettings

# The library introduces itself on stderr otherwise.
pydantic_ai.BANNER_ENABLED = False

OLLAMA_URL = "http://localhost:11434/v1"


def build_model(settings: HostSettings) -> Model:
    """Make the model of `settings.model`, `PROVIDER:NAME`.

    A name without provider, or `openai:` with a base_url, is asked over the chat API that every
    compatible server has. Raises ConfigError with the way out.
    """
    try:
        return _build(settings)
    except (UserError, ValueError, ImportError) as exc:
        raise ConfigError(
            f"model {settings.model!r}: {exc} Set --model PROVIDER:NAME (openai:, anthropic:, "
            "ollama:), --base-url for your own endpoint, and JAMIE_API_KEY."
        ) from exc


def _build(settings: HostSettings) -> Model:
    provider, colon, name = settings.model.partition(":")
    if not colon:
        provider, name = "openai", settings.model
    match provider:
        case "anthropic":
            return _anthropic(name, settings)
        case "ollama":
            return _ollama(name, settings)
        case "openai":
            return _openai(name, settings)
        case _ if settings.base_url:
            # "qwen3:8b" is the name of a model with a size, not a provider.
            return _openai(settings.model, settings)
        case _:
            return infer_model(settings.model)


def _key(settings: HostSettings) -> str | None:
    return settings.api_key.get_secret_value() if settings.api_key else None


def _anthropic(name: str, settings: HostSettings) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    provider = AnthropicProvider(api_key=_key(settings), base_url=settings.base_url or None)
    return AnthropicModel(name, provider=provider)


def _ollama(name: str, settings: HostSettings) -> Model:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    provider = OllamaProvider(base_url=settings.base_url or OLLAMA_URL, api_key=_key(settings))
    return OllamaModel(name, provider=provider)


def _openai(name: str, settings: HostSettings) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    if not settings.base_url:
        return OpenAIChatModel(name, provider=OpenAIProvider(api_key=_key(settings)))
    # This provider never sends OPENAI_API_KEY to somebody else's address.
    compatible = OpenAICompatibleProvider(
        "compatible", base_url=settings.base_url, api_key=_key(settings)
    )
    return OpenAIChatModel(name, provider=compatible)


async def probe(model: Model) -> str:
    """Ask a model for one word, to see that it can be asked.

    Raises ModelError.
    """
    started = time.monotonic()
    try:
        async with model:
            await Agent(model, name="jamie").run(
                "Reply with the word ok.", usage_limits=UsageLimits(request_limit=1), timeout=60
            )
    except AgentRunError as exc:
        raise ModelError(unanswered(model, exc)) from exc
    return f"answered in {time.monotonic() - started:.1f} s"


def unanswered(model: Model, error: AgentRunError) -> str:
    """Say that a model gave no answer, where it was looked for, and what to do."""
    where = f" at {model.base_url}" if model.base_url else ""
    reason = " ".join(str(error).split())[:400]
    return (
        f"The model {model.model_name}{where} gave no answer: {reason}. "
        "Check --model, --base-url and JAMIE_API_KEY, or ask without a model."
    )
