"""Server entries in the `mcpServers` JSON shape that every host knows, and VS Code's `servers`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from pydantic import ValidationError

from jamie_host.errors import ConfigError
from jamie_host.files import kind, read_json, table
from jamie_host.settings import ServerSettings

Transport = Literal["", "stdio", "sse", "http"]

TRANSPORTS: Mapping[str, Transport] = {
    "": "",
    "local": "stdio",
    "stdio": "stdio",
    "sse": "sse",
    "http": "http",
    "remote": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamableHttp": "http",
}
# Other hosts' words for the address of a server.
ADDRESSES = ("url", "serverUrl", "httpUrl")
# What every host writes the same way and we take as it stands.
SHARED = ("command", "args", "env", "cwd", "headers", "token", "mode", "trust")


def read_servers(path: Path) -> dict[str, ServerSettings]:
    """Read the servers a file names; keys that only other hosts know are ignored.

    Raises ConfigError naming the file, the key, the reason and the way out.
    """
    found = read_json(path)
    key = next((key for key in ("mcpServers", "servers") if key in found), None)
    if key is None:
        raise ConfigError(f'{path}: no "mcpServers" in it. Put the servers under that key.')
    entries = table(found[key], f"{path}: {key}")
    return {
        name: _entry(table(entry, f"{path}: {key}.{name}"), f"{path}: {key}.{name}")
        for name, entry in entries.items()
    }


def _entry(entry: Mapping[str, object], where: str) -> ServerSettings:
    given = {key: entry[key] for key in SHARED if entry.get(key) is not None}
    address = next((entry[key] for key in ADDRESSES if entry.get(key)), "")
    if not given.get("command") and not address:
        raise ConfigError(f'{where}: neither "command" nor "url". Give one of them.')
    given |= {"url": address, "transport": _transport(entry, where)}
    given["enabled"] = entry.get("disabled") is not True and entry.get("enabled") is not False
    try:
        return ServerSettings.model_validate(given)
    except ValidationError as exc:
        fault = exc.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise ConfigError(
            f"{where}.{key}: {fault['msg']}, got {kind(fault['input'])}. Correct the value."
        ) from exc


def _transport(entry: Mapping[str, object], where: str) -> Transport:
    said = entry.get("type") or entry.get("transport") or ""
    if said not in TRANSPORTS:
        raise ConfigError(f"{where}.type: {said!r} is not one of stdio, sse, http. Correct it.")
    return TRANSPORTS[cast("str", said)]
