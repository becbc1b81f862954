"""Where the clusters are."""

import json
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from jamie_base.settings import ServerSettings

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def _listed(value: object) -> object:
    """Take `a,b` and `["a", "b"]` for a list; `[ab]*` is a pattern."""
    if not isinstance(value, str):
        return value
    if re.match(r"\s*\[\s*[\]\"]", value):
        return json.loads(value)

    return [part.strip() for part in value.split(",") if part.strip()]


_PATTERN = re.compile(r"[a-z0-9*?](?:[a-z0-9*?-]|\[!?[a-z0-9-]+\])*|\[!?[a-z0-9-]+\].*")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)*")


def _some(value: object) -> object:
    """Refuse a list without anything: it would lift the limit it was meant to draw."""
    given = _listed(value)
    # The default is a tuple, and no limit.
    if given == []:
        raise ValueError("it is empty; leave it out for no limit")

    return given


def _namespaces(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        if not _PATTERN.fullmatch(text):
            raise ValueError(
                f"{text!r} is neither a namespace nor a pattern of one, such as shop or team-*"
            )

    return value


def _kinds(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        if not _KIND.fullmatch(text):
            raise ValueError(
                f"{text!r} is no name of a kind, such as secrets, deploy or"
                " certificates.cert-manager.io"
            )

    return value


_Given = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_some)]
NamespaceList = Annotated[_Given, AfterValidator(_namespaces)]
KindList = Annotated[_Given, AfterValidator(_kinds)]


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

    allow_namespace: NamespaceList = ()
    """The only namespaces to reach: names or patterns, `shop,team-*`."""

    deny_namespace: NamespaceList = ()
    """Namespaces never to reach; they win over the allowed ones."""

    allow_kind: KindList = ()
    """The only kinds to read and write, by any name kubectl takes: `pods,deploy`."""

    deny_kind: KindList = ()
    """Kinds never to read or write: `secrets,certificates.cert-manager.io`."""

    impersonate: bool = False
    """Act at the API server as the caller: the user and groups of their token."""

    in_cluster: Literal["auto", "yes", "no"] = "auto"
    """Use the pod's service account; auto does so where there is no kubeconfig."""

    service_account: Path = SERVICE_ACCOUNT
    """Folder of the pod's service account."""

    in_cluster_url: str = Field(default_factory=_injected_url)
    """API server of the cluster this runs in; from KUBERNETES_SERVICE_HOST and _PORT."""

    exec: bool = False
    """Offer k8s_exec, which runs commands in containers; needs no --write."""

    timeout: PositiveFloat = 30.0
    """Seconds to wait for the API server."""

    plugin_timeout: PositiveFloat = 15.0
    """Seconds a credential plugin of the kubeconfig may take."""

    @model_validator(mode="after")
    def _has_callers(self) -> Self:
        if self.impersonate and self.transport == "stdio":
            raise ValueError(
                "--impersonate acts as its callers, and over stdio there is none but you: use"
                " --transport http with --tokens, or `as` of the kubeconfig's user"
            )
        if self.impersonate and not self.tokens:
            raise ValueError(
                "--impersonate needs --tokens: they tell its callers apart and who they are"
            )

        return self

    @property
    def kubeconfig_files(self) -> list[Path]:
        """Return the kubeconfig files to look for, in order."""
        named = [Path(part).expanduser() for part in self.kubeconfig.split(os.pathsep) if part]

        return named or [Path("~/.kube/config").expanduser()]
