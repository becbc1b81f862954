"""One API server reached with one credential: requests, and its refusals in its own words."""

import json
import re
from collections.abc import Generator, Sequence
from importlib.metadata import version
from ssl import SSLContext
from typing import ClassVar, TypeVar

import httpx
import msgspec

from jamie_base.backend import CONNECT_SECONDS, HttpBackend
from jamie_base.errors import UNREADABLE, BackendError, Denied, NotFound, NotReached
from jamie_base.reply import ACCEPT_ENCODING
from jamie_base.settings import HttpSource
from jamie_kubernetes.client.access import Access
from jamie_kubernetes.client.acting import act_as, who_acts
from jamie_kubernetes.client.credentials import Credential, impersonation_of
from jamie_kubernetes.client.decoding import leniently
from jamie_kubernetes.client.status import ApiStatus
from jamie_kubernetes.client.terms import Terms
from jamie_kubernetes.client.tls import tls_context

T = TypeVar("T")

_REPEATED = re.compile(r'Invalid value: "\{.*\}": ', re.DOTALL)
_BARE = re.compile(r"Invalid value: (?=\{)")


class Claim(msgspec.Struct, frozen=True):
    """A field that belongs to somebody else, and what the server says about that."""

    field: str
    owner: str


class Unauthorised(Denied):
    """The credential is not accepted (401); another one may be."""


class CannotImpersonate(Unauthorised):
    """We may not act as our caller; nothing else would go better."""


class NoWayIn(Unauthorised):
    """The kubeconfig leads nowhere: no credential, certificate or proxy that can be used."""


class Expired(NotFound):
    """A list cannot go on where it stopped (410)."""


class Conflict(BackendError):
    """The object is another or newer than the one that was looked at (409)."""


class Claimed(BackendError):
    """Fields to be applied belong to others (409); `claims` names each and its owner."""

    def __init__(self, message: str, claims: Sequence[Claim]) -> None:
        super().__init__(message)
        self.claims = tuple(claims)


_GRANT_IT = (
    "This server acts as its callers (--impersonate): its own credentials need the verb impersonate"
    " on these users and groups."
)
_BY_STATUS = {401: Unauthorised, 409: Conflict, 410: Expired}


class ApiServer(HttpBackend):
    """An API server, as one credential sees it."""

    kind: ClassVar[str] = "Kubernetes"

    def __init__(self, access: Access, credential: Credential, terms: Terms) -> None:
        source = HttpSource(url=access.url, timeout=terms.seconds)
        super().__init__(source, name=access.context, auth=_Signed(access, credential, terms))
        self._access = access
        self._terms = terms
        self.credential = credential
        self.users = 0

    @property
    def who(self) -> str:
        """Return how errors name this server."""
        proxy = self._access.cluster.proxy_url.rpartition("@")[2].rpartition("//")[2]
        by = f" (by proxy {proxy})" if proxy else ""
        return f"{self.kind} {self._access.context!r} at {self.url}{by}"

    def parse(self, body: bytes, answer: type[T]) -> T:
        """Read a body of JSON, nulls as if they were left out."""
        return leniently(body, answer)

    def reason(self, reply: httpx.Response, body: bytes) -> str:
        """Find the API server's words in a Status, or the failed checks in a health report."""
        try:
            status = msgspec.json.decode(body, type=ApiStatus)
        except UNREADABLE:
            return _failed_checks(body) or super().reason(reply, body)

        return _brief(_whole(status)) or status.reason or super().reason(reply, body)

    def heard(self, reply: httpx.Response, sent: float, received: float) -> None:
        """Compare the clocks; the answer that is being made says how far they are apart."""
        clock = self._terms.clock
        clock.heard(reply.headers.get("date", ""), sent, received)
        clock.say()

    def tls(self) -> SSLContext:
        """Return the TLS context of the kubeconfig's cluster and our certificate."""
        return tls_context(self._access.cluster, self.credential.certificate)

    def _connect(self) -> httpx.AsyncClient:
        cluster = self._access.cluster
        try:
            return httpx.AsyncClient(
                base_url=self._access.url,
                auth=self._auth,
                headers=[
                    ("Accept", "application/json"),
                    ("Accept-Encoding", ACCEPT_ENCODING),
                    ("User-Agent", f"jamie-kubernetes/{version('jamie-kubernetes')}"),
                    *impersonation_of(self._access.user),
                ],
                verify=self.tls(),
                proxy=cluster.proxy_url or None,
                timeout=httpx.Timeout(self._source.timeout, connect=CONNECT_SECONDS),
            )
        except BackendError as exc:
            raise NoWayIn(str(exc)) from exc
        except (httpx.InvalidURL, ValueError, ImportError) as exc:
            raise NoWayIn(
                f"{self._access.where}: the server or proxy-url of context"
                f" {self._access.context!r} cannot be used: {str(exc).rstrip('.')}."
            ) from exc

    def _failed(self, error: httpx.HTTPError | httpx.StreamError, seconds: float) -> Exception:
        if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
            ours = NotReached(
                f"{self.who}: its certificate is not trusted ({error}); see certificate-authority"
                f" and tls-server-name in {self._access.where}."
            )
            ours.__cause__ = error
            return ours

        return super()._failed(error, seconds)

    def _refusal(self, reply: httpx.Response, body: bytes) -> BackendError:
        error = super()._refusal(reply, body)
        if reply.status_code == 409 and (claims := _claims(body)):
            return Claimed(str(error), claims)

        acts = self._terms.impersonate and reply.status_code == 403
        # Newer servers say `cannot impersonate-on:user-info:list`.
        if acts and "cannot impersonate" in str(error):
            return CannotImpersonate(f"{error} {_GRANT_IT}")

        kind = _BY_STATUS.get(reply.status_code)
        return kind(str(error)) if kind else error


class _Signed(httpx.Auth):
    """Adds who we are or act as, and the name the server's certificate is for when it is another.

    Whatever is sent passes here, and goes no further when it is off limits.
    """

    def __init__(self, access: Access, credential: Credential, terms: Terms) -> None:
        self._access = access
        self._base = httpx.URL(access.url).raw_path.decode().rstrip("/")
        self._authorization = credential.authorization
        self._terms = terms

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        self._terms.fence.check(request, self._base)
        if self._authorization:
            request.headers["Authorization"] = self._authorization
        act_as(who_acts(impersonate=self._terms.impersonate), self._access, request)
        if name := self._access.cluster.tls_server_name:
            request.extensions["sni_hostname"] = name
        yield request


def _whole(status: ApiStatus) -> str:
    """Return the words of a refusal, with those that name the budget that forbids an eviction."""
    causes = status.details.causes if status.details else ()
    budgets = [one.message for one in causes if one.reason == "DisruptionBudget"]

    return " ".join([status.message, *budgets])


def _brief(message: str) -> str:
    """Leave out the object a refusal repeats whole: it hides the reason, and may hold secrets."""
    text = _REPEATED.sub("", message)
    while found := _BARE.search(text):
        text = text[: found.start()] + _after_object(text[found.end() :])

    return text


def _after_object(text: str) -> str:
    """Return what stands after the object a text begins with; nothing where it is cut open."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return "(an object)"

    return text[end:].removeprefix(": ")


def _claims(body: bytes) -> list[Claim]:
    try:
        details = msgspec.json.decode(body, type=ApiStatus).details
    except UNREADABLE:
        return []

    return [
        Claim(one.field.removeprefix("."), one.message.removeprefix("conflict with "))
        for one in (details.causes if details else ())
        if one.reason == "FieldManagerConflict"
    ]


def _failed_checks(body: bytes) -> str:
    lines = body.decode(errors="replace").splitlines()
    failed = [line.removeprefix("[-]") for line in lines if line.startswith("[-]")]

    return "; ".join(failed)
