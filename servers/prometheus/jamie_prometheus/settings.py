"""Where Prometheus lives."""

from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from jamie_base.settings import HttpSettings, HttpSource

URL = "http://localhost:9090"
API_PATH = "/api/v1"


class PrometheusSource(HttpSource):
    """One Prometheus, or what speaks its API, and the Alertmanager behind it."""

    url: str = URL
    """Base URL of Prometheus, its prefix included (Mimir: https://mimir/prometheus)."""

    api_path: str = API_PATH
    """Where its API begins, below the URL."""

    alertmanager_url: str = ""
    """Base URL of its Alertmanager, which knows silences and receivers; none by default."""

    def alertmanager(self) -> HttpSource | None:
        """Return how to reach the Alertmanager, if there is one.

        Our credentials go along only to the host that Prometheus has; one elsewhere may carry its
        own in its URL.
        """
        if not self.alertmanager_url:
            return None

        shared = {name: getattr(self, name) for name in HttpSource.model_fields}
        kept = shared if self._is_neighbour() else {name: shared[name] for name in _HARMLESS}

        return HttpSource.model_validate({**kept, "url": self.alertmanager_url})

    def _is_neighbour(self) -> bool:
        ours, theirs = urlsplit(self.url), urlsplit(self.alertmanager_url)

        return (ours.scheme, ours.hostname) == (theirs.scheme, theirs.hostname)


class Settings(  # pyright: ignore[reportIncompatibleVariableOverride]  # settings win
    HttpSettings, PrometheusSource
):
    """MCP server for Prometheus: queries, ranges and alerts."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_PROMETHEUS_")

    url: str = URL
    """Base URL of Prometheus, its prefix included (Mimir: https://mimir/prometheus)."""

    sources: dict[str, PrometheusSource] = Field(default={})  # pyright: ignore[reportIncompatibleVariableOverride]  # ours know more
    """Several by name, instead of the one above: {"eu": {"url": "..."}}."""

    def named_sources(  # pyright: ignore[reportIncompatibleMethodOverride]  # ours know more
        self,
    ) -> dict[str, PrometheusSource]:
        """Return every Prometheus by its name; the only one is named `default`."""
        return self.sources or {"default": self}


_HARMLESS = ("ca_file", "verify", "timeout", "max_reply")
