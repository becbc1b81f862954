"""The tools of this server, and the parameters they share."""

from typing import Annotated

from pydantic import Field

from jamie_base.redact import Redactor
from jamie_base.toolset import INJECTED, INJECTED_REDACTOR, Toolset
from jamie_kubernetes.client import Cluster

tools = Toolset(chooser="context", chooser_help="Kubeconfig context.")

MOST_LINES = 10_000
"""Lines of a container that may be asked for; here, for what reads them is imported late."""

Backend = Annotated[Cluster, INJECTED]
Marks = Annotated[Redactor, INJECTED_REDACTOR]

Namespace = Annotated[str, Field(description="Namespace; empty: all.", max_length=63)]
Home = Annotated[str, Field(description="Empty: where the name exists.", max_length=63)]
Selector = Annotated[str, Field(description="Labels, e.g. app=web,tier!=db.", max_length=1000)]
Cursor = Annotated[str, Field(description="From the last answer.", max_length=2000)]
Since = Annotated[str, Field(description="15m, 2h, now-1d, RFC 3339.", max_length=64)]
