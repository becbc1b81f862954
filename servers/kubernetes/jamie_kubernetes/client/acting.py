"""For whom a request is: ourselves, or the caller whose name and groups go with it."""

import httpx

from jamie_base.caller import ITSELF, caller_now
from jamie_base.errors import BackendError
from jamie_kubernetes.client.access import Access

Who = tuple[str, ...]
"""A user and their groups; empty: ourselves."""

_PREFIX = b"impersonate-"


def who_acts(*, impersonate: bool) -> Who:
    """Return for whom what is done now is done at the API server.

    Raises:
        BackendError: It is to be done for a caller, and there is none.

    """
    if not impersonate:
        return ()

    caller = caller_now()
    if caller == ITSELF:
        return ()
    if caller is None or not caller.user:
        raise BackendError(
            "This server acts as its callers (--impersonate), and this call came without a token."
        )

    return (caller.user, *caller.groups)


def act_as(who: Who, access: Access, request: httpx.Request) -> None:
    """Let a request act as somebody, also when it is sent again.

    Raises:
        BackendError: The kubeconfig acts as somebody else already.

    """
    if not who:
        return
    if access.user.as_:
        raise BackendError(
            f"{access.where}: the user of context {access.context!r} acts as {access.user.as_!r},"
            " so this server cannot act as its callers (--impersonate) there."
        )

    user, *groups = who
    named = [("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups)]
    others = [pair for pair in request.headers.raw if not pair[0].lower().startswith(_PREFIX)]
    ours = [(name.encode(), value.encode()) for name, value in named]
    request.headers = httpx.Headers([*others, *ours])
