"""What a server says on stderr, without secrets: libraries log URLs, and errors quote anything."""

import logging
import sys
from pathlib import Path

from platformdirs import user_state_path

from jamie_base.redact import Redactor, redaction_key
from jamie_base.settings import ServerSettings
from jamie_base.text import clean

FORM = "%(levelname)s %(name)s: %(message)s"

_TALKERS = ("mcp", "httpcore")
"""At DEBUG they log whole messages and headers, where neither key nor shape tells a secret."""


class Redacted(logging.Formatter):
    """Writes a record, its traceback included, without secrets and control characters."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(FORM)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return self._redactor.text(clean(super().format(record)))


def prepare(settings: ServerSettings) -> None:
    """Log to stderr, as much as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacted(redactor_of(settings)))
    logging.basicConfig(handlers=[handler], level=settings.log_level)
    if settings.log_level == "DEBUG":
        for name in _TALKERS:
            logging.getLogger(name).setLevel(logging.INFO)


def redactor_of(settings: ServerSettings) -> Redactor:
    """Return what redacts with the key of these settings."""
    configured = settings.redaction_key.get_secret_value() if settings.redaction_key else ""

    return Redactor(redaction_key(state_folder(settings), configured))


def state_folder(settings: ServerSettings) -> Path:
    """Return the state folder; it need not exist."""
    return (settings.state_dir or user_state_path("jamie", False)).expanduser()
