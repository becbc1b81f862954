"""The arguments the tools share, and the set they are added to."""

from typing import Annotated, Literal

from pydantic import Field

from jamie_base.toolset import INJECTED, Toolset
from jamie_prometheus.client import Prometheus

tools = Toolset(chooser="source", chooser_help="Which Prometheus to ask.")

Backend = Annotated[Prometheus, INJECTED]
PromQL = Annotated[str, Field(description="A PromQL expression.", min_length=1, max_length=20_000)]
Time = Annotated[str, Field(description="When: now, now-1h, 15m (= ago), RFC 3339 or epoch.")]
Start = Annotated[str, Field(description="Start, e.g. 1h (= ago), now-6h, RFC 3339 or epoch.")]
End = Annotated[str, Field(description="End, in the same forms.")]
Step = Annotated[
    str, Field(description="Distance of points, e.g. 30s; empty: as fine as the data.")
]
Rank = Annotated[
    Literal["change", "max", "last"],
    Field(description="Which series come first: by this, largest."),
]
State = Annotated[Literal["all", "firing", "pending"], Field(description="Alerts in which state.")]
Match = Annotated[
    str, Field(description='Label matchers, e.g. severity="critical", namespace=~"shop|pay".')
]
Limit = Annotated[int, Field(ge=1, le=200, description="Series to show.")]
RangeLimit = Annotated[int, Field(ge=1, le=100, description="Series to show.")]
AlertLimit = Annotated[int, Field(ge=1, le=200, description="Alerts to show.")]
Cursor = Annotated[str, Field(description="The cursor of the answer before, to go on after it.")]
