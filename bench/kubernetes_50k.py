"""Measure the Kubernetes server against kubectl on a cluster of 50,000 pods."""

import sys

from scale.fleet import cluster
from scale.measure import Goal, compare

GOALS = (Goal("k8s_pods", 0.2), Goal("k8s_overview", 0.25), Goal("k8s_diagnose", 0.35))

if __name__ == "__main__":
    with cluster(50_000) as scale:
        sys.exit(not compare(scale, GOALS, memory=0.12))
