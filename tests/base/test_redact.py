import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.redact import Redactor
from jamie_base.secret_words import names_secret

REDACTOR = Redactor(b"k" * 32)
SECRET = "hX7kq2pLw9Zt"
MARK = REDACTOR.value(SECRET)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq83vEjRWeJq8\n-----END RSA PRIVATE KEY-----"
)

# Each holds SECRET as the whole secret, so each must show its mark and the rest untouched.
LEAKS = [
    "password={}",
    "password = {}",
    "passwd: {}",
    "PGPASSWORD={} psql",
    "DB_PASS={}",
    "DB_PASSWORD_ORDERS={}",
    "dbPassword: {}",
    "spring.datasource.password={}",
    "user login failed password: {} from 10.0.0.1",
    '{{"token":"{}"}}',
    "{{'password': '{}', 'user': 'bob'}}",
    '{{"password": {}}}',
    "{{password:{},user:bob}}",
    "(password={})",
    "password={},user=bob",
    "api_key={}",
    "apiKey: {}",
    "API key: {}",
    "secret={}",
    "clientSecret: {}",
    "aws_secret_access_key = {}",
    "client-key-data: {}",
    "level=info token={} user=bob",
    "token => {}",
    "token:{}",
    "user-token:{}",
    "image pull: token:{}",
    "image pull token-x:{}",
    "image: x-api-key:{}",
    "token-prod:{}",
    "invalid token: {}",
    "GET /x?access_token={}&page=2",
    "Authorization: Bearer {}",
    "authorization: {}",
    "map[Authorization:[Bearer {}]]",
    '"Authorization":["Bearer {}"]',
    "sent Bearer {} upstream",
    "X-Api-Key: {}",
    "PRIVATE-TOKEN: {}",
    "Cookie: {}",
    'cookie="{}"',
    "postgres://bob:{}@db:5432/x",
    "redis://:{}@cache:6379",
    "amqp://a:{}@h1,h2",
    "dsn=bob:{}@tcp(db:3306)/x",
    "Server=x;User Id=sa;Password={};Timeout=3",
    "DefaultEndpointsProtocol=https;AccountKey={};EndpointSuffix=x",
    "host=x password={} dbname=y",
    "--password {}",
    "--token={} --verbose",
    '["--password","{}"]',
    "- --password\n- {}",
    "curl -u bob:{} http://x",
    "https://x.blob.core.windows.net/c?sv=1&sig={}",
    '{{"name":"DB_PASSWORD","value":"{}"}}',
    "name: DB_PASSWORD\n  value: {}\n",
    "Environment:\n      DB_PASSWORD:   {}",
    "password: |\n  {}",
    'msg="login with password={}" user=bob',
    '{{"msg":"login with password={}\\nfrom 10.0.0.1"}}',
    '{{"kind":"Secret","data":{{"x.y":"{}"}}}}',
    "?user=bob&pass={}",
    '{{"pass":"{}"}}',
    "hooks.slack.com/services/{}",
]

# Each is a secret as a whole, wherever it stands.
SHAPED = [
    JWT,
    PEM,
    PEM.replace("\n", "\\n"),
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "xoxb-123456789012-abcdefGHIJKL",
    "AIza" + "a1B2_" * 7,
    "sk_live_" + "a1B2" * 6,
    "npm_" + "a1B2" * 9,
    "sk-proj-" + "a1B2" * 10,
    "sk-ant-api03-" + "a1B2" * 10,
    "hvs." + "a1B2" * 6,
    "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NB",
]

# None of these holds a secret, and none may lose a letter.
HARMLESS = [
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
    "uid: 6f1c2c2e-4b0e-4a52-a5bb-3f1d8e2a4c11",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "resourceVersion: 123456",
    "image: nginx:1.25.3",
    "image: token-signer:9f3c2ab",
    "image: token-cache:9f3c2ab",
    '{"image":"password-vault:2024-11-02"}',
    "containers[app].image: token-cache:9f3c2ab -> token-cache:8e2b1aa",
    "pulled token-cache:1.2.3-alpine",
    'Pulling image "token-cache:9f3c2ab"',
    "secret-agent:v2.0 secret-agent:latest",
    "token-signer: 2 of 3 ready",
    "token_count=5",
    "tokens=128",
    "max_tokens: 128",
    "secrets: 12",
    "password policy updated",
    "password is required",
    "password authentication failed for user postgres",
    "passwordless: on",
    "secretName: db",
    "secretKeyRef: {name: db, key: password}",
    '{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"x","key":"password"}}}',
    '"secret":{"secretName":"db"}',
    "imagePullSecrets:\n- name: regcred",
    "name: default-token-abcde",
    'SetUp failed for volume "db-token-abcde" : secret "db-token-abcde" not found',
    "pass: 3 fail: 0",
    "couldn't find key DB_PASSWORD in Secret shop/db",
    'secrets "db-token" is forbidden: User "bob" cannot get resource "secrets"',
    "secret/db-password: unchanged",
    "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
    "type: kubernetes.io/dockerconfigjson",
    "caller=token.go:42 msg=x",
    "invalid token: signature is invalid",
    "token: expired",
    "failed to refresh token: oauth2: cannot fetch token: 401 Unauthorized",
    "error getting token: dial tcp 10.0.0.1:443: connect: connection refused",
    "unexpected token: foo",
    "automountServiceAccountToken: true",
    "tokenExpirationSeconds: 3607",
    "token_type=bearer expires_in=3600",
    '{"continueToken":"abc"}',
    "next_page_token=abc",
    "author: bob",
    "auth: enabled",
    "PWD=/home/x",
    "private_key: /etc/ssl/x.pem",
    "--password-file /x/y",
    "use --token or --user",
    "password=${DB_PASSWORD}",
    "password=$(DB_PASSWORD)",
    "password=",
    'password: ""',
    '{"password":null,"token":""}',
    "bearer authentication failed",
    "Basic authentication failed",
    "http://localhost:9090/api?mail=a@b.c",
    "http://host:80/a@b",
    "task-abcdefghijklmnopqrstuvwxyz",
    "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM=",
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
]

# What bare values may hold: everything but blanks, quotes, escapes and what ends a value.
bare_secrets = st.text(
    "abcdefghijkmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#%*+-./?_~^@",
    min_size=8,
    max_size=60,
).map(lambda secret: f"Q{secret}7")
quoted_secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=3).map("Q7{}".format)
WORDS = """
password token secret api_key Authorization Cookie --password name value Bearer Basic hunter2 null
[redacted:deadbeef] [redacted: :// user: http = : , & ; { } [ ] ( ) " ' \\" | \\ \\n / - _ . @ ? < >
data kind Secret @tcp( sig= é İ auth dXNlcjpwYXNz $(A) ${X}
"""
PIECES = [*WORDS.split(), " ", "\n", "|\n  ", "curl -u ", JWT, PEM, "ghp_" + "a1B2" * 9]
fragments = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize("template", LEAKS)
def test_a_secret_becomes_its_mark_and_the_rest_stays(template: str) -> None:
    leak = template.replace("{}", SECRET).replace("{{", "{").replace("}}", "}")
    shown = leak.replace(SECRET, MARK)

    assert REDACTOR.text(leak) == shown
    assert REDACTOR.text(shown) == shown


@pytest.mark.parametrize("secret", SHAPED)
def test_a_secret_with_a_known_shape_is_found_anywhere(secret: str) -> None:
    redacted = REDACTOR.text(f"saw {secret} in a line")

    assert redacted.startswith("saw [redacted:")
    assert redacted.endswith("] in a line")
    assert len(redacted) == len(f"saw {MARK} in a line")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize("secret", [one for one in SHAPED if "PRIVATE" not in one])
@pytest.mark.parametrize("kept", [18, 20])
def test_what_is_left_of_a_token_where_a_text_was_cut_is_hidden_too(secret: str, kept: int) -> None:
    assert REDACTOR.text(f"saw {secret[:kept]}… (1 more)").startswith("saw [redacted:")


def test_what_is_left_of_a_password_in_a_url_is_hidden_too() -> None:
    assert "hX7kq2" not in REDACTOR.text("dial postgres://bob:hX7kq2…")
    assert REDACTOR.text("GET http://host:8080… http://a/b… x:y…") == (
        "GET http://host:8080… http://a/b… x:y…"
    )


def test_one_secret_has_one_mark_wherever_it_stands() -> None:
    secret = 'quo"te\\d é'
    once = json.dumps({"password": secret})
    twice = json.dumps({"annotation": once})
    thrice = json.dumps({"outer": twice}, ensure_ascii=False)
    mark = REDACTOR.value(secret)

    assert json.loads(REDACTOR.text(once)) == {"password": mark}
    assert json.loads(json.loads(REDACTOR.text(twice))["annotation"]) == {"password": mark}
    assert REDACTOR.text(thrice).count(mark) == 1


def test_marks_depend_on_the_key_and_on_the_secret() -> None:
    assert Redactor(b"k" * 32).value(SECRET) == MARK
    assert Redactor(b"x" * 32).value(SECRET) != MARK
    assert REDACTOR.value(SECRET + "!") != MARK


def test_known_values_are_marked_but_nothing_and_marks_are_not() -> None:
    assert REDACTOR.value("") == ""
    assert REDACTOR.value(MARK) == MARK


def test_a_forged_mark_does_not_cover_what_follows_it() -> None:
    assert SECRET not in REDACTOR.text(f"password=[redacted:deadbeef]{SECRET}")


@given(
    st.sampled_from(["password", "DB_PASSWORD", "token", "api_key", "clientSecret"]), bare_secrets
)
def test_a_bare_secret_after_a_known_key_never_survives(key: str, secret: str) -> None:
    for line in (
        f"{key}={secret}",
        f"a {key}: {secret} b",
        f"--{key} {secret}",
        f"?{key}={secret}&a=b",
    ):
        assert secret not in REDACTOR.text(line)
        assert REDACTOR.value(secret) in REDACTOR.text(line)


@given(
    st.sampled_from(["password", "DB_PASSWORD", "token", "x-api-key", "clientSecret"]),
    quoted_secrets,
    st.booleans(),
    st.integers(1, 3),
)
def test_json_stays_json_and_loses_only_its_secrets(
    key: str, secret: str, ascii_only: bool, depth: int
) -> None:
    plain: Any = {"user": "bob", key: secret, "env": [{"name": "API_TOKEN", "value": secret}]}
    expected: Any = json.loads(json.dumps(plain).replace(json.dumps(secret), '"*"'))
    text = json.dumps(plain, ensure_ascii=ascii_only)
    for _ in range(depth - 1):
        text = json.dumps(text, ensure_ascii=ascii_only)

    found: Any = REDACTOR.text(text)
    for _ in range(depth):
        found = json.loads(found)

    assert found == json.loads(json.dumps(expected).replace("*", found[key]))
    assert secret not in REDACTOR.text(text)


@given(fragments)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = REDACTOR.text(text)

    assert REDACTOR.text(once) == once


@given(st.text())
def test_any_text_can_be_redacted(text: str) -> None:
    REDACTOR.text(text)


@pytest.mark.parametrize(
    "unit",
    [
        "a", " ", "\n", '"', "\\", "(token", "token", "token_", "token=", "token:", "access_key_",
        'password="', 'password=\\"', "password=\\", "password=a,", "--token ", "cookie: a;",
        'secret"  :', 'secret ,"value', '{"kind":"Secret","data":{', '"auth":"', "bearer ",
        "://a:", "://a:b@", "a:b@tcp(", "curl -u a:", "eyJ", "eyJa.", "ghp_", "sk-",
        "-----BEGIN PRIVATE KEY-----", "image: token-a:", "image: a:b -> token-a:b ",
    ],
)  # fmt: skip
def test_hostile_text_takes_time_in_proportion_to_its_length(unit: str) -> None:
    short, long = unit * (50_000 // len(unit)), unit * (500_000 // len(unit))

    # Ten times the text: quadratic time would be a hundredfold, far beyond any noise.
    assert seconds(long) < 40 * max(seconds(short), 0.005)


def seconds(text: str) -> float:
    # The work alone: others on the machine make the time on the wall longer.
    start = time.process_time()
    REDACTOR.text(text)
    return time.process_time() - start


def test_lines_come_back_as_many_and_a_key_over_several_is_seen() -> None:
    lines = ["start", *PEM.split("\n"), "two\nrows", f"password={SECRET}"]
    redacted = REDACTOR.lines(lines)

    assert redacted[0] == "start"
    assert redacted[1].startswith("[redacted:")
    assert redacted[2:5] == ["", "", ""]
    assert redacted[5:] == ["two\nrows", f"password={MARK}"]


def test_fields_are_redacted_by_their_keys_and_in_their_texts() -> None:
    fields = {
        "query": f'{{app="x"}} |= "password={SECRET}"',
        "DB_PASSWORD": SECRET,
        "limit": 40,
        "token": None,
        "headers": {"X-Api-Key": [SECRET, SECRET], "Accept": "text/plain"},
        "env": [{"name": "API_TOKEN", "value": SECRET}, {"name": "MODE", "value": "fast"}],
        "secret": {"secretName": "db"},
        "secretName": "db",
    }

    assert REDACTOR.fields(fields) == {
        "query": f'{{app="x"}} |= "password={MARK}"',
        "DB_PASSWORD": MARK,
        "limit": 40,
        "token": None,
        "headers": {"X-Api-Key": [MARK, MARK], "Accept": "text/plain"},
        "env": [{"name": "API_TOKEN", "value": MARK}, {"name": "MODE", "value": "fast"}],
        "secret": {"secretName": "db"},
        "secretName": "db",
    }


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("DB_PASSWORD", True),
        ("x-api-key", True),
        ("clientSecret", True),
        ("authToken", True),
        ("secretName", False),
        ("token_count", False),
        ("tokens", False),
        ("password_file", False),
        ("namespace", False),
    ],
)
def test_keys_say_whether_they_hold_a_secret(key: str, expected: bool) -> None:
    assert names_secret(key) is expected
