// What the lab builds from; the versions are pinned here and in go.sum.
module jamie-lab/metrics-server

go 1.26.4

require sigs.k8s.io/metrics-server v0.9.0
