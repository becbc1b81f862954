"""The contexts calls may choose, as the kubeconfig has them; no credentials."""

import re

import msgspec

from jamie_base.errors import BackendError
from jamie_kubernetes.client.access import Door, context_names
from jamie_kubernetes.client.kubeconfig import User
from jamie_kubernetes.settings import Settings

_USERINFO = re.compile(r"//[^/@]*@")


class Context(msgspec.Struct, frozen=True):
    """One context: where it leads, how we sign in there, and its own namespace."""

    name: str
    server: str
    sign_in: str = ""
    namespace: str = ""


def contexts_of(settings: Settings) -> list[Context]:
    """Return the contexts calls may choose, the default first; a broken one says what is wrong."""
    return [_context(settings, name) for name in context_names(settings)]


def _context(settings: Settings, name: str) -> Context:
    try:
        access = Door(settings, name).access()
    except BackendError as exc:
        return Context(name, str(exc))

    server = _USERINFO.sub("//", access.url)
    return Context(access.context, server, _sign_in(access.user), access.namespace)


def _sign_in(user: User) -> str:
    ways = {
        "plugin": user.exec_,
        "client certificate": user.client_certificate or user.client_certificate_data,
        "token": user.token or user.token_file or user.auth_provider,
        "user name": user.username,
    }
    way = next((name for name, given in ways.items() if given), "anonymous")
    return f"{way}, as {user.as_}" if user.as_ else way
