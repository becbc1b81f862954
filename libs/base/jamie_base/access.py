"""How we reach a backend over HTTP and how it knows us: TLS and credentials from settings."""

import ssl
from collections.abc import Generator
from pathlib import Path

import httpx

from jamie_base.errors import BackendError
from jamie_base.settings import HttpSource


def headers_of(source: HttpSource) -> dict[str, str]:
    """Return the headers every request to the source carries."""
    tenant = {"X-Scope-OrgID": source.tenant} if source.tenant else {}
    further = {name: value.get_secret_value() for name, value in source.headers.items()}

    return {**tenant, **further}


def auth_of(source: HttpSource) -> httpx.Auth | None:
    """Return what signs requests to the source, or nothing where it has no credentials."""
    if source.token_file:
        return TokenFile(source.token_file)

    if source.token:
        return Bearer(source.token.get_secret_value())

    if source.username is not None:
        password = source.password.get_secret_value() if source.password else ""
        return httpx.BasicAuth(source.username, password)

    return None


def tls_of(source: HttpSource) -> ssl.SSLContext:
    """Return the TLS context for the source.

    Raises:
        BackendError: A certificate file is missing or is not PEM.

    """
    try:
        context = ssl.create_default_context(cafile=source.ca_file)
        if source.client_cert:
            context.load_cert_chain(source.client_cert, source.client_key)
    except (OSError, ssl.SSLError) as exc:
        files = [file for file in (source.ca_file, source.client_cert, source.client_key) if file]
        named = ", ".join(str(file) for file in files)
        raise BackendError(f"Cannot use the TLS files {named}: {exc}.") from exc

    if not source.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

    return context


class Bearer(httpx.Auth):
    """A fixed bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Sign the request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class TokenFile(httpx.Auth):
    """A bearer token in a file that others rotate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._token = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Sign the request with what the file holds now.

        Raises:
            BackendError: The file cannot be read.

        """
        request.headers["Authorization"] = f"Bearer {self._current()}"
        yield request

    def _current(self) -> str:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._token = self._path.read_text().strip()
                self._read_at = changed_at
        except OSError as exc:
            raise BackendError(f"Cannot read the token file {str(self._path)!r}: {exc}.") from exc

        return self._token
