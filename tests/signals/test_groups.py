from jamie_signals.logs import (
    Entry,
    ErrorGroup,
    Level,
    Onset,
    Stack,
    category_named,
    group_errors,
    troubles,
)

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
TIMED_OUT = 'level=error msg="authentication timeout contacting identity provider" attempt={}'


def auth_timeouts(count: int) -> list[Entry]:
    return [
        Entry((40 + n) * MINUTE, "auth", TIMED_OUT.format(n), {"pod": f"auth-{n % 2}"})
        for n in range(count)
    ]


def test_errors_are_grouped_by_service_and_kind_the_biggest_first() -> None:
    entries = [
        Entry(3 * MINUTE, "frontend", "ERROR database connection refused: 10.0.0.7:5432"),
        Entry(4 * MINUTE, "frontend", "INFO 0 errors"),
        *auth_timeouts(20),
    ]

    first, second = group_errors(entries, start=0, end=HOUR)
    assert first == ErrorGroup(
        service="auth",
        kind="authentication timeouts",
        category=category_named("authentication_timeout"),
        template="authentication timeout contacting identity provider",
        count=20,
        first=40 * MINUTE,
        last=59 * MINUTE,
        example=TIMED_OUT.format(19),
        level=Level.ERROR,
        stack=None,
        onset=Onset(at=40 * MINUTE, until=None, before=0.0, during=1.0),
    )
    assert (second.service, second.kind, second.count) == ("frontend", "database connection", 1)


def test_the_order_of_the_entries_does_not_matter() -> None:
    entries = auth_timeouts(9)

    assert group_errors(reversed(entries)) == group_errors(entries)


def test_errors_of_no_known_kind_are_grouped_by_pattern() -> None:
    entries = [Entry(n, "cart", f"ERROR basket {n * 1000} is odd") for n in range(3)]

    assert [(one.kind, one.category, one.count) for one in group_errors(entries)] == [
        ("ERROR basket <num> is odd", None, 3)
    ]


def test_a_trace_across_lines_is_one_error_of_its_stream() -> None:
    lines = [
        "ERROR checkout failed",
        "Traceback (most recent call last):",
        '  File "/app/pay.py", line 3, in pay',
        "ConnectionRefusedError: [Errno 111] Connection refused",
    ]
    trace = [Entry(at, "shop", line, {"pod": "a"}) for at, line in enumerate(lines)]
    other = [Entry(at, "shop", "INFO served", {"pod": "b"}) for at in range(4)]

    (group,) = group_errors([*trace, *other])
    assert (group.kind, group.count) == ("connections refused", 1)
    assert group.example == "\n".join(lines)
    assert group.stack == Stack(
        "python", "ConnectionRefusedError: [Errno 111] Connection refused", "pay (/app/pay.py:3)", 0
    )


def test_a_trace_in_a_json_field_is_read() -> None:
    line = (
        '{"level":"error","msg":"boom","stack":"TypeError: x is undefined\\n'
        '    at pay (/app/src/pay.js:12:20)"}'
    )

    (group,) = group_errors([Entry(0, "shop", line)])
    assert group.stack == Stack("node", "TypeError: x is undefined", "pay (/app/src/pay.js:12)", 0)


def test_warnings_count_only_when_asked_for() -> None:
    entries = [Entry(0, "pay", "WARN rate limit exceeded")]

    assert group_errors(entries) == []
    assert [one.kind for one in group_errors(entries, warnings=True)] == ["rate limiting"]


def test_a_line_of_no_level_is_an_error_when_it_tells_of_known_trouble() -> None:
    entries = [Entry(0, "a", "dial tcp: connection refused"), Entry(1, "a", "hello")]

    assert [one.message for one in troubles(entries)] == ["dial tcp: connection refused"]
