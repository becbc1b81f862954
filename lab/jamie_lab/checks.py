"""Readiness checks: whether a loopback address answers as it should."""

import ssl

import httpx

from jamie_lab.processes import Check


def answers(url: str) -> Check:
    """Make a check that is true once a GET of the URL succeeds."""

    async def check() -> bool:
        try:
            async with httpx.AsyncClient(verify=_anyone(), timeout=2, trust_env=False) as http:
                return (await http.get(url)).is_success
        except httpx.TransportError:
            return False

    return check


def _anyone() -> ssl.SSLContext:
    # The components sign their own serving certificates, and we only ask whether they live.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    return context
