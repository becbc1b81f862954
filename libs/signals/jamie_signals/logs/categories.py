"""What kind of trouble a line tells of: a table, most specific first."""

import re
from collections.abc import Mapping
from functools import cache

import msgspec

from jamie_signals.logs.levels import Level


class Category(msgspec.Struct, frozen=True):
    """A kind of trouble: a key for programs, a heading, and words for one and for many."""

    key: str
    label: str
    singular: str
    plural: str

    def counted(self, n: int) -> str:
        """Say how many, `12 authentication timeouts`."""
        return f"{n:,} {self.singular if n == 1 else self.plural}"


_AUTH = (
    r"(?:\bauth(?:entica\w*|ori[sz]\w*|[nz])?(?:\b|_)|\blog-?ins?\b|\bsign-?in\b|identity"
    r"|\bidp\b|\boidc\b|\bsaml\b|\bldap\b|\bsso\b"
    r"|\boauth2?\b|\btoken\b|\bcredentials?\b|keycloak|kerberos|\bjwks?\b)"
)
_TIMEOUT = (
    r"(?:timed?[ -]?out\w*+(?!\s*(?:[=:]|(?:is )?set to)\s*\d)|deadline[ _]?exceeded|ETIMEDOUT"
    r"|took too long"
    r"|read timeout|TimeoutException)"
)
_DATABASE = (
    r"(?:\bdatabase\b|\bdb\b|postgres\w*|\bpsql\b|\bpgbouncer\b|\bpg_?pool\b|mysql\w*|mariadb"
    r"|mongo\w*|redis"
    r"|cassandra|\bjdbc\b|hikari\w*|sqlalchemy|\bodbc\b|oracle|\bsql ?server\b|cockroach\w*"
    r"|:5432\b|:3306\b"
    r"|:6379\b|:27017\b)"
)
_CONNECTION = (
    r"(?:connect(?:ion|ing|ed)?\b|\bpool\b|ECONN\w+|unreachable|server closed|too many clients"
    r"|no route to host|dial tcp|broken pipe|could not translate host)"
)
_TROUBLE = (
    r"(?:fail\w*|error|refused|reset|lost|clos\w+|unable|cannot|could ?n[o']t|can't|terminat\w+"
    r"|exhaust\w*"
    r"|timed? ?-?out\w*|unavailable|broken|drop\w*|unreachable|no route|too many|abort\w*|exceed\w*"
    r"|ECONN\w+|not available|deadline|rejected)"
)


def _near(*parts: str, within: int = 120) -> str:
    """Match all parts in any order; a lookahead each keeps it linear."""
    return "".join(rf"(?=.{{0,{within * 8}}}?{part})" for part in parts)


# key, heading, one, many, pattern
_TABLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("out_of_memory", "out of memory", "out-of-memory error", "out-of-memory errors",
     r"\bOOM(?:Kill\w*)?\b|out of memory|OutOfMemory\w*|cannot allocate memory|ENOMEM"
     r"|heap out of memory|memory limit exceeded|MemoryError\b|allocation failed - java"),
    ("disk_full", "disk full", "disk-full error", "disk-full errors",
     r"no space left on device|ENOSPC|disk (?:is )?full|disk quota exceeded|filesystem (?:is )?full"
     r"|DiskPressure|out of disk(?: space)?|insufficient (?:disk|storage)"),
    ("authentication_timeout", "authentication timeouts", "authentication timeout",
     "authentication timeouts", "^" + _near(_AUTH, _TIMEOUT)),
    ("database_connection", "database connection", "database connection error",
     "database connection errors", "^" + _near(_DATABASE, _CONNECTION, _TROUBLE)
     + r"|remaining connection slots are reserved|sorry, too many clients already"),
    ("database_deadlock", "database deadlocks", "database deadlock", "database deadlocks",
     r"\bdeadlock (?:found|detected|victim)|deadlocked on lock|lock wait timeout exceeded"),
    ("rate_limit", "rate limiting", "rate-limited request", "rate-limited requests",
     r"rate[ _-]?limit\w*|too many requests|\bthrottl\w+|\bHTTP[ /\d.]*429\b"
     r"|\b(?:status|code|response|returned|answered|got)\W{1,3}(?:code\W{1,3})?429\b"
     r"|RESOURCE_EXHAUSTED|slow ?down\b.{0,20}request"),
    ("dns", "name resolution", "name resolution failure", "name resolution failures",
     r"no such host|name resolution|ENOTFOUND|EAI_AGAIN|getaddrinfo|NXDOMAIN|UnknownHost\w*"
     r"|name or service not known|could ?n[o']t resolve (?:host|name)|SERVFAIL"
     r"|could not translate host"
     r"|dns (?:lookup|resolution|query|error|timeout)|nodename nor servname"),
    ("tls", "TLS", "TLS failure", "TLS failures",
     r"x509|certificate (?:has expired|verify failed|signed by|is not|required|unknown|validation)"
     r"|\b(?:tls|ssl)\b.{0,40}(?:handshake|error|fail\w*|alert|expired|unknown)|SSLHandshake\w*"
     r"|SSLError"
     r"|CERTIFICATE_VERIFY_FAILED|PKIX path|ERR_TLS\w*|SSL routines|self.signed certificate"
     r"|certificate expired|expired certificate"),
    ("quota", "quota", "exceeded quota", "exceeded quotas",
     r"exceeded quota|quota (?:\w+ ){0,3}exceed\w*|over quota|QuotaExceeded|insufficient quota"
     r"|limit ?exceeded exception|LimitExceeded"),
    ("connection_refused", "connections refused", "refused connection", "refused connections",
     r"connection refused|ECONNREFUSED|actively refused|connect(?:ion)? (?:was )?refused"
     r"|refused (?:the )?connection"),
    ("connection_reset", "connections lost", "lost connection", "lost connections",
     r"connection (?:was )?(?:forcibly )?(?:reset|aborted|lost|closed (?:by|unexpectedly))"
     r"|ECONNRESET|ECONNABORTED|EPIPE|broken pipe|unexpected EOF|socket hang up"
     r"|server closed the connection|peer closed connection|lost connection"
     r"|upstream prematurely closed"),
    ("host_unreachable", "unreachable hosts", "unreachable host", "unreachable hosts",
     r"no route to host|EHOSTUNREACH|ENETUNREACH|(?:host|network) is unreachable"),
    ("sql", "SQL", "SQL error", "SQL errors",
     r"\bSQLSTATE\b|SQL(?:Syntax|Integrity\w*)?(?:Error|Exception)\b|syntax error at or near"
     r"|duplicate key value|violates \S+(?: \S+)? constraint|ORA-\d{5}|psycopg2?\.\w*Error"
     r"|relation \S+ does not exist|column \S+ does not exist|unknown column|UniqueViolation"
     r"|IntegrityError|OperationalError|ProgrammingError"),
    ("timeout", "timeouts", "timeout", "timeouts", _TIMEOUT),
    ("permission_denied", "permission denied", "permission refusal", "permission refusals",
     r"permission denied|access (?:is )?denied|forbidden|not (?:allowed|authori[sz]ed|permitted)"
     r"|insufficient (?:permissions?|privileges?|scope)|AccessDenied\w*|\bEACCES\b|\bEPERM\b"
     r"|PermissionError"
     r"|PERMISSION_DENIED|operation not permitted|\b(?:status|code)\W{1,3}403\b"),
    ("authentication", "failed sign-ins", "failed sign-in", "failed sign-ins",
     r"authentication fail\w*|fail\w* (?:to )?(?:authenticat\w*|password|log ?in)|unauthori[sz]ed"
     r"|UNAUTHENTICATED|invalid (?:credentials?|password|token|api[ _-]?key|signature|user)"
     r"|bad credentials"
     r"|(?:token|session|jwt) (?:has |is )?expired|expired token|login failed|password mismatch"
     r"|\b(?:status|code)\W{1,3}401\b"),
    ("circuit_breaker", "open circuit breakers", "open circuit breaker", "open circuit breakers",
     r"circuit ?-?breaker (?:is )?open|circuit (?:is )?open|CircuitBreakerOpen\w*|CallNotPermitted"
     r"|no healthy upstream|upstream (?:is )?unhealthy"),
    ("crash", "crashes", "crash", "crashes",
     r"^panic: |\bpanic(?:ked)?\b(?: at|:)|segmentation fault|SIGSEGV|SIGABRT|core dumped"
     r"|fatal error: "
     r"|NullPointerException|nil pointer dereference|stack overflow|StackOverflowError"
     r"|CrashLoopBackOff"
     r"|unhandled (?:exception|rejection|promise)|uncaught (?:exception|\w*error)|assertion failed"
     r"|back-?off restarting failed|terminated by signal|exited with code [1-9]\d*|exit (?:code"
     r"|status) [1-9]\d*"),
    ("http_5xx", "server errors (5xx)", "server error (5xx)", "server errors (5xx)",
     r"\bHTTP/?[\d.]*\"?\s+5\d\d\b|\b(?:status|code|status_code|response|returned|answered|got"
     r"|http)"
     r"\"?\W{1,4}(?:code\W{1,3})?(?:HTTP )?5\d\d\b|internal server error|bad gateway"
     r"|service unavailable|gateway time-?out|\b50[0234] (?:internal|bad|service|gateway)"),
    ("unavailable", "unavailable services", "unavailable service", "unavailable services",
     r"\bUNAVAILABLE\b|(?:service|upstream|backend|server|endpoint) (?:is |are )?(?:temporarily )?"
     r"(?:unavailable|not available|down)|no (?:available|healthy) (?:servers?|endpoints?"
     r"|backends?)"),
    ("configuration", "configuration", "configuration error", "configuration errors",
     r"(?:missing|invalid|bad|unknown|required) (?:\w+ ){0,2}(?:config\w*|environment variable"
     r"|setting|flag)"
     r"|config\w* (?:error|invalid|missing)|environment variable \S+ (?:is )?not set"
     r"|KeyError: '[A-Z_]+'"),
    ("not_found", "not found", "missing thing", "missing things",
     r"\bnot found\b|NotFound\w*|no such (?:file|key|table|bucket|object|container|image|index"
     r"|topic)"
     r"|does not exist|ENOENT|\b(?:status|code)\W{1,3}404\b|NoSuchKey|FileNotFoundError"),
    ("invalid_input", "invalid input", "invalid input", "invalid inputs",
     r"(?:json|yaml|xml|parse|parsing|decode|decoding|unmarshal\w*"
     r"|deseriali[sz]\w+) (?:\w+ )?(?:error|fail\w*)"
     r"|fail\w* to (?:parse|decode|unmarshal|deseriali[sz]e)|unexpected token|malformed"
     r"|ValidationError"
     r"|validation failed|invalid (?:character|json|request|argument|input|payload)"
     r"|JSONDecodeError"),
)  # fmt: skip

CATEGORIES = tuple(Category(*row[:4]) for row in _TABLE)
_BY_KEY = {category.key: category for category in CATEGORIES}
_SAID_IN = ("error", "err", "exception", "reason", "cause", "error.message", "exception.message",
            "detail", "details", "error.type", "exception.type", "stack", "exc_info")  # fmt: skip
_STATUS_IN = ("status", "status_code", "statusCode", "http_status", "http.status_code", "code",
              "http.response.status_code", "response_code", "httpStatus")  # fmt: skip
_STATUS_CATEGORIES = {"429": "rate_limit", "401": "authentication", "403": "permission_denied"}
_MOST_CHARS = 4_096


def category_of(
    message: str, fields: Mapping[str, str] | None = None, level: Level = Level.UNKNOWN
) -> Category | None:
    """Tell what kind of trouble a message with its fields is about; None when it is none known.

    Lines at info and below are no trouble, whatever words they use, unless their status says so.
    """
    known = fields or {}
    status = _category_of_status(known)
    if Level.UNKNOWN.severity < level.severity < Level.WARN.severity:
        return status

    said = [known[key] for key in _SAID_IN if known.get(key)]
    text = " | ".join([message, *said])[:_MOST_CHARS]
    found = next((category for category, pattern in _patterns() if pattern.search(text)), None)
    return found or status


def category_named(key: str) -> Category | None:
    """Look a category up by its key."""
    return _BY_KEY.get(key)


def _category_of_status(fields: Mapping[str, str]) -> Category | None:
    for key in _STATUS_IN:
        status = fields.get(key, "")
        if len(status) == 3 and status.isdecimal():
            name = "http_5xx" if status[0] == "5" else _STATUS_CATEGORIES.get(status, "")
            return _BY_KEY.get(name)

    return None


@cache
def _patterns() -> tuple[tuple[Category, re.Pattern[str]], ...]:
    # Compiled when a line is first looked at: a start need not wait for it.
    return tuple(
        (category, re.compile(row[4], re.IGNORECASE | re.DOTALL))
        for category, row in zip(CATEGORIES, _TABLE, strict=True)
    )
