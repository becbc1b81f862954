"""Who we are to a cluster, fetched when needed and again when it no longer holds."""

import base64
import binascii
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from jamie_base.errors import BackendError, Denied
from jamie_base.flight import SingleFlight
from jamie_base.when import age
from jamie_kubernetes.client.access import Access
from jamie_kubernetes.client.kubeconfig import AuthProvider, User
from jamie_kubernetes.client.plugin import Issued, run_plugin
from jamie_kubernetes.client.tls import Certificate, certificate_of

LEEWAY_SECONDS = 10.0
"""How long before its end a credential is fetched again."""

Header = tuple[str, str]


class Credential(msgspec.Struct, frozen=True):
    """What a request carries: an Authorization header, or a client certificate, or neither."""

    authorization: str = ""
    certificate: Certificate | None = None

    def __repr__(self) -> str:
        return "Credential(...)"


class Credentials(Protocol):
    """Where a credential comes from."""

    async def current(self) -> Credential:
        """Return the credential to use now."""
        ...

    def refused(self, credential: Credential) -> bool:
        """Note a 401, and tell whether `current` may well give a better one."""
        ...


def credentials_of(access: Access, plugin_seconds: float) -> Credentials:
    """Choose how to be known to a cluster, in kubectl's order.

    Raises:
        BackendError: A certificate cannot be read, or the login is of a kind that is gone.

    """
    user = access.user
    if user.token_file:
        return TokenFile(Path(user.token_file), user.token)
    if user.token:
        return Fixed(Credential(f"Bearer {user.token}", certificate_of(user)))
    if user.username:
        return Fixed(Credential(_basic(user), certificate_of(user)))
    if user.exec_:
        return Plugin(access, plugin_seconds)
    if user.auth_provider:
        return Fixed(Credential(f"Bearer {_id_token(access, user.auth_provider)}"))

    return Fixed(Credential("", certificate_of(user)))


def impersonation_of(user: User) -> list[Header]:
    """Return the headers that act as somebody else, where the kubeconfig says so."""
    headers = [
        *([("Impersonate-User", user.as_)] if user.as_ else []),
        *([("Impersonate-Uid", user.as_uid)] if user.as_uid else []),
        *(("Impersonate-Group", group) for group in user.as_groups or ()),
    ]
    extra = [
        (f"Impersonate-Extra-{quote(key, safe='')}", value)
        for key, values in (user.as_user_extra or {}).items()
        for value in values
    ]
    return [*headers, *extra]


class Fixed:
    """A credential that stays as the kubeconfig has it."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def current(self) -> Credential:
        """Return it."""
        return self._credential

    def refused(self, credential: Credential) -> bool:
        """Tell that there is no other."""
        return False


class TokenFile:
    """A token in a file that others rotate; it is read for each request, it is small.

    When it cannot be read, what was read last still holds, as in kubectl.
    """

    def __init__(self, path: Path, fallback: str) -> None:
        self._path = path
        self._token = fallback

    async def current(self) -> Credential:
        """Return what the file holds now.

        Raises:
            BackendError: It was never readable, or is empty.

        """
        try:
            self._token = self._path.read_text().strip() or self._token
        except (OSError, UnicodeDecodeError) as exc:
            if not self._token:
                raise BackendError(
                    f"Cannot read the token file {str(self._path)!r}: {exc}."
                ) from exc

        if not self._token:
            raise BackendError(f"The token file {str(self._path)!r} is empty.")

        return Credential(f"Bearer {self._token}")

    def refused(self, credential: Credential) -> bool:
        """Tell whether the file has another token by now."""
        try:
            return credential.authorization != f"Bearer {self._path.read_text().strip()}"
        except (OSError, UnicodeDecodeError):
            return False


class Plugin:
    """What a credential plugin issues, kept until it expires or is refused."""

    def __init__(self, access: Access, seconds: float) -> None:
        self._access = access
        self._seconds = seconds
        self._kept: Credential | None = None
        self._until = float("inf")
        self._runs: SingleFlight[Credential] = SingleFlight()

    async def current(self) -> Credential:
        """Return what was issued last, or run the plugin; requests that wait share one run.

        Raises:
            BackendError: The plugin is missing, failed, hung or printed something else.

        """
        if self._kept and time.time() < self._until - LEEWAY_SECONDS:
            return self._kept

        return await self._runs.run("plugin", self._issue)

    def refused(self, credential: Credential) -> bool:
        """Forget what was refused, so that the plugin runs again."""
        if self._kept == credential:
            self._kept = None

        return True

    async def _issue(self) -> Credential:
        plugin = self._access.user.exec_
        assert plugin is not None
        issued = await run_plugin(plugin, self._access.cluster, self._seconds)
        self._until = _ends(issued)
        self._kept = Credential(
            f"Bearer {issued.token}" if issued.token else "", issued.certificate
        )

        return self._kept


def _ends(issued: Issued) -> float:
    return issued.expiration_timestamp.timestamp() if issued.expiration_timestamp else float("inf")


def _basic(user: User) -> str:
    pair = f"{user.username}:{user.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _id_token(access: Access, provider: AuthProvider) -> str:
    """Return the OIDC token of the kubeconfig.

    It is not refreshed here: many identity providers then void the refresh token that kubectl
    keeps, and the user would be logged out of their own terminal.
    """
    if provider.name != "oidc":
        raise BackendError(
            f"{access.where}: auth-provider {provider.name!r} was removed from Kubernetes clients;"
            " use its credential plugin (exec: gke-gcloud-auth-plugin, kubelogin, ...)."
        )

    token = str((provider.config or {}).get("id-token") or "")
    ended = time.time() - _expiry(token)
    if token and ended < 0:
        return token

    state = f"ended {age(ended)} ago" if token else "is missing"
    raise Denied(
        f"{access.where}: the OIDC token of context {access.context!r} {state}. Run"
        f" 'kubectl --context {access.context} get ns' once: kubectl renews it in the kubeconfig,"
        " which is read again when it changes."
    )


def _expiry(token: str) -> float:
    """Read the end of a JWT in epoch seconds; one that cannot be read does not end."""
    claims = _claims(token.split("."))
    ends = claims.get("exp")

    return float(ends) if isinstance(ends, (int, float)) else float("inf")


def _claims(parts: Sequence[str]) -> dict[str, Any]:
    if len(parts) != 3:
        return {}

    try:
        return msgspec.json.decode(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=dict[str, Any]
        )
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}
