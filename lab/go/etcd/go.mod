// What the lab builds from; the versions are pinned here and in go.sum.
module jamie-lab/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 v3.7.3
