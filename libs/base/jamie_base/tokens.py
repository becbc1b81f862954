"""Named, scoped bearer tokens: who calls over HTTP, and what the call may do."""

import hashlib
import hmac
from collections.abc import Mapping

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jamie_base.caller import STATE_KEY, Caller
from jamie_base.settings import Token

OPEN_PATHS = ("/healthz", "/readyz", "/.well-known/")
"""Answered without a token; the last so that clients that look for OAuth learn there is none."""


class TokenGate:
    """Lets requests with a known token through and leaves their caller in the request's state."""

    def __init__(self, app: ASGIApp, tokens: Mapping[str, Token]) -> None:
        self._app = app
        self._inside = AuthContextMiddleware(app)
        self._callers = [
            (_digest(token.token.get_secret_value()), _bearer_of(name, token))
            for name, token in tokens.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or hand the request on with its caller."""
        if scope["type"] != "http" or scope["path"].startswith(OPEN_PATHS):
            return await self._app(scope, receive, send)

        given = _bearer(Headers(scope=scope))
        caller = self._caller(given)
        if caller is None:
            return await _refusal(given)(scope, receive, send)

        return await self._inside(_signed(scope, caller), receive, send)

    def _caller(self, given: str) -> Caller | None:
        # Every token is compared, digest with digest, so that time tells nothing about them.
        digest = _digest(given)
        found = [caller for own, caller in self._callers if hmac.compare_digest(own, digest)]

        return found[0] if given and found else None


def _bearer_of(name: str, token: Token) -> Caller:
    return Caller(name, token.scope, token.user or name, token.groups)


def _signed(scope: Scope, caller: Caller) -> Scope:
    """Return the scope with its caller; the SDK binds sessions to the user it finds there."""
    user = AuthenticatedUser(
        AccessToken(token=caller.name, client_id=caller.name, scopes=[caller.scope])
    )

    return {**scope, "user": user, "state": {**scope.get("state", {}), STATE_KEY: caller}}


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")

    return token.strip() if kind.lower() == "bearer" else ""


def _refusal(given: str) -> JSONResponse:
    challenge = 'Bearer error="invalid_token"' if given else "Bearer"
    advice = "This token is not known here." if given else "Send Authorization: Bearer <token>."

    return JSONResponse(
        {"error": "unauthorized", "advice": advice},
        status_code=401,
        headers={"WWW-Authenticate": challenge},
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
