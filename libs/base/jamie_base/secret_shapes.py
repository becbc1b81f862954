"""Secrets known by their shape: private keys, tokens with a prefix, passwords in URLs.

Every pattern begins with a literal and consumes what it scans, so that the time to search a text
grows with its length, whatever it holds.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from msgspec import Struct


class Found(Struct, frozen=True):
    """Where a secret stands in a text, and the secret itself, free of the text's escapes."""

    start: int
    end: int
    secret: str


class Shape(Struct, frozen=True):
    """A pattern whose group `secret` is one if accepted, tried only on texts with the hint."""

    hint: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = lambda _: True
    read: Callable[[str], str] = str


_BASE64 = r"[A-Za-z0-9+/_=-]"
_END = r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PEM = re.compile(
    r"(?P<secret>-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:(?:(?!-----)[^\"'`])*+{_END}|(?:(?:\s|\\+[nr])*+[A-Za-z0-9+/=]{{16,}})*+))"
)

# What a token begins with, and what follows it; from the vendors' own scanners' documentation.
_PREFIXES = {
    "AKIA": r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ASIA": r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ABIA": r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    "ghp_": r"[A-Za-z0-9]{20,}",
    "gho_": r"[A-Za-z0-9]{20,}",
    "ghu_": r"[A-Za-z0-9]{20,}",
    "ghs_": r"\w{20,}",
    "ghr_": r"[A-Za-z0-9]{20,}",
    "github_pat_": r"\w{20,}",
    "glpat-": r"[\w-]{20,}(?:\.[\w-]+)*",
    "gldt-": r"[\w-]{20,}",
    "glrt-": r"[\w-]{20,}(?:\.[\w-]+)*",
    "glcbt-": r"[\w-]{20,}",
    "glptt-": r"[\w-]{20,}",
    "glagent-": r"[\w-]{20,}",
    "gloas-": r"[\w-]{20,}",
    "glsoat-": r"[\w-]{20,}",
    "xoxa-": r"[\w-]{10,}",
    "xoxb-": r"[\w-]{10,}",
    "xoxe-": r"[\w-]{10,}",
    "xoxe.": r"[\w.-]{10,}",
    "xoxp-": r"[\w-]{10,}",
    "xoxr-": r"[\w-]{10,}",
    "xoxs-": r"[\w-]{10,}",
    "xapp-": r"[\w-]{10,}",
    "AIza": r"[\w-]{35}",
    "ya29.": r"[\w-]{20,}",
    "GOCSPX-": r"[\w-]{20,}",
    "sk_live_": r"[A-Za-z0-9]{10,}",
    "sk_test_": r"[A-Za-z0-9]{10,}",
    "rk_live_": r"[A-Za-z0-9]{10,}",
    "rk_test_": r"[A-Za-z0-9]{10,}",
    "whsec_": r"[A-Za-z0-9+/=]{16,}",
    "npm_": r"[A-Za-z0-9]{36,}",
    "pypi-AgE": r"[\w-]{40,}",
    "sk-": r"(?:(?:proj|svcacct|admin|ant|or)-[\w-]{16,}|[A-Za-z0-9]{20,}(?![\w-]))",
    "hvs.": r"[\w-]{20,}",
    "hvb.": r"[\w-]{20,}",
    "hf_": r"[A-Za-z0-9]{30,}",
    "glsa_": r"[A-Za-z0-9]{20,}_[a-f0-9]{8}",
    "glc_": rf"{_BASE64}{{30,}}",
    "dckr_pat_": r"[\w-]{20,}",
    "dop_v1_": r"[a-f0-9]{60,}",
    "SG.": r"[\w-]{16,}\.[\w-]{30,}",
    "shpat_": r"[a-fA-F0-9]{32}",
    "tskey-": r"[\w-]{16,}",
    "NRAK-": r"[A-Z0-9]{20,}",
    "AGE-SECRET-KEY-1": r"[A-Z0-9]{50,}",
    "LS0tLS1CRUdJTi": rf"(?!BDRVJ|BQVUJM){_BASE64}{{20,}}",  # a private key in base64
    "eyJ": r"[\w-]{5,}+\.[\w-]{5,}+\.[\w-]*+",
}


_URL_PASSWORD = re.compile(
    # A port is no password. A password may hold an @ or a slash, but never the next URL.
    r"://[^\s/?#:@\"'<>\\]*+:(?<!\[redacted:)(?!//|\d{1,5}(?:[/?#\s,;\"'\\]|$))"
    r"(?P<secret>(?:(?!://)[^\s@\"'<>\\])++(?:@[^\s@/\"'<>\\,]++(?=@))*+)@"
)
# Texts are shortened before they are redacted: of a URL cut there the @ is gone.
_CUT_URL_PASSWORD = re.compile(
    r"://[^\s/?#:@\"'<>\\]{0,256}:(?<!\[redacted:)(?!\d{1,5}…)"
    r"(?P<secret>[^\s/?#@\"'<>\\…]{1,256})(?=…)"
)
_DRIVER_PASSWORD = re.compile(
    r":(?<!\[redacted:)(?P<secret>[^\s:@/\"'<>\\]++(?:@[^\s:@/\"'<>\\(]++(?=@))*+)@(?:tcp|unix)\("
)
_CURL_PASSWORD = re.compile(
    r"-u(?:ser)?[ =]{1,4}[\"']?[^\s:\"'\\]{1,256}:(?<!\[redacted:)(?P<secret>[^\s\"'\\]+)"
)
_BEARER = re.compile(
    r"[Bb](?:earer|EARER)\s{1,4}(?P<secret>(?=[\w.~+/-]{0,512}\d)[\w.~+/-]{8,}+={0,2})(?![\w=\[])"
)
_BASIC = re.compile(r"[Bb](?:asic|ASIC)(?=\s{1,4}(?P<secret>[A-Za-z0-9+/]{4,}={0,2}))")
_DOCKER_AUTH = re.compile(
    r"auth(?P<quote>\\{0,15}\")\s{0,8}:\s{0,8}(?P=quote)(?P<secret>[\w+/=-]{4,})"
)
_SLACK_HOOK = re.compile(r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{8,})")
_DISCORD_HOOK = re.compile(r"/api/webhooks/\d{1,32}/(?P<secret>[\w-]{16,})")
_SIGNED_URL = re.compile(
    r"[?&;](?:sig|[Ss]ignature|[Xx]-(?:[Aa]mz|[Gg]oog)-[Ss]ignature)=(?P<secret>[^\s&;\"'<>\\]++)"
)


def private_keys(text: str) -> Iterator[Found]:
    """Find private keys in PEM, also where their newlines are written as escapes."""
    if "PRIVATE KEY" not in text:
        return

    for match in _PEM.finditer(text):
        body = re.sub(r"\\+[nr]", "", match[0])
        yield Found(match.start(), match.end(), "".join(body.split()))


def shaped(text: str) -> Iterator[Found]:
    """Find what is secret by its shape alone, in the order it stands in the text."""
    found = [each for shape in SHAPES if shape.hint in text for each in _found(shape, text)]
    reached = 0
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if each.start >= reached:
            reached = each.end
            yield each


def _found(shape: Shape, text: str) -> Iterator[Found]:
    for match in shape.pattern.finditer(text):
        if shape.accepts(match["secret"]):
            yield Found(*match.span("secret"), shape.read(match["secret"]))


def _holds_colon(encoded: str) -> bool:
    """Tell whether base64 hides `user:password`, as basic authentication and docker have it."""
    try:
        return b":" in base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        return False


def _token(prefix: str, rest: str) -> Shape:
    # The look-behind comes second: a leading literal is what makes the search fast.
    literal = re.escape(prefix)
    # What is left of a token where a text was cut is too short for its own pattern.
    whole_or_cut = rf"(?:{rest}|[\w+/=.-]{{3,80}}(?=…))"
    return Shape(
        prefix, re.compile(rf"(?P<secret>{literal}(?<![A-Za-z0-9]{literal}){whole_or_cut})")
    )


SHAPES = (
    *(_token(prefix, rest) for prefix, rest in _PREFIXES.items()),
    Shape("@", _URL_PASSWORD, read=unquote),
    Shape("…", _CUT_URL_PASSWORD),
    Shape("@tcp(", _DRIVER_PASSWORD),
    Shape("@unix(", _DRIVER_PASSWORD),
    Shape("curl", _CURL_PASSWORD),
    Shape("earer", _BEARER),
    Shape("EARER", _BEARER),
    Shape("asic", _BASIC, accepts=_holds_colon),
    Shape("ASIC", _BASIC, accepts=_holds_colon),
    Shape("auth", _DOCKER_AUTH, accepts=_holds_colon),
    Shape("hooks.slack.com", _SLACK_HOOK),
    Shape("/api/webhooks/", _DISCORD_HOOK),
    Shape("ig", _SIGNED_URL),
)
