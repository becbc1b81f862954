"""How stack traces look in each language: a table for `stacks`."""

import re
from typing import Literal

import msgspec

Language = Literal["python", "java", "go", "node", "dotnet", "ruby"]


class Dialect(msgspec.Struct, frozen=True):
    """One language's traces.

    `opens` begins a trace by itself; without it any line does that a frame follows. `frame` names
    `where`, and optionally `line` and `what`. `more` are the other lines of a trace, `cause` names
    the deeper error behind them, `foreign` is searched in a frame to tell that it is a library's.
    """

    language: Language
    frame: re.Pattern[str]
    foreign: re.Pattern[str]
    more: re.Pattern[str] | None = None
    opens: re.Pattern[str] | None = None
    cause: re.Pattern[str] | None = None
    innermost_last: bool = False


PYTHON = Dialect(
    language="python",
    opens=re.compile(r".*Traceback \(most recent call last\):\s*$"),
    frame=re.compile(r'[\s|+]*File "(?P<where>[^"]+)", line (?P<line>\d+)(?:, in (?P<what>.+))?'),
    more=re.compile(r"\s+\S|During handling of the above|The above exception was the direct"),
    cause=re.compile(
        r"(?P<cause>(?:[\w.]+\.)?[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Warning|Iteration"
        r"|Timeout|Fault|NotFound|DoesNotExist|Refused|Denied|Failed|Full|Empty|Cancelled)\b.*"
        r"|(?:[\w]+\.)+[A-Z]\w*(?:: .*)?$)"
    ),
    foreign=re.compile(
        r"site-packages|dist-packages|/lib(?:64)?/python\d|[\\/]Lib[\\/]|<frozen |<string>"
    ),
    innermost_last=True,
)
GO = Dialect(
    language="go",
    opens=re.compile(
        r"(?:panic: |fatal error: |goroutine \d+ \[|.*\bpanic recovered|.*http: panic serving)"
    ),
    frame=re.compile(r"\s+(?P<where>\S+\.(?:go|s)):(?P<line>\d+)(?: \+0x[0-9a-f]+)?\s*$"),
    more=re.compile(
        r"\s*$|goroutine \d+ \[|\[signal |\s*panic: |exit status \d|created by "
        r"|[\w./*()%·\[\]-]+\(.*\)$"
    ),
    foreign=re.compile(r"/go/src/|/pkg/mod/|/vendor/|/runtime/|/libexec/src/"),
)
NODE = Dialect(
    language="node",
    frame=re.compile(
        r"\s*at (?:(?:async )?(?P<what>[^()]+?(?: \[as \w+\])?) \()?"
        r"(?P<where>[^\s():][^()]*?):(?P<line>\d+):\d+\)?,?\s*\{?\s*$"
    ),
    more=re.compile(
        r"\s*at .*(?:<anonymous>|\(native\)|new Promise|index \d+\))|\s+\[?cause\]?: "
        r"|\s+\w+: .*|\}\s*$"
    ),
    cause=re.compile(r"\s+\[cause\]: (?P<cause>.+)"),
    foreign=re.compile(r"node_modules|node:|^internal/|\(internal/"),
)
JAVA = Dialect(
    language="java",
    frame=re.compile(
        r"\s*at (?P<what>[\w$.<>/@+-]+)"
        r"\((?:(?P<where>[\w$.-]+\.(?:java|kt|kts|scala|groovy|clj))(?::(?P<line>\d+))?"
        r"|Native Method|Unknown Source)\)"
    ),
    more=re.compile(r"\s*(?:Caused by: |Suppressed: |Wrapped by: |\.\.\. \d+ (?:more|common))"),
    cause=re.compile(r"\s*Caused by: (?P<cause>.+)"),
    foreign=re.compile(
        r"\bat (?:[\w.]+@?[\w.]*/{1,2})?(?:java|javax|jakarta|jdk|sun|com\.sun|kotlin|kotlinx"
        r"|scala|groovy"
        r"|org\.(?:springframework|apache|hibernate|eclipse|jboss|postgresql|mariadb|mongodb"
        r"|elasticsearch"
        r"|junit|slf4j)|io\.(?:netty|grpc|undertow|micrometer|lettuce|vertx)|reactor|ch\.qos"
        r"|redis\.clients"
        r"|com\.(?:zaxxer|mysql|fasterxml|google\.common|mongodb|rabbitmq|amazonaws)|okhttp3"
        r"|akka|feign)\."
    ),
)
DOTNET = Dialect(
    language="dotnet",
    frame=re.compile(
        r"\s*at (?P<what>[\w.`<>\[\],+$|]+ ?\(.*?\))(?: in (?P<where>.+?):line (?P<line>\d+))?\s*$"
    ),
    more=re.compile(r"\s*--- End of |\s*---> |\s*--- "),
    cause=re.compile(r"(?:.*?)\s*---> (?P<cause>.+)"),
    foreign=re.compile(
        r"\bat (?:System|Microsoft|Npgsql|Grpc|lambda_method|Polly|Newtonsoft|MySql"
        r"|StackExchange)\b"
    ),
)
RUBY = Dialect(
    language="ruby",
    frame=re.compile(
        r"\s*(?:from |\d+: from )?(?P<where>[^\s:]+\.rb):(?P<line>\d+):in [`'](?P<what>[^']+)'\s*$"
    ),
    foreign=re.compile(r"/gems/|/ruby/\d|/lib/ruby/|<internal:"),
)

DIALECTS = (PYTHON, GO, NODE, JAVA, DOTNET, RUBY)
