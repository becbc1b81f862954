// What the lab builds from; the versions are pinned here and in go.sum.
module jamie-lab/prometheus

go 1.26.7

require github.com/prometheus/prometheus v0.316.0
