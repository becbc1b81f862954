"""What the last words of a container complain about: a table, the most telling first.

The words are a stranger's: only host names, ports, paths and variables are taken from them, which
their patterns keep to plain characters.
"""

import re
from collections.abc import Callable, Sequence

import msgspec

from jamie_kubernetes.facts.causes.container_causes import ContainerCause
from jamie_kubernetes.facts.loglines import Found
from jamie_signals.logs import Level

ENTRIES_WEIGHED = 30
MOST_CHARACTERS = 1_500

_NAME = r"([a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,8})"
_TARGET = re.compile(
    r"(?:tcp|udp|dial|to|at|host|server|//|@|[(\[\"'\s=]|^)[ :\"']?"
    # An address is no name, and a line of a source file no port.
    r"(?=[a-z0-9.-]*[a-z])(?!\S*\.(?:go|py|js|ts|java|rb|rs|c|cc|cpp|cs|php|conf|kt|scala):)"
    rf"{_NAME}[:/](\d{{2,5}})\b(?!\.\d)",
    re.IGNORECASE,
)
_APART = re.compile(
    r"(?:host(?:name)?|server(?: at)?|addr(?:ess)?|connect(?:ing|ion)? to)[\"']?[ =:]{1,2}[\"']?"
    rf"{_NAME}[\"']?(?:,?\s?[\"']?| [^\n\"']{{0,60}} )port[\"']?[ =:]{{1,2}}[\"']?(\d{{2,5}})\b",
    re.IGNORECASE,
)
"""A host and its port told as two fields: `host=db port=5432`."""

_ADDRESS = re.compile(r"\b((?:\d{1,3}\.){3}\d{1,3}):(\d{2,5})\b")
_HOST = re.compile(
    r"(?:lookup|in upstream|bad address|ENOTFOUND|EAI_AGAIN|UnknownHostException:|host name"
    rf"|resolve host:?|address of|failed to resolve)\s*[\"'(]*{_NAME}\b",
    re.IGNORECASE,
)
_PORT = re.compile(r"(?::|port[ =]{1,2}|', )(\d{2,5})\b", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w:/.])(/[\w.@+-]{1,80}(?:/[\w.@+-]{1,80}){0,12})")
_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8})\b")
_QUOTED_KEY = re.compile(r"(?:KeyError: |placeholder )['\"]([\w.-]{1,80})['\"]")
_MODULE = re.compile(
    r"(?:module named|Cannot find module|find or load main class|jarfile|ClassNotFoundException:"
    r"|open shared object file|libraries:)\s*['\"]?([\w.@/-]{1,80})",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\bsh: (?:line )?(?:\d{1,5}: )?(\S{1,80}): (?:command )?not found")
_ACCOUNT = re.compile(
    r"system:serviceaccount:([\w.-]{1,63}):([\w.-]{1,253})['\"]? cannot (\w{1,20}) resource"
    r" ['\"]?([\w./-]{1,100})"
)
_NOISE = re.compile(
    r"^npm (?:ERR!|error)|ELIFECYCLE|^error Command failed|^make(?:\[\d\])?: \*\*\*"
    r"|^Node\.js v\d|exited? (?:with )?(?:code|status)|^\s*\^?\s*$|^goroutine \d|shutting down",
    re.IGNORECASE,
)
_INSTANT = re.compile(
    r"(?<![\w:])(?:\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?|\d\d:\d\d:\d\d)"
    r"(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?![\w:])"
)
"""When a line was written; its colons separate no host from a port."""

_OWN = ("localhost:", "127.0.0.1:")
_API_HOSTS = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")


class Complaint(msgspec.Struct, frozen=True):
    """What a line complains about, in our words.

    `variable` is the one it misses, `needs` are the hosts it does not reach: `db:5432`.
    """

    cause: ContainerCause
    words: str
    variable: str = ""
    needs: tuple[str, ...] = ()
    remedy: str = ""


class Telling(msgspec.Struct, frozen=True):
    """The line that tells most, and what it complains about, if that is known."""

    text: str
    complaint: Complaint | None = None
    is_error: bool = False


def telling(entries: Sequence[Found]) -> Telling | None:
    """Choose the line that tells most of why a container ended; None where it said nothing."""
    weighed = [
        (_weight(one, complaint), index, one, complaint)
        for index, one in enumerate(entries[-ENTRIES_WEIGHED:])
        for complaint in (complaint_in(f"{one.line.text}\n{one.message}"),)
    ]
    if not weighed:
        return None

    weight, _, one, complaint = max(weighed, key=lambda row: row[:2])
    return Telling(one.line.text, complaint, is_error=weight > 1)


def complaint_in(text: str) -> Complaint | None:
    """Recognise what a line complains about."""
    short = _INSTANT.sub("", text[:MOST_CHARACTERS])
    return next((words(short) for pattern, words in _TABLE if pattern.search(short)), None)


def target_in(text: str) -> str:
    """Name the host and port a line is about; empty: none."""
    found = _APART.search(text) or _ADDRESS.search(text) or _TARGET.search(text)
    if not found:
        return ""
    if found[2] == "443" and (found[1] in _API_HOSTS or found[1].endswith(".0.1")):
        return f"the Kubernetes API ({found[1]}:443)"

    return f"{found[1]}:{found[2]}"


def needs_in(text: str) -> tuple[str, ...]:
    """Return the hosts with the ports a line is about, names before addresses."""
    found = [one for each in (_APART, _TARGET, _ADDRESS) for one in each.findall(text)]
    return tuple(dict.fromkeys(f"{host.lower()}:{port}" for host, port in found))


def _weight(one: Found, complaint: Complaint | None) -> int:
    if _NOISE.search(one.line.text):
        return -1

    quiet = Level.UNKNOWN.severity < one.level.severity < Level.WARN.severity
    known = (1 if quiet else 2) if complaint else 0
    return 2 * (one.level.severity >= Level.ERROR.severity) + known


def _fixed(cause: ContainerCause, words: str) -> Callable[[str], Complaint]:
    return lambda _: Complaint(cause, words)


def _with(
    cause: ContainerCause, words: str, pattern: re.Pattern[str], named: str
) -> Callable[[str], Complaint]:
    def complain(text: str) -> Complaint:
        found = pattern.search(text)
        return Complaint(cause, named.format(*found.groups()) if found else words)

    return complain


def _unreachable(text: str) -> Complaint:
    cause, target = ContainerCause.UNREACHABLE, target_in(text)
    if target.startswith(_OWN):
        words = f"cannot reach {target}, which is its own pod: nothing listens there"
        remedy = "point it at the Service of what it needs, or add that beside it in the pod"
        return Complaint(cause, words, remedy=remedy)

    return Complaint(cause, f"cannot reach {target or 'what it depends on'}", needs=needs_in(text))


def _unresolved(text: str) -> Complaint:
    found = _HOST.search(text) or _TARGET.search(text)
    words = f"cannot resolve the name {found[1]}" if found else "a host name does not resolve"
    needs = (found[1].lower(),) if found else ()
    return Complaint(ContainerCause.UNRESOLVED, words, needs=needs)


def _rejected(text: str) -> Complaint:
    target = target_in(text)
    by = f" by {target}" if target else ""
    return Complaint(ContainerCause.CREDENTIALS, f"its credentials are rejected{by}")


def _variable(text: str) -> Complaint:
    key = _QUOTED_KEY.search(text)
    found = key or _VARIABLE.search(text)
    if not found:
        return Complaint(ContainerCause.ENVIRONMENT, "an environment variable is not set")

    what = "needs" if not key or key[1].isupper() else "needs the setting"
    return Complaint(ContainerCause.ENVIRONMENT, f"{what} {found[1]}, which is not set", found[1])


def _file(text: str) -> Complaint:
    if module := _MODULE.search(text) or _COMMAND.search(text):
        return Complaint(ContainerCause.FILE, f"does not find {module[1]}")

    path = _PATH.search(text)
    return Complaint(ContainerCause.FILE, f"does not find {path[1] if path else 'a file'}")


_C = ContainerCause
_ROWS: tuple[tuple[str, Callable[[str], Complaint]], ...] = (
    (r"exec format error|cannot execute binary file",
     _fixed(_C.ARCHITECTURE, "its program is built for another CPU architecture")),
    (r"read-only file ?system|\bEROFS\b|ReadOnlyFileSystem",
     _with(_C.READ_ONLY, "writes to a read-only file system", _PATH,
           "cannot write to {0}: the file system is read-only")),
    (r"address (?:is )?already in use|\bEADDRINUSE\b|port \d+ (?:is|was) already in use"
     r"|failed \(98:|Only one usage of each socket|connection in use:",
     _with(_C.PORT_IN_USE, "its port is already in use", _PORT, "port {0} is already in use")),
    (r"(?:bind|listen).{0,80}(?:permission denied|EACCES)|EACCES.{0,40}(?:bind|listen|0\.0\.0\.0)"
     r"|failed \(13:.{0,20}denied.{0,20}\bbind|\bbind\(\).{0,60}failed \(13:",
     _with(_C.DENIED, "may not listen at its port", _PORT, "may not listen at port {0}")),
    (r"is forbidden: User .{0,200} cannot ",
     _with(_C.FORBIDDEN, "the Kubernetes API forbids what it asks", _ACCOUNT,
           "its service account {0}/{1} may not {2} {3}")),
    (r"no space left on device|\bENOSPC\b|disk quota exceeded",
     _fixed(_C.DISK, "no space is left on its volume or node")),
    (r"OutOfMemoryError|heap out of memory|\bMemoryError\b|cannot allocate memory|std::bad_alloc"
     r"|\bENOMEM\b|runtime: out of memory|memory allocation of \d+ bytes failed",
     _fixed(_C.HEAP, "it runs out of memory by itself, below or at its limit")),
    (r"(?:environment|\benv)[ _-]?(?:variable|var)s?\b.{0,90}(?:not (?:set|found|defined|provided"
     r"|specified|present)|missing|required|undefined|empty|unset|must|does ?n.t exist)"
     r"|(?:missing|required|undefined|unset|must set|please set|no)\b.{0,30}"
     r"(?:environment|\benv)[ _-]?(?:variable|var)"
     r"|(?-i:KeyError: '[A-Z][A-Z0-9_]+')|required key \w+ missing value"
     r"|(?-i:\b[A-Z][A-Z0-9]*_[A-Z0-9_]+)['\"`]? (?:is|was|are|has|must|needs?)(?: be| to be)?"
     r" (?:not (?:been )?(?:set|defined|provided|specified)|required|missing|undefined|unset|empty"
     r"|set|specified|provided|defined)\b"
     r"|(?:missing|required|undefined)\b.{0,30}(?-i:\b[A-Z][A-Z0-9]*_[A-Z0-9_]+)"
     r"|could not resolve placeholder|unbound variable|parameter (?:null or )?not set"
     r"|(?:must|need to) (?:specify|set|provide)\b.{0,80}(?-i:\b[A-Z]+_[A-Z_]+)"
     r"|password (?:option )?is not specified",
     _variable),
    (r"(?:login|auth\w*) (?:has )?failed\b.{0,400}(?:tim(?:ed ?out|eout)|connection refused"
     r"|unreachable|unavailable|deadline exceeded|no route to host)",
     _unreachable),
    (r"password authentication failed|access denied for user|authentication (?:has )?failed"
     r"|invalid (?:user(?:name)?|password|credentials?|api[ _-]?key|access key|token|client secret)"
     r"|\bACCESS_REFUSED\b|\bNOAUTH\b|\bWRONGPASS\b|InvalidAccessKeyId|SignatureDoesNotMatch"
     r"|ExpiredToken|\b401\b.{0,20}unauthori[sz]ed|unauthori[sz]ed.{0,20}\b401\b|login failed"
     r"|role \"?\w+\"? does not exist|bad credentials|SASL auth|InvalidClientTokenId"
     r"|incorrect (?:user|password)|authentication required",
     _rejected),
    (r"unable to locate credentials|no credentials|could not automatically determine credentials",
     _fixed(_C.CREDENTIALS, "it finds no credentials")),
    (r"\bAccessDenied\b|\bAuthorizationFailed\b|does not have .{0,80}\bpermission\b",
     _fixed(_C.CREDENTIALS, "its credentials do not allow what it asks of the cloud")),
    (r"x509: |certificate (?:verify failed|has expired|signed by|is not (?:valid|trusted)|required)"
     r"|CERTIFICATE_VERIFY_FAILED|PKIX path|SSLHandshake|tls: (?:handshake|bad|unknown|failed)"
     r"|self.signed certificate|wrong version number|\bERR_TLS|unable to get local issuer",
     _with(_C.TLS, "a certificate or TLS handshake fails", _ADDRESS,
           "TLS to {0}:{1} fails")),
    (r"\blookup \S{1,253} on \S{1,45}:53|bad address '"
     r"|no such host|\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo|name or service not known"
     r"|temporary failure in name resolution|UnknownHost|could ?n[o']t resolve|cannot resolve"
     r"|could not translate host|host not found|nodename nor servname|NXDOMAIN|server misbehaving"
     r"|name does not resolve|failed to resolve (?!placeholder)",
     _unresolved),
    (r"connection refused|\bECONNREFUSED\b|connect(?:ion)?\b.{0,20}tim(?:ed ?out|eout)|i/o timeout"
     r"|\bETIMEDOUT\b|no route to host|\bEHOSTUNREACH\b|network is unreachable|could not connect to"
     r"|can(?:'t|not) connect to|(?:unable|failed|failure) to connect|Connect(?:ion)?Exception"
     r"|Communications link failure|CommunicationsException|MongoNetworkError|ServerSelection"
     r"|connection reset by peer|\bECONNRESET\b|context deadline exceeded|\bdial (?:tcp|udp)\b"
     r"|NoBrokersAvailable|no brokers available|broker transport failure|not reachable"
     r"|max retries exceeded|connection to \S{1,100} (?:failed|refused)|no reachable servers"
     r"|connection to .{1,100} could not be established|timeout occurred after waiting"
     r"|waiting for \S{1,100}:\d.{0,20}timed out|:\d{2,5} - no response"
     r"|connect_timeout|service unavailable|\b50[234]\b.{0,10}(?:bad gateway|unavailable|timeout)",
     _unreachable),
    (r"too many (?:clients|connections)|remaining connection slots|max_user_connections",
     _fixed(_C.UNREACHABLE, "its database has no connection left for it")),
    (r"relation \"?[\w.]+\"? does not exist|no such table|unknown column|table '.{1,80}' doesn.t"
     r"|column \S+ does not exist|pending migrations?|migrations?.{0,40}(?:fail|dirty|missing)"
     r"|dirty database|schema-validation|unknown database|database \"?\w+\"? does not exist"
     r"|(?:schema|database) version.{0,40}(?:mismatch|newer|older|unsupported)",
     _fixed(_C.SCHEMA, "its database does not have the schema it expects")),
    (r"leader ?election lost|lost (?:the )?(?:lease|leader)|failed to renew lease",
     _fixed(_C.LEADER, "it lost its leader lease: the Kubernetes API answered too slowly")),
    (r"permission denied|\bEACCES\b|\bEPERM\b|operation not permitted|AccessDeniedException"
     r"|not writable|PermissionError|access to the path .{1,100} is denied",
     _with(_C.DENIED, "may not read or write what it needs", _PATH, "may not use {0}")),
    (r"no such file or directory|\bENOENT\b|FileNotFound|cannot find (?:the )?(?:file|module)"
     r"|ModuleNotFoundError|no module named|ClassNotFoundException|NoClassDefFoundError"
     r"|could not find or load main class|shared object file|GLIBC_|can't open file"
     r"|unable to access jarfile|file not found|does not exist: /"
     rf"|{_COMMAND.pattern}",
     _file),
    (r"unknown (?:shorthand )?flag|flag provided but not defined|unrecogni[sz]ed (?:arg|opt|config)"
     r"|unknown (?:command|option|directive|argument|parameter|configuration|field)|\[emerg\]"
     r"|(?:yaml|json|toml|xml|config\w*|settings|properties)\b.{0,60}(?:pars|unmarshal|syntax|invalid"
     r"|malformed|unexpected|not valid|is missing|fail|error)"
     r"|(?:pars|unmarshal|decod|load|read|valid|invalid|missing|bad)\w*\b.{0,40}"
     r"(?:yaml|json|toml|config|setting)"
     r"|did not find expected|cannot unmarshal|mapping values are not allowed|unexpected token"
     r"|error: argument|usage: ",
     _fixed(_C.CONFIG, "it does not accept its configuration")),
    (r"^panic: |nil pointer dereference|SIGSEGV|segmentation fault|NullPointerException"
     r"|^fatal error: |thread '.{1,80}' panicked|core dumped|assertion failed|stack ?overflow"
     r"|\b(?:Type|Attribute|Name|Index|Value|Reference|Syntax|Import)Error\b|undefined is not"
     r"|unhandled ?(?:promise|exception)|uncaught exception|Exception in thread",
     _fixed(_C.APP_PANIC, "it ends on an error of its own code")),
)  # fmt: skip
_TABLE = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in _ROWS)
