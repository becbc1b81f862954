"""Every cause of the checklist: detected live, played, or not to be had on the lab, and why.

One tuple an area; `tests/live/test_kubernetes_diagnose_*.py` stage and diagnose them, and
`tests/kubernetes/test_diagnose.py` holds the table against the causes the code knows.
"""

from collections.abc import Mapping, Sequence

from tests.live.causes import Cause

TABLE: Mapping[str, Sequence[Cause]] = {}
