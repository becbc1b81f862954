"""The `jamie` command: words in, exit code out (0 fine, 1 the answer is an error, 2 usage)."""

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jamie_host.errors import ConfigError, HostError

if TYPE_CHECKING:
    from jamie_host.settings import HostSettings

USAGE, INTERRUPTED = 2, 130

app = typer.Typer(
    name="jamie",
    help="Ask your cluster, metrics and logs. Connects to MCP servers and calls their tools.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file instead of jamie.toml.")
]
McpConfig = Annotated[
    list[Path] | None,
    typer.Option("--mcp-config", help="mcpServers JSON file; may be given several times."),
]
ModelName = Annotated[
    str, typer.Option("--model", help="openai:NAME, anthropic:NAME, ollama:NAME ...")
]
BaseUrl = Annotated[str, typer.Option("--base-url", help="Where the model is served.")]
PersonaName = Annotated[str, typer.Option("--persona", help="british or plain.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Work = Callable[["HostSettings"], Coroutine[None, None, int]]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"jamie {version('jamie-host')}")
        raise typer.Exit


@app.callback()
def jamie(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold what all commands share."""


@app.command("tools")
def tools(as_json: AsJson = False, config: Config = None, mcp_config: McpConfig = None) -> None:
    """List every server, its tools and what they cost a model in tokens."""
    from jamie_host import commands

    _run(
        lambda settings: commands.list_tools(settings, as_json=as_json),
        config,
        mcp_config=mcp_config,
    )


@app.command("call")
def call(
    tool: Annotated[str, typer.Argument(help="The tool, as `jamie tools` names it.")],
    words: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE...")] = None,
    args: Annotated[str, typer.Option("--args", help="Arguments as a JSON object.")] = "",
    as_json: AsJson = False,
    config: Config = None,
    mcp_config: McpConfig = None,
) -> None:
    """Call one tool and print its answer; --json prints its data."""
    from jamie_host import commands

    _run(
        lambda settings: commands.call_tool(settings, tool, words or (), args, as_json=as_json),
        config,
        mcp_config=mcp_config,
    )


@app.command("ask")
def ask(
    question: Annotated[list[str], typer.Argument(help="What you want to know.")],
    model: ModelName = "",
    base_url: BaseUrl = "",
    persona: PersonaName = "",
    as_json: AsJson = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="List the tool calls the answer rests on.")
    ] = False,
    config: Config = None,
    mcp_config: McpConfig = None,
) -> None:
    """Answer a question, with a language model or the built-in brain."""
    from jamie_host import commands

    _run(
        lambda settings: commands.ask(
            settings, " ".join(question), as_json=as_json, evidence=evidence
        ),
        config,
        mcp_config=mcp_config,
        model=model,
        base_url=base_url,
        # JSON is for programs, and they take no small talk.
        persona="plain" if as_json else persona,
    )


@app.command("chat")
def chat(
    model: ModelName = "",
    base_url: BaseUrl = "",
    persona: PersonaName = "",
    config: Config = None,
    mcp_config: McpConfig = None,
) -> None:
    """Hold a conversation; without a terminal, answer one question a line."""
    from jamie_host import commands

    _run(
        commands.chat,
        config,
        mcp_config=mcp_config,
        model=model,
        base_url=base_url,
        persona=persona,
    )


@app.command("doctor")
def doctor(
    model: ModelName = "",
    base_url: BaseUrl = "",
    model_check: Annotated[
        bool, typer.Option("--model-check", help="Ask the model for one word.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    mcp_config: McpConfig = None,
) -> None:
    """Check every server and backend, and say what to fix."""
    from jamie_host import commands

    _run(
        lambda settings: commands.check(settings, ask_model=model_check, as_json=as_json),
        config,
        mcp_config=mcp_config,
        model=model,
        base_url=base_url,
    )


def _run(work: Work, config: Path | None, **flags: object) -> None:
    """Read the settings, do the work, and end with its code."""
    # Only here, so that --help and --version stay quick.
    import anyio

    from jamie_host.settings import load

    try:
        settings = load({name: _plain(flag) for name, flag in flags.items()}, config)
        code = anyio.run(work, settings)
    except ConfigError as exc:
        code = _complain(exc, USAGE)
    except HostError as exc:
        code = _complain(exc, 1)
    raise typer.Exit(code)


def _plain(flag: object) -> object:
    """Take an unset flag for silence."""
    return None if flag in ("", [], None) else flag


def _complain(error: HostError, code: int) -> int:
    sys.stderr.write(f"jamie: {error}\n")
    return code


def main() -> None:
    """Run the command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has seen enough, as with `jamie tools | head`.
        sys.stderr.close()
        sys.exit(0)
