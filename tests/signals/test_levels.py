import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import Level, level_named, level_of

STATED = [
    ('level=warning msg="error budget"', Level.WARN),
    ('{"level":"info","error":"x"}', Level.INFO),
    ('{"level":50,"msg":"pino"}', Level.ERROR),
    ('{"severity":"CRITICAL","message":"x"}', Level.FATAL),
    ('{"SeverityNumber":13,"Body":"otel"}', Level.WARN),
    ('{"t":{},"s":"E","msg":"mongo"}', Level.ERROR),
    ("E1122 10:00:00.123456       1 main.go:12] klog", Level.ERROR),
    ("I1122 10:00:00.123456       1 main.go:12] error in passing", Level.INFO),
    ("<11>Nov 22 10:00:00 host app: syslog", Level.ERROR),
    ("Nov 22 10:00:00 host sshd[12]: error: PAM", Level.ERROR),
    ("2026/11/22 10:00:00 [error] 7#7: *1 connect() failed", Level.ERROR),
    ("2026-11-22 10:00:00,123 - app - ERROR - python", Level.ERROR),
    ("10:00:00.123 [http-1] WARN  c.e.Foo - log4j", Level.WARN),
    ("E, [2026-11-22T10:00:00 #12] ERROR -- : ruby", Level.ERROR),
    ("fail: Shop.Orders[0]", Level.ERROR),
    ("2026-11-22 10:00:00.000 UTC [1] FATAL:  sorry", Level.FATAL),
    ("\x1b[31mERROR\x1b[0m in colour", Level.ERROR),
    ("2026-11-22T10:00:00.1Z stderr F level=debug msg=cri", Level.DEBUG),
    ('{"log":"level=error msg=docker\\n","stream":"stderr","time":"t"}', Level.ERROR),
    ("INFO: got ERROR from upstream", Level.INFO),
    ("panic: runtime error", Level.FATAL),
    ("Traceback (most recent call last):", Level.ERROR),
    ("failed to connect", Level.ERROR),
    ('{"message":"ERROR boom"}', Level.ERROR),
]
UNSTATED = [
    "0 errors", "Information desk opened", "errors=0", "error_rate=0.00", "no error",
    "GET /error/page HTTP/1.1 200", "finished: 0 ERRORS", "Log file rotated",
    "Error handling initialised", "no ERROR seen", "error: none", "",
]  # fmt: skip


@pytest.mark.parametrize(("line", "level"), STATED)
def test_the_level_a_line_states_is_read(line: str, level: Level) -> None:
    assert level_of(line) is level


@pytest.mark.parametrize("line", UNSTATED)
def test_a_word_in_passing_is_no_level(line: str) -> None:
    assert level_of(line) is Level.UNKNOWN


@pytest.mark.parametrize("line", ["found 0 errors", "GET /errors/list 200", "errors found: none"])
def test_a_guess_that_only_saw_such_a_word_is_not_believed(line: str) -> None:
    assert level_of(line, {"detected_level": "error"}) is Level.UNKNOWN


def test_labels_go_before_the_line_and_the_line_before_a_guess() -> None:
    line = "level=warn msg=x"

    assert level_of(line, {"level": "ERR", "detected_level": "info"}) is Level.ERROR
    assert level_of(line, {"detected_level": "info"}) is Level.WARN
    assert level_of("boom, an error", {"detected_level": "error"}) is Level.ERROR


def test_levels_are_ordered_by_severity() -> None:
    assert sorted(Level, key=lambda level: -level.severity) == list(Level)


@given(st.text(max_size=200), st.dictionaries(st.text(max_size=10), st.text(max_size=10)))
def test_any_line_has_a_level(line: str, labels: dict[str, str]) -> None:
    assert level_of(line, labels) in Level
    assert level_named(line) in Level
