// What the lab builds from; the versions are pinned here and in go.sum.
module jamie-lab/kwok

go 1.26.0

require sigs.k8s.io/kwok v0.8.0
