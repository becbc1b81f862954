"""Kubeconfig files: read, typed and merged the way kubectl merges them.

The official client reads each file; merging is ours, because of several files it takes the last
`current-context` where kubectl takes the first, which would be another cluster than the user's
terminal talks to. Past parsing it acts while it reads (plugins, temporary files, logins), so it
goes no further here. Importing it takes 550 modules: at start, where only the names of contexts are
wanted, the files are read without it.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml

from jamie_base.errors import BackendError

InteractiveMode = Literal["Never", "IfAvailable", "Always"]


class ExecEnv(msgspec.Struct, frozen=True):
    """A variable for a credential plugin."""

    name: str
    value: str


class Exec(msgspec.Struct, frozen=True, rename="camel"):
    """A command that prints credentials."""

    command: Annotated[str, msgspec.Meta(min_length=1)]
    api_version: str
    args: tuple[str, ...] | None = None
    env: tuple[ExecEnv, ...] | None = None
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: InteractiveMode = "IfAvailable"


class AuthProvider(msgspec.Struct, frozen=True):
    """The older way to log in, of which only `oidc` is left."""

    name: str
    config: dict[str, Any] | None = None


class User(msgspec.Struct, frozen=True, rename="kebab", omit_defaults=True):
    """Who we are to a cluster."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    as_: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: tuple[str, ...] | None = None
    as_user_extra: dict[str, tuple[str, ...]] | None = None
    auth_provider: AuthProvider | None = None
    exec_: Exec | None = msgspec.field(default=None, name="exec")


class Extension(msgspec.Struct, frozen=True):
    """What a distribution adds for its plugin."""

    name: str
    extension: Any = None


class ClusterEntry(msgspec.Struct, frozen=True, rename="kebab", omit_defaults=True):
    """Where a cluster is and how to trust it."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    extensions: tuple[Extension, ...] | None = None


class ContextEntry(msgspec.Struct, frozen=True):
    """A cluster, a user and a namespace under one name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: ClusterEntry = ClusterEntry()


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: User | None = None


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: ContextEntry = ContextEntry()


class _File(msgspec.Struct, frozen=True):
    clusters: tuple[_NamedCluster, ...] | None = None
    users: tuple[_NamedUser, ...] | None = None
    contexts: tuple[_NamedContext, ...] | None = None
    current_context: str | None = msgspec.field(default="", name="current-context")


class Kubeconfig(msgspec.Struct, frozen=True):
    """All files merged: the first to name something wins, as in kubectl.

    `files` were read, in order; paths inside the entries are absolute.
    """

    files: tuple[str, ...]
    current: str = ""
    contexts: Mapping[str, ContextEntry] = {}
    clusters: Mapping[str, ClusterEntry] = {}
    users: Mapping[str, User] = {}

    @property
    def where(self) -> str:
        """Return the files, as errors name them."""
        return "kubeconfig " + os.pathsep.join(self.files)


Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

EntryT = TypeVar("EntryT")

Parse = Callable[[Path], object]


def quickly(path: Path) -> object:
    """Read a file's YAML with what is loaded already."""
    return yaml.load(path.read_bytes(), Loader=Loader)


def by_client(path: Path) -> object:
    """Read a file with the official client."""
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import KubeConfigMerger

    try:
        merger: Any = KubeConfigMerger(str(path))
        return merger.config_files[str(path)]
    except (ConfigException, AttributeError, KeyError, TypeError):
        # It takes a well-formed file for granted; the types below say what is wrong with this one.
        return quickly(path)


def read_kubeconfig(paths: Sequence[Path], parse: Parse = quickly) -> Kubeconfig | None:
    """Read and merge the files that exist; None when none of them does.

    Raises:
        BackendError: A file cannot be read, or is no kubeconfig.

    """
    found = [path for path in paths if path.exists()]
    if not found:
        return None

    read = [_absolute(_read(path, parse), path.parent) for path in found]
    return Kubeconfig(
        files=tuple(str(path) for path in found),
        current=next((one.current_context for one in read if one.current_context), ""),
        contexts=_first([{one.name: one.context for one in file.contexts or ()} for file in read]),
        clusters=_first([{one.name: one.cluster for one in file.clusters or ()} for file in read]),
        users=_first([{one.name: one.user or User() for one in file.users or ()} for file in read]),
    )


def _first(mappings: Sequence[Mapping[str, EntryT]]) -> dict[str, EntryT]:
    merged: dict[str, EntryT] = {}
    for mapping in reversed(mappings):
        merged |= mapping

    ordered = dict.fromkeys(name for mapping in mappings for name in mapping)
    return {name: merged[name] for name in ordered}


def _read(path: Path, parse: Parse) -> _File:
    try:
        file = msgspec.convert(parse(path) or {}, _File)
    except OSError as exc:
        raise BackendError(f"Cannot read kubeconfig {str(path)!r}: {exc.strerror or exc}.") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise BackendError(f"kubeconfig {str(path)!r} is not YAML: {_problem(exc)}.") from exc
    except msgspec.ValidationError as exc:
        raise BackendError(f"kubeconfig {str(path)!r} is malformed: {exc}.") from exc

    _refuse_twins(path, file)
    return file


def _problem(error: Exception) -> str:
    """Say what is wrong and where, without quoting the file: the line may hold a token."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or type(error).__name__
    return f"{what}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(what)


def _refuse_twins(path: Path, file: _File) -> None:
    for kind in ("contexts", "clusters", "users"):
        names = [one.name for one in getattr(file, kind) or ()]
        if twin := next((name for name in names if names.count(name) > 1), None):
            raise BackendError(f"kubeconfig {str(path)!r} has two {kind} named {twin!r}.")


def _absolute(file: _File, folder: Path) -> _File:
    """Resolve paths against the folder of the file that names them."""

    def here(path: str) -> str:
        return str((folder / path).absolute()) if path else ""

    clusters = [
        msgspec.structs.replace(
            one,
            cluster=msgspec.structs.replace(
                one.cluster, certificate_authority=here(one.cluster.certificate_authority)
            ),
        )
        for one in file.clusters or ()
    ]
    users = [
        msgspec.structs.replace(one, user=_absolute_user(one.user, folder))
        for one in file.users or ()
    ]
    return msgspec.structs.replace(file, clusters=tuple(clusters), users=tuple(users))


def _absolute_user(user: User | None, folder: Path) -> User | None:
    if user is None:
        return None

    paths = {
        name: str((folder / value).absolute())
        for name in ("client_certificate", "client_key", "token_file")
        if (value := getattr(user, name))
    }
    plugin = user.exec_
    if plugin and os.path.dirname(plugin.command):  # noqa: PTH120  # "./x" is not Path("x")
        paths_command = str((folder / plugin.command).absolute())
        plugin = msgspec.structs.replace(plugin, command=paths_command)

    return msgspec.structs.replace(user, **paths, exec_=plugin)
