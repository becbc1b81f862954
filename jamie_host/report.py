"""Tool lists and diagnoses as plain text."""

from jamie_host.doctor import Problem, Report, ServerReport
from jamie_host.status import SourceStatus
from jamie_host.toolbox import Cost, Toolbox

SUMMARY_LENGTH = 100
NO_SERVERS = (
    "No servers. Install one (pip install jamie-kubernetes), name one in jamie.toml under "
    "[servers.NAME], or point --mcp-config at an mcpServers file."
)


def tools(toolbox: Toolbox) -> str:
    """List every server, what its catalogue costs, and its tools by the model's names."""
    gaps = toolbox.gaps()
    blocks = [
        f"{server}: not available: {gaps[server]}"
        if server in gaps
        else "\n".join(_server_lines(toolbox, server))
        for server in toolbox.connections
    ]
    return "\n\n".join([*blocks, _total(toolbox)]) if blocks else NO_SERVERS


def diagnosis(report: Report) -> str:
    """Write a doctor's report, the worst first."""
    blocks = [_problems(report.problems)]
    blocks += ["\n".join(_server(server)) for server in report.servers] or [NO_SERVERS]
    blocks.append(f"Model: {report.model}\nState folder: {report.state_dir}")
    return "\n\n".join(blocks)


def _server_lines(toolbox: Toolbox, server: str) -> list[str]:
    link = toolbox.connections[server].link
    about = f"version {link.version or 'unknown'}, MCP {link.protocol}"
    names = sorted(name for name, wired in toolbox.names.items() if wired.server == server)
    width = max((len(name) for name in names), default=0)
    rows = [f"  {name:<{width}}  {_summary(toolbox, name)}".rstrip() for name in names]
    return [f"{server}: {_cost(toolbox.cost(server))} ({about})", *rows]


def _summary(toolbox: Toolbox, name: str) -> str:
    tool = toolbox.tool(name)
    first = (tool.description or "").strip().partition("\n")[0] if tool else ""
    return first if len(first) <= SUMMARY_LENGTH else first[: SUMMARY_LENGTH - 3] + "..."


def _cost(cost: Cost) -> str:
    plural = "" if cost.tools == 1 else "s"
    return f"{cost.tools} tool{plural}, {cost.bytes:,} bytes, about {cost.tokens:,} tokens"


def _total(toolbox: Toolbox) -> str:
    costs = [toolbox.cost(server) for server in toolbox.connections]
    total = Cost(sum(cost.tools for cost in costs), sum(cost.bytes for cost in costs))
    return f"In all: {_cost(total)}"


def _problems(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return "All is well."
    lines = [
        f"{number}. {problem.severity.upper()}: {problem.what}\n   To fix: {problem.fix}"
        for number, problem in enumerate(problems, 1)
    ]
    return "\n".join(lines)


def _server(server: ServerReport) -> list[str]:
    if not server.connected:
        return [f"{server.name}: NOT AVAILABLE", f"  {server.address}"]
    mode = f", mode {server.mode}" if server.mode else ""
    about = f"version {server.version or 'unknown'}, MCP {server.protocol}{mode}"
    return [
        f"{server.name}: connected, {about}",
        f"  {server.address}",
        f"  {_cost(server.cost)}",
        *(f"  {_source(source)}" for source in server.sources),
    ]


def _source(source: SourceStatus) -> str:
    name = " ".join(word for word in (source.kind, source.name, source.url) if word)
    if not source.reachable:
        return f"{name}: NOT REACHABLE: {source.error or 'no reason given'}"
    version = f" {source.version}" if source.version else ""
    identity = f", as {source.identity}" if source.identity else ""
    limits = f", {len(source.missing)} limits" if source.missing else ""
    return f"{name}: reachable{version}{identity}{limits}"
