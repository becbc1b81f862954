"""The way into one cluster: which server, how to trust it, who we are; read from files."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from jamie_base.errors import BackendError, did_you_mean
from jamie_kubernetes.client.kubeconfig import (
    ClusterEntry,
    Kubeconfig,
    User,
    by_client,
    read_kubeconfig,
)
from jamie_kubernetes.settings import Settings
from jamie_signals.similar import nearest

IN_CLUSTER = "in-cluster"

Stamp = tuple[str, int, int]
"""A file and what changes with it: path, time of change in nanoseconds, inode."""

EntryT = TypeVar("EntryT")


class Access(msgspec.Struct, frozen=True):
    """All that decides how a cluster is reached; two that are equal are one way."""

    context: str
    where: str
    cluster: ClusterEntry
    user: User
    namespace: str = "default"
    stamps: tuple[Stamp, ...] = ()

    @property
    def url(self) -> str:
        """Return the API server's URL."""
        return self.cluster.server.rstrip("/")


class Door:
    """Finds the way into one context, and again when its files have changed."""

    def __init__(self, settings: Settings, context: str = "") -> None:
        self._settings = settings
        self._context = context
        self._seen: tuple[Stamp, ...] | None = None
        self._access: Access | None = None

    def access(self) -> Access:
        """Return the way in as the files have it now.

        Raises:
            BackendError: There is no kubeconfig, it is malformed, or names what it does not have.

        """
        files = stamps_of(str(path) for path in self._settings.kubeconfig_files)
        if self._access is None or files != self._seen:
            self._access = self._find()
            self._seen = files

        current = stamps_of(_files_of(self._access))
        if current != self._access.stamps:
            self._access = msgspec.structs.replace(self._access, stamps=current)

        return self._access

    def _find(self) -> Access:
        if self._settings.in_cluster == "yes":
            return in_cluster(self._settings)

        config = read_kubeconfig(self._settings.kubeconfig_files, by_client)
        if config is not None:
            return in_kubeconfig(config, self._context, self._settings.namespace)

        if self._settings.in_cluster == "auto" and self._settings.in_cluster_url:
            return in_cluster(self._settings)

        named = os.pathsep.join(str(path) for path in self._settings.kubeconfig_files)
        raise BackendError(
            f"There is no kubeconfig at {named!r}; set --kubeconfig or KUBECONFIG to the file"
            " (a host that starts this server may not pass KUBECONFIG on)."
        )


def context_names(settings: Settings) -> list[str]:
    """Return the contexts calls may choose, the default first; at least one, whatever the files.

    An empty name stands for the current context of a kubeconfig that cannot be read yet, or that
    has none.
    """
    try:
        config = (
            None if settings.in_cluster == "yes" else read_kubeconfig(settings.kubeconfig_files)
        )
    except BackendError:
        config = None

    if config is None:
        return [settings.context]

    first = settings.context or config.current
    offered = settings.contexts or list(config.contexts)
    return [first, *(name for name in offered if name != first)]


def in_kubeconfig(config: Kubeconfig, context: str, namespace: str) -> Access:
    """Resolve a context, or the current one.

    Raises:
        BackendError: The context, or the cluster or user it names, is not there.

    """
    name = context or config.current
    if not name:
        raise BackendError(
            f"{config.where} has no current-context; set --context to one of"
            f" {_listed(config.contexts)}."
        )

    entry = _entry(config, "context", name, config.contexts)
    inside = f" (named by context {name!r})"
    cluster = _entry(config, "cluster", entry.cluster, config.clusters, inside)
    user = _entry(config, "user", entry.user, config.users, inside) if entry.user else User()
    if not cluster.server:
        raise BackendError(f"{config.where}: cluster {entry.cluster!r} has no server.")

    return Access(
        context=name,
        where=config.where,
        cluster=cluster,
        user=user,
        namespace=namespace or entry.namespace or "default",
    )


def in_cluster(settings: Settings) -> Access:
    """Resolve the service account of the pod this runs in.

    Raises:
        BackendError: This is no pod, or one without a service account's token.

    """
    folder = settings.service_account
    if not settings.in_cluster_url or not (folder / "token").exists():
        raise BackendError(
            f"Not in a cluster with a service account: {str(folder / 'token')!r} or"
            " KUBERNETES_SERVICE_HOST is missing; set --kubeconfig, or mount the token"
            " (automountServiceAccountToken)."
        )

    authority = folder / "ca.crt"
    return Access(
        context=IN_CLUSTER,
        where=f"service account in {folder}",
        cluster=ClusterEntry(
            server=settings.in_cluster_url,
            certificate_authority=str(authority) if authority.exists() else "",
        ),
        user=User(token_file=str(folder / "token")),
        namespace=settings.namespace or _own_namespace(folder) or "default",
    )


def stamps_of(paths: Iterable[str]) -> tuple[Stamp, ...]:
    """Return what tells whether files changed; a missing file has a stamp too."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: str) -> Stamp:
    try:
        found = Path(path).stat()
    except OSError:
        return (path, 0, 0)

    return (path, found.st_mtime_ns, found.st_ino)


def _files_of(access: Access) -> list[str]:
    """Name the files whose content decides the TLS of a connection; a token file is read anew."""
    user = access.user
    files = (access.cluster.certificate_authority, user.client_certificate, user.client_key)

    return [path for path in files if path]


def _own_namespace(folder: Path) -> str:
    try:
        return (folder / "namespace").read_text().strip()
    except OSError:
        return ""


def _entry(
    config: Kubeconfig, kind: str, name: str, entries: Mapping[str, EntryT], inside: str = ""
) -> EntryT:
    if name in entries:
        return entries[name]

    raise BackendError(
        f"{config.where} has no {kind} {name!r}{inside}; it has {_listed(entries)}."
        f"{did_you_mean(nearest(name, entries, n=2))}"
    )


def _listed(names: Mapping[str, object]) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:20])
    return shown or "none"
