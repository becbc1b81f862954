"""Where Loki lives."""

from pydantic import Field, PositiveInt
from pydantic_settings import SettingsConfigDict

from jamie_base.settings import HttpSettings, HttpSource

URL = "http://localhost:3100"
API_PATH = "/loki/api/v1"
MAX_SCAN_BYTES = 50 * 1024**3


class LokiSource(HttpSource):
    """One Loki, and how much of it a question may read."""

    url: str = URL
    """Base URL of Loki, or of the gateway in front of it."""

    api_path: str = API_PATH
    """Where its API begins, below the URL."""

    max_scan: PositiveInt = MAX_SCAN_BYTES
    """Bytes of logs one question may make Loki read; more is refused with the way to narrow it."""


class Settings(  # pyright: ignore[reportIncompatibleVariableOverride]  # settings win
    HttpSettings, LokiSource
):
    """MCP server for Loki: log lines, labels and errors."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_LOKI_")

    url: str = URL
    """Base URL of Loki, or of the gateway in front of it."""

    sources: dict[str, LokiSource] = Field(default={})  # pyright: ignore[reportIncompatibleVariableOverride]  # ours know more
    """Several Lokis by name, instead of the one above: {"eu": {"url": "..."}}."""

    def named_sources(  # pyright: ignore[reportIncompatibleMethodOverride]  # ours know more
        self,
    ) -> dict[str, LokiSource]:
        """Return every Loki by its name; the only one is named `default`."""
        return self.sources or {"default": self}
