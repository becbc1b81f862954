"""Every cause of the checklist: detected live, played, or not to be had on the lab, and why.

One tuple an area; `tests/live/test_kubernetes_diagnose_*.py` stage and diagnose them, and
`tests/kubernetes/test_cause_table.py` holds the table against the causes the code knows.
"""

from collections.abc import Mapping, Sequence

from tests.live.causes import Cause
from tests.live.causes_admission import ADMISSION, QUOTAS, SECURITY
from tests.live.causes_containers import CONTAINERS
from tests.live.causes_control import CONTROL, OPERATORS
from tests.live.causes_jobs import JOBS
from tests.live.causes_networking import NETWORKING
from tests.live.causes_nodes import NODES
from tests.live.causes_placement import PLACEMENT
from tests.live.causes_routes import ROUTES
from tests.live.causes_scaling import SCALING
from tests.live.causes_services import SERVICES
from tests.live.causes_storage import STORAGE
from tests.live.causes_workloads import WORKLOADS

TABLE: Mapping[str, Sequence[Cause]] = {
    "containers": CONTAINERS,
    "control plane": CONTROL,
    "custom resources": OPERATORS,
    "networking": NETWORKING,
    "workloads": (*WORKLOADS, *JOBS),
    "scaling": SCALING,
    "services": (*SERVICES, *ROUTES),
    "admission": (*ADMISSION, *QUOTAS, *SECURITY),
    "placement": PLACEMENT,
    "nodes": NODES,
    "storage": STORAGE,
}
