import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import CATEGORIES, Level, category_named, category_of

TROUBLES = [
    ("authentication timeout contacting identity provider", "authentication_timeout"),
    ("context deadline exceeded while verifying token", "authentication_timeout"),
    ("failed to connect to database: connection refused (10.0.0.5:5432)", "database_connection"),
    ("FATAL:  sorry, too many clients already", "database_connection"),
    ("HikariPool-1 - Connection is not available, request timed out", "database_connection"),
    ("Redis connection lost, reconnecting", "database_connection"),
    ("deadlock detected", "database_deadlock"),
    ("HTTP 429 Too Many Requests from the payment gateway", "rate_limit"),
    ("rate limit exceeded, retry after 30s", "rate_limit"),
    ("dial tcp: lookup auth on 10.96.0.10:53: no such host", "dns"),
    ("x509: certificate has expired or is not yet valid", "tls"),
    ("dial tcp 10.0.0.1:8080: connect: connection refused", "connection_refused"),
    ("read tcp 10.0.0.1:8080: connection reset by peer", "connection_reset"),
    ("Container was OOMKilled", "out_of_memory"),
    ("write /data/x: no space left on device", "disk_full"),
    ("upstream request timeout", "timeout"),
    ('10.1.1.1 - - "GET /x HTTP/1.1" 502 157', "http_5xx"),
    ("pods is forbidden: User cannot list", "permission_denied"),
    ('password authentication failed for user "shop"', "authentication"),
    ("exceeded quota: compute, requested: cpu=2", "quota"),
    ("panic: runtime error: index out of range", "crash"),
    ("Back-off restarting failed container", "crash"),
    ('ERROR: relation "orders" does not exist', "sql"),
    ("404 page not found", "not_found"),
    ("session timeout for author john", "timeout"),
]


@pytest.mark.parametrize(("message", "key"), TROUBLES)
def test_trouble_is_told_by_its_most_specific_kind(message: str, key: str) -> None:
    assert category_of(message, level=Level.ERROR) == category_named(key)


@pytest.mark.parametrize(
    "message", ["user logged in", "timeout set to 30s", "login timeout=30s", ""]
)
def test_what_is_no_trouble_has_no_kind(message: str) -> None:
    assert category_of(message) is None


def test_the_length_of_a_request_is_not_its_status() -> None:
    line = '10.0.0.9 - - "GET /x HTTP/2.0" 200 14011 "-" "Mozilla/5.0" 512 0.016 [shop] [] 10.0.1.9'

    assert category_of(line) is None


def test_the_error_field_and_the_status_field_are_read() -> None:
    refused = {"error": "dial tcp 10.0.0.1:80: connect: connection refused"}

    assert category_of("request failed", refused) == category_named("connection_refused")
    assert category_of("GET /orders", {"status": "503"}) == category_named("http_5xx")
    assert category_of("GET /orders", {"status": "200"}) is None


def test_an_info_line_is_trouble_only_by_its_status() -> None:
    assert category_of("retrying after timeout", {"status": "200"}, Level.INFO) is None
    assert category_of("GET /", {"status": "500"}, Level.INFO) == category_named("http_5xx")


def test_kinds_are_counted_in_words() -> None:
    category = category_named("authentication_timeout")

    assert category
    assert [category.counted(n) for n in (1, 1200)] == [
        "1 authentication timeout",
        "1,200 authentication timeouts",
    ]


def test_keys_are_unique() -> None:
    assert len({category.key for category in CATEGORIES}) == len(CATEGORIES)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_any_text_may_be_asked_about(message: str, fields: dict[str, str]) -> None:
    assert category_of(message, fields) in (None, *CATEGORIES)
