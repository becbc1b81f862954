"""Which keys hold a secret, and which values of such keys hold none after all."""

import re

from msgspec import Struct

HINTS = ("pass", "pwd", "secret", "token", "key", "credential", "authoriz", "cookie", "docker")
KEYWORD = re.compile(
    r"pass(?:word|wd|phrase|code)s?|(?<=[_.?&;\"'-])pass|pwd|secret|token|credentials?"
    r"|(?:api|access|account|private|secret|signing|encryption|master|shared)[ _.-]?key"
    r"|client[_-]?key[_-]?data|authorization|cookies?|dockerconfigjson|dockercfg"
)
_SUFFIX = re.compile(r"[\w.-]{0,64}+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A key that goes on with one of these speaks about a secret instead of holding it.
_ABOUT = _vocabulary(
    "name names ref refs reference policy policies path paths file files filename dir directory"
    " folder mount volume id ids uid type types kind ttl expiry expires expired expiration expire"
    " seconds minutes hours days duration interval timeout length len size bytes limit limits max"
    " min count counts counter total sum avg rate ratio bucket usage used quota number index"
    " endpoint uri host port enabled disabled required optional allowed supported mode version"
    " rotation rotated age created updated modified deleted at time timestamp date status state"
    " reason error errors message failed failures success valid invalid validity missing missed"
    " provider class store namespace manager controller operator review reviews request requests"
    " reviewer issuer audience scope scopes source format prefix algorithm alg regex pattern"
    " changed change reset strength cache cached json yaml yml toml txt log go py java kt rb js ts"
    " rs cc cpp php sh sql md html info present exists set found hint field header label"
    " signer verifier validator exchanger refresher rotator broker syncer service server worker"
)
# With one of these before it, a token is a place in a list, and a secret the name of an object.
_PLACED = _vocabulary("next prev previous page continue continuation pagination sync")
_OBJECT = _vocabulary("existing image pull tls")
_LEXED = ("unexpected", "illegal", "syntax")

# Values that say there is no secret here, or where it would come from.
_NO_SECRET = re.compile(
    r"true|false|null|none|nil|undefined|unset|empty|missing|expired|invalid|required|optional"
    r"|enabled|disabled|yes|no|masked|hidden|redacted|\[redacted\]|\*+|x{3,}|\.{3,}"
    r"|<[^>]{0,40}>|\$\{[\w.]+\}|\$\([\w.]+\)|\{\{[^{}]{0,80}\}\}",
    re.IGNORECASE,
)
# Words that follow `token: ` or `password: ` in a sentence about it.
_SPOKEN = _vocabulary(
    "a an the is was are has had not no of or and in for from to by with but"
    " token tokens credentials authorization authentication key keys signature"
    " expired expiry invalid missing unexpected unknown unable unauthorized unsupported incorrect"
    " wrong bad malformed required empty failed failure failing fail denied rejected refused"
    " revoked forbidden error errors rpc http https dial lookup read write get post put delete"
    " patch eof context connection timeout timed cannot could can can't couldn't did does must"
    " should verification validation jwt oidc oauth2 oauth tls x509 json crypto/rsa crypto status"
    " code request response server backend client open stat permission access not-found created"
    " updated deleted unchanged configured rotated refreshed renewed changed reset"
)
_STATUS_OR_URL = re.compile(r"[45]\d\d$|https?://")
# What follows the colon of an image: `token-cache:1.2-alpine`, `secret-agent:9f3c2ab`.
_VERSION = re.compile(r"v?\d+\.\d[\w.-]*|latest|stable")
_IMAGE = re.compile(r"image[\"']?[ ]?[:=]?[ ]?[\"']?(?:[^\s:]+:[\w.-]+ -> )?$", re.IGNORECASE)
_TAG = re.compile(r"[\w.-]{1,128}")
# A path in place of these is the way to one; elsewhere it may be the secret itself.
_OFTEN_PATHS = frozenset(["pwd", "private key", "private_key", "private-key", "privatekey"])
_LOOK_BACK = 200
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Key(Struct, frozen=True):
    """A key that names a secret: its key word, the letters before it, and where it stands."""

    word: str
    prefix: str
    start: int
    end: int


def names_secret(key: str) -> bool:
    """Tell whether a key such as `DB_PASSWORD` or `x-api-key` holds a secret."""
    return any(key_at(key, word) for word in KEYWORD.finditer(lowered(key)))


def lowered(text: str) -> str:
    """Lower the ASCII letters only, so that every place in the text stays where it is."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def key_end(text: str, word: re.Match[str]) -> int | None:
    """Give where the key ends, or None when the key word goes on as another: `tokens`."""
    end = word.end()
    following = text[end : end + 1]
    hump = following.isupper() and text[end - 1].islower()
    if following.isalpha() and not hump:
        return None

    suffix = _SUFFIX.match(text, end)
    return suffix.end() if suffix else end


def key_at(text: str, word: re.Match[str]) -> Key | None:
    """Read the key around a key word, or None when it only speaks about a secret."""
    end = key_end(text, word)
    if end is None or _ABOUT & _words(text[word.end() : end]):
        return None

    start = _key_start(text, word.start())
    prefix = text[start : word.start()]
    others = {"token": _PLACED, "secret": _OBJECT}.get(word[0], frozenset[str]())
    if others & _words(prefix) or text[max(0, start - 16) : start].rstrip().endswith(_LEXED):
        return None

    return Key(word[0], prefix, start, end)


def says_nothing(value: str) -> bool:
    """Tell whether a secret's value is none: empty, `null`, `expired`, `${DB_PASSWORD}`."""
    return not value or _NO_SECRET.fullmatch(value) is not None


def is_spoken(value: str) -> bool:
    """Tell whether a value is a word of a sentence about a secret: `token: signature is ...`."""
    plain = value.rstrip(".,:;!?").casefold()
    return plain in _SPOKEN or _STATUS_OR_URL.match(plain) is not None


def is_path(key: Key, value: str) -> bool:
    """Tell whether the value is the path to a key, or the working directory."""
    return key.word in _OFTEN_PATHS and value.startswith(("/", "./", "~/"))


def is_tag(text: str, key: Key, value: str) -> bool:
    """Tell whether a value is the tag of an image whose name speaks of secrets."""
    suffix = text[key.start + len(key.prefix) + len(key.word) : key.end]
    if not suffix.startswith("-"):
        return False
    if _VERSION.fullmatch(value):
        return True

    line = text[max(0, key.start - _LOOK_BACK) : key.start].rpartition("\n")[2]
    return _IMAGE.search(line) is not None and _TAG.fullmatch(value) is not None


def _key_start(text: str, start: int) -> int:
    furthest = max(0, start - 64)
    while start > furthest and (text[start - 1].isalnum() or text[start - 1] in "_.-/"):
        start -= 1

    return start


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}
