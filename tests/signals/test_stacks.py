import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_signals.logs import Fold, Stack, fold, stack_in

JAVA = """\
2026-11-22 10:00:00 ERROR [main] c.s.Orders - failed to pay
com.shop.PaymentException: payment failed
\tat org.springframework.web.Foo.bar(Foo.java:12)
\tat com.shop.Orders.pay(Orders.java:42)
\tat java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/java.net.SocketInputStream.socketRead0(Native Method)
\tat com.shop.Gateway.call(Gateway.java:7)
\t... 3 more"""
GO = """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f1a2]

goroutine 1 [running]:
runtime.gopanic({0x1, 0x2})
\t/usr/local/go/src/runtime/panic.go:884 +0x213
main.(*Server).handle(0xc000010250)
\t/app/main.go:42 +0x1d
main.main()
\t/app/main.go:10 +0x25
exit status 2"""
NODE = """\
TypeError: Cannot read properties of undefined (reading 'id')
    at Router.handle (/app/node_modules/express/lib/router/index.js:284:10)
    at getUser (/app/src/users.js:12:20)
    at async /app/src/index.js:5:3
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
DOTNET = """\
System.InvalidOperationException: Outer ---> System.TimeoutException: The operation timed out.
   at Npgsql.NpgsqlConnector.Open(Int32 x)
   at Shop.Db.Connect() in /src/Db.cs:line 20
   --- End of inner exception stack trace ---
   at Shop.Orders.Get(Guid id) in /src/Orders.cs:line 11
   at Microsoft.AspNetCore.Mvc.Foo.Invoke()"""
RUBY = """\
app/models/user.rb:12:in `find': undefined method `name' for nil:NilClass (NoMethodError)
\tfrom /usr/lib/ruby/gems/2.7/activerecord/base.rb:10:in `call'
\tfrom app/controllers/users_controller.rb:5:in `show'"""
PYTHON = """\
Traceback (most recent call last):
  File "/app/db.py", line 10, in connect
    pool.get()
  File "/usr/local/lib/python3.12/site-packages/psycopg/pool.py", line 5, in get
    raise Timeout
TimeoutError: pool timeout

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/orders.py", line 42, in checkout
    connect()
app.errors.DatabaseError: no connection"""

TRACES = [
    (JAVA, Stack("java", "java.net.SocketTimeoutException: Read timed out",
                 "com.shop.Gateway.call (Gateway.java:7)", 4)),
    (GO, Stack("go", "panic: runtime error: invalid memory address or nil pointer dereference",
               "main.(*Server).handle (/app/main.go:42)", 2)),
    (NODE, Stack("node", "TypeError: Cannot read properties of undefined (reading 'id')",
                 "getUser (/app/src/users.js:12)", 3)),
    (DOTNET, Stack("dotnet", "System.TimeoutException: The operation timed out.",
                   "Shop.Db.Connect() (/src/Db.cs:20)", 3)),
    (RUBY, Stack("ruby", "undefined method `name' for nil:NilClass (NoMethodError)",
                 "show (app/controllers/users_controller.rb:5)", 1)),
    (PYTHON, Stack("python", "TimeoutError: pool timeout", "connect (/app/db.py:10)", 2)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "stack"), TRACES)
def test_a_trace_is_one_entry_with_its_cause_and_first_own_frame(text: str, stack: Stack) -> None:
    lines = text.splitlines()

    assert fold(["INFO before", *lines, "INFO after"]) == [
        Fold(0, 1, "INFO before"),
        Fold(1, len(lines) + 1, text, stack),
        Fold(len(lines) + 1, len(lines) + 2, "INFO after"),
    ]


@pytest.mark.parametrize(("text", "stack"), TRACES)
def test_a_trace_in_one_entry_is_read_too(text: str, stack: Stack) -> None:
    assert stack_in(text) == stack
    assert fold([text]) == [Fold(0, 1, text, stack)]


def test_a_container_runtimes_prefix_does_not_hide_a_trace() -> None:
    lines = [f"2026-11-22T10:00:00.1Z stderr F {line}" for line in PYTHON.splitlines()]

    assert [one.stack for one in fold(lines)] == [TRACES[-1][1]]


def test_the_line_before_a_trace_belongs_to_it_only_if_it_is_an_error() -> None:
    trace = PYTHON.splitlines()[:6]

    assert [(one.start, one.end) for one in fold(["ERROR:root:checkout failed", *trace])] == [
        (0, 7)
    ]
    assert [(one.start, one.end) for one in fold(["INFO:root:ready", *trace])] == [(0, 1), (1, 7)]


def test_ordinary_lines_stay_alone() -> None:
    lines = ["GET / 200", "at noon we stop", "File uploaded", "Error: disk"]

    assert fold(lines) == [Fold(at, at + 1, line) for at, line in enumerate(lines)]


trace_lines = st.sampled_from("\n".join(text for text, _ in TRACES).splitlines())


@given(st.lists(trace_lines | st.text(max_size=30), max_size=30))
def test_every_line_is_in_exactly_one_entry(lines: list[str]) -> None:
    folds = fold(lines)

    assert [at for one in folds for at in range(one.start, one.end)] == list(range(len(lines)))
