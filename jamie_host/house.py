"""The host as the commands use it: servers found, started, and their noise kept in files."""

import contextlib
import logging
import os
from collections.abc import AsyncGenerator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from jamie_host.servers import find_servers
from jamie_host.settings import HostSettings
from jamie_host.terminal import Terminal
from jamie_host.toolbox import Toolbox, open_toolbox

LOG_BYTES = 1_000_000


@contextlib.asynccontextmanager
async def open_house(
    settings: HostSettings, terminal: Terminal | None = None
) -> AsyncGenerator[Toolbox]:
    """Start connecting to every server; a terminal lets servers ask its person.

    Raises ConfigError.
    """
    logs = settings.state_dir / "logs"
    keep_logs(logs)
    servers = find_servers(settings, os.environ)
    elicit = terminal.elicit if terminal else None
    async with open_toolbox(servers, logs, elicit=elicit) as toolbox:
        yield toolbox


def keep_logs(folder: Path) -> None:
    """Send what libraries log to a file; a terminal is for answers."""
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(
            folder / "host.log", maxBytes=LOG_BYTES, backupCount=1, delay=True, encoding="utf-8"
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def person() -> Terminal | None:
    """Return the person at the terminal, if there is one."""
    return Terminal() if Terminal.present() else None
