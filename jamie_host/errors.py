"""What can go wrong in the host, as sentences a person can act on.

HostError
├── ConfigError      a setting or a file is wrong: where, why, the way out
├── ServerDownError  a server cannot be reached now: its name, why
├── CallError        a server is there, but this call broke: its name, why
└── ModelError       the language model could not be asked
"""


class HostError(Exception):
    """Carry one sentence for the user; never a traceback."""


class ConfigError(HostError):
    """Say which file or variable, which key, why, and what to do."""


class ServerDownError(HostError):
    """Name a server that cannot be reached now, and why."""

    def __init__(self, server: str, reason: str) -> None:
        self.server = server
        self.reason = reason
        super().__init__(f"{server} is not available: {reason}")


class CallError(HostError):
    """Say why a call to a reachable server broke."""


class ModelError(HostError):
    """Say why the language model gave no answer."""
