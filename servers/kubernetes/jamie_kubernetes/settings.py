"""Where the clusters are."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PositiveFloat
from pydantic_settings import NoDecode, SettingsConfigDict

from jamie_base.settings import ServerSettings

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def _listed(value: object) -> object:
    """Take `a,b` and `["a", "b"]` for a list."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)

    return [part.strip() for part in value.split(",") if part.strip()]


def _injected_url() -> str:
    # Not fields called service_host and service_port: Kubernetes sets JAMIE_KUBERNETES_SERVICE_HOST
    # in every pod beside a Service named like us.
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        return ""

    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _kubeconfig_variable() -> str:
    return os.environ.get("KUBECONFIG", "")


class Settings(ServerSettings):
    """MCP server for Kubernetes."""

    model_config = SettingsConfigDict(env_prefix="JAMIE_KUBERNETES_")

    kubeconfig: str = Field(default_factory=_kubeconfig_variable)
    """Kubeconfig file, or several as in a PATH; by default KUBECONFIG, else ~/.kube/config."""

    context: str = ""
    """Context of calls that name none; the kubeconfig's current one by default."""

    contexts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Contexts that calls may choose; all of the kubeconfig by default."""

    namespace: str = ""
    """Namespace of names given without one; the context's by default, else `default`."""

    in_cluster: Literal["auto", "yes", "no"] = "auto"
    """Use the pod's service account; auto does so where there is no kubeconfig."""

    service_account: Path = SERVICE_ACCOUNT
    """Folder of the pod's service account."""

    in_cluster_url: str = Field(default_factory=_injected_url)
    """API server of the cluster this runs in; from KUBERNETES_SERVICE_HOST and _PORT."""

    timeout: PositiveFloat = 30.0
    """Seconds to wait for the API server."""

    plugin_timeout: PositiveFloat = 15.0
    """Seconds a credential plugin of the kubeconfig may take."""

    @property
    def kubeconfig_files(self) -> list[Path]:
        """Return the kubeconfig files to look for, in order."""
        named = [Path(part).expanduser() for part in self.kubeconfig.split(os.pathsep) if part]

        return named or [Path("~/.kube/config").expanduser()]
