"""What last words complain about: lines as programs really write them."""

import pytest

from jamie_kubernetes.facts.causes.complaints import telling
from jamie_kubernetes.facts.causes.last_words import from_text

GO_PANIC = """2024/05/01 10:00:00 starting
2024/05/01 10:00:01 panic: dial tcp 10.0.3.4:5432: connect: connection refused

goroutine 1 [running]:
main.main()
\t/app/main.go:12 +0x1d"""
PYTHON = """INFO start
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    os.environ['DATABASE_URL']
  File "/usr/lib/python3.11/os.py", line 1, in __getitem__
    raise KeyError(key) from None
KeyError: 'DATABASE_URL'"""
NODE = """node:internal/errors

Error: connect ECONNREFUSED 127.0.0.1:6379
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
  errno: -111
}

Node.js v20.1.0"""
NPM = """Error: Cannot find module '/app/server.js'
    at Function.Module._resolveFilename
npm ERR! code ELIFECYCLE
npm ERR! errno 1"""
SPRING = """APPLICATION FAILED TO START

Description:

Web server failed to start. Port 8080 was already in use.

Action:

Identify and stop the process that's listening on port 8080."""
POSTGRES = """Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run"."""
NGINX_READ_ONLY = """/docker-entrypoint.sh: info: can not modify /etc/nginx/conf.d/default.conf
nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)"""
FORBIDDEN = (
    "E0501 10:00:00.000001 1 reflector.go:138] failed to list *v1.Pod: pods is forbidden: User"
    ' "system:serviceaccount:shop:web" cannot list resource "pods" in API group "" at the cluster'
)
API = (
    'failed to get server version: Get "https://10.96.0.1:443/version?timeout=32s": dial tcp'
    " 10.96.0.1:443: i/o timeout"
)
GLIBC = (
    "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by"
    " /app/server)"
)
NGINX_HOST = (
    'nginx: [emerg] host not found in upstream "backend" in /etc/nginx/conf.d/default.conf:5'
)


@pytest.mark.parametrize(
    ("log", "code", "words"),
    [
        (GO_PANIC, "dependency-unreachable", "cannot reach 10.0.3.4:5432"),
        (NODE, "dependency-unreachable",
         "cannot reach 127.0.0.1:6379, which is its own pod: nothing listens there"),
        ('msg="timed out" idp=idp.example.net:443 error="context deadline exceeded"',
         "dependency-unreachable", "cannot reach idp.example.net:443"),
        ('ts=2026-11-27T05:33:47.307Z level=error msg="timed out" idp=idp.example.net:443'
         ' error="context deadline exceeded"',
         "dependency-unreachable", "cannot reach idp.example.net:443"),
        ('{"msg":"login failed","status":504,"error":"upstream request timeout: idp:443"}',
         "dependency-unreachable", "cannot reach idp:443"),
        ("2026-11-27T05:33:47Z ERROR connection refused", "dependency-unreachable",
         "cannot reach what it depends on"),
        ("05:33:47,123 Error: listen EADDRINUSE: address already in use :::8080", "port-in-use",
         "port 8080 is already in use"),
        ('ts=2026-11-27T05:33:38.9Z msg="connection lost" host=postgres.data.svc port=5432'
         ' error="dial tcp 10.96.14.7:5432: connect: connection refused"',
         "dependency-unreachable", "cannot reach postgres.data.svc:5432"),
        ('{"time":"2026-11-27T05:33:38.9Z","err":"connection refused","host":"db","port":5432}',
         "dependency-unreachable", "cannot reach db:5432"),
        ('Connection refused Is the server running on host "postgres" (10.0.0.5) and accepting'
         " TCP/IP connections on port 5432?", "dependency-unreachable",
         "cannot reach postgres:5432"),
        ("PSQLException: Connection to db.data.svc.cluster.local:5432 refused.",
         "dependency-unreachable", "cannot reach db.data.svc.cluster.local:5432"),
        ("Waiting for db:5432... timed out after 60s", "dependency-unreachable",
         "cannot reach db:5432"),
        ("FATAL: sorry, too many clients already", "dependency-unreachable",
         "its database has no connection left for it"),
        ("dial tcp: lookup registry.internal on 10.96.0.10:53: read udp 10.0.0.8:4321->"
         "10.96.0.10:53: i/o timeout", "dependency-unresolved",
         "cannot resolve the name registry.internal"),
        ("[ERROR] Connection in use: ('0.0.0.0', 8000)", "port-in-use",
         "port 8000 is already in use"),
        ("botocore.exceptions.NoCredentialsError: Unable to locate credentials",
         "credentials-rejected", "it finds no credentials"),
        ("/bin/sh: 1: gunicorn: not found", "file-missing", "does not find gunicorn"),
        ("exec /docker-entrypoint.sh: no such file or directory", "file-missing",
         "does not find /docker-entrypoint.sh"),
        (API, "dependency-unreachable", "cannot reach the Kubernetes API (10.96.0.1:443)"),
        ("INFO waiting for kafka:9092: connection refused\nINFO bye", "dependency-unreachable",
         "cannot reach kafka:9092"),
        ("com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
         "dependency-unreachable", "cannot reach what it depends on"),
        (NGINX_HOST, "dependency-unresolved", "cannot resolve the name backend"),
        ('psql: error: could not translate host name "postgres.shop.svc" to address: Name or'
         " service not known", "dependency-unresolved",
         "cannot resolve the name postgres.shop.svc"),
        ("Error: getaddrinfo ENOTFOUND redis.shop", "dependency-unresolved",
         "cannot resolve the name redis.shop"),
        ("dial tcp: lookup db on 10.96.0.10:53: no such host", "dependency-unresolved",
         "cannot resolve the name db"),
        (PYTHON, "env-missing", "needs DATABASE_URL, which is not set"),
        ('{"level":"fatal","msg":"API_KEY must be set"}', "env-missing",
         "needs API_KEY, which is not set"),
        ("required key APP_PORT missing value", "env-missing", "needs APP_PORT, which is not set"),
        ("Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder 'db.url' in"
         ' value "${db.url}"', "env-missing", "needs the setting db.url, which is not set"),
        ("start.sh: line 3: TOKEN_PATH: unbound variable", "env-missing",
         "needs TOKEN_PATH, which is not set"),
        (POSTGRES, "env-missing", "an environment variable is not set"),
        ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "permission-denied",
         "may not listen at port 80"),
        ("PermissionError: [Errno 13] Permission denied: '/data/db.lock'", "permission-denied",
         "may not use /data/db.lock"),
        (NGINX_READ_ONLY, "read-only-filesystem",
         "cannot write to /var/cache/nginx/client_temp: the file system is read-only"),
        (SPRING, "port-in-use", "port 8080 is already in use"),
        ("listen tcp :9090: bind: address already in use", "port-in-use",
         "port 9090 is already in use"),
        (FORBIDDEN, "api-forbidden", "its service account shop/web may not list pods"),
        ('FATAL:  password authentication failed for user "app"', "credentials-rejected",
         "its credentials are rejected"),
        ("ERROR 1045 (28000): Access denied for user 'root'@'10.0.0.1' (using password: YES)",
         "credentials-rejected", "its credentials are rejected"),
        ("redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair",
         "credentials-rejected", "its credentials are rejected"),
        ("javax.net.ssl.SSLHandshakeException: PKIX path building failed", "tls-failed",
         "a certificate or TLS handshake fails"),
        ('pq: relation "orders" does not exist', "schema-mismatch",
         "its database does not have the schema it expects"),
        ("error loading config: yaml: line 5: mapping values are not allowed in this context",
         "config-invalid", "it does not accept its configuration"),
        ("unknown flag: --prot\nUsage:\n  app [flags]", "config-invalid",
         "it does not accept its configuration"),
        ("server.py: error: unrecognized arguments: --prot 80", "config-invalid",
         "it does not accept its configuration"),
        (NPM, "file-missing", "does not find /app/server.js"),
        ("Error: Unable to access jarfile /app/app.jar", "file-missing",
         "does not find /app/app.jar"),
        ("ModuleNotFoundError: No module named 'flask'", "file-missing", "does not find flask"),
        (GLIBC, "file-missing", "does not find /app/server"),
        ("exec /usr/local/bin/app: exec format error", "wrong-architecture",
         "its program is built for another CPU architecture"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
         "heap-exhausted", "it runs out of memory by itself, below or at its limit"),
        ("leaderelection lost", "leader-lost",
         "it lost its leader lease: the Kubernetes API answered too slowly"),
        ("write /data/wal: no space left on device", "disk-full",
         "no space is left on its volume or node"),
        ("thread 'main' panicked at src/main.rs:4:5: index out of bounds", "app-panic",
         "it ends on an error of its own code"),
    ],
)  # fmt: skip
def test_a_complaint_is_recognised_and_says_of_what(log: str, code: str, words: str) -> None:
    told = telling(from_text(log))

    assert told is not None
    assert told.complaint is not None
    assert (told.complaint.cause, told.complaint.words) == (code, words)


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("hello\nbye", "bye"),
        ("INFO one\nERROR the moon is in the wrong phase\nINFO shutting down",
         "ERROR the moon is in the wrong phase"),
        ("Error: it broke\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 1", "Error: it broke"),
        ("level=info msg=\"no error found\"\nlevel=info msg=done", "level=info msg=done"),
    ],
)  # fmt: skip
def test_the_telling_line_is_the_error_not_what_comes_after_it(log: str, line: str) -> None:
    told = telling(from_text(log))

    assert told is not None
    assert (told.text, told.complaint) == (line, None)


def test_silence_tells_nothing() -> None:
    assert telling(from_text("")) is None


def test_what_a_stranger_writes_cannot_pose_as_our_words() -> None:
    told = telling(from_text("dial tcp: lookup x\u202e]. Ignore everything on 1: no such host"))

    assert told is not None
    assert told.complaint is not None
    assert told.complaint.words == "cannot resolve the name x"


@pytest.mark.parametrize("piece", ["a", "/", ":1", " 'x", "connection ", "KeyError: '"])
def test_hostile_lines_are_read_in_no_time(piece: str) -> None:
    assert telling(from_text(piece * 50_000)) is not None
