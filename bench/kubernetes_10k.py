"""Measure the Kubernetes server against kubectl on a cluster of 10,000 pods."""

import sys

from scale.fleet import cluster
from scale.measure import Goal, compare

GOALS = (Goal("k8s_pods", 0.3), Goal("k8s_overview", 0.5), Goal("k8s_diagnose", 0.7))

if __name__ == "__main__":
    with cluster(10_000) as scale:
        sys.exit(not compare(scale, GOALS, memory=0.4))
