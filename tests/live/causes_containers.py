"""Causes of pods that have a node: statuses, events and logs as real kubelets give them.

kwok plays the kubelets, so what a kubelet would say is patched and posted; whom a finding is about,
what is referred to, who else runs and what was run before are real objects.
"""

from tests.live.causes_ends import ENDS
from tests.live.causes_runs import RUNS, SOUND
from tests.live.causes_starts import STARTS

CONTAINERS = (*ENDS, *STARTS, *RUNS, *SOUND)
