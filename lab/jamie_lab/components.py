"""The programs the lab builds: which module, which packages, which flags."""

import hashlib
import json
from pathlib import Path

import msgspec

from jamie_lab.paths import LAB_SOURCES

KUBERNETES = "v1.37.2"
KWOK = "v0.8.0"
METRICS_SERVER = "v0.9.0"
PROMETHEUS = "3.16.0"
LOKI = "3.7.8"


class Component(msgspec.Struct, frozen=True):
    """One Go module under lab/go: programs by name to the package each is built from."""

    name: str
    programs: dict[str, str]
    variables: dict[str, str] = {}
    tags: str = ""
    # Folders of the module's own sources to keep beside the programs: kept name -> (module, path).
    keeps: dict[str, tuple[str, str]] = {}

    @property
    def sources(self) -> Path:
        """Return the folder of its go.mod."""
        return LAB_SOURCES / "go" / self.name

    @property
    def ldflags(self) -> str:
        """Return the linker flags: no debug information, and the versions."""
        settings = (f"-X {variable}={value}" for variable, value in self.variables.items())

        return " ".join(("-s -w", *settings))

    def stamp(self) -> str:
        """Give a short hash of everything the programs are made from."""
        recipe = hashlib.sha256()
        for file in ("go.mod", "go.sum"):
            recipe.update((self.sources / file).read_bytes())
        flags = [self.programs, self.variables, self.tags, self.keeps]
        recipe.update(json.dumps(flags, sort_keys=True).encode())

        return recipe.hexdigest()[:16]


def _kubernetes_version(version: str) -> dict[str, str]:
    package = "k8s.io/component-base/version"
    major, minor, _ = version.removeprefix("v").split(".")

    return {
        f"{package}.gitVersion": version,
        f"{package}.gitMajor": major,
        f"{package}.gitMinor": minor,
        f"{package}.gitTreeState": "clean",
    }


COMPONENTS = (
    Component("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Component(
        "kwok",
        {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        variables={"sigs.k8s.io/kwok/pkg/consts.Version": KWOK},
        keeps={"manifests": ("sigs.k8s.io/kwok", "kustomize")},
    ),
    Component(
        "kubernetes",
        {
            program: f"k8s.io/kubernetes/cmd/{program}"
            for program in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubectl",
            )
        },
        variables=_kubernetes_version(KUBERNETES),
    ),
    Component(
        "prometheus",
        {
            program: f"github.com/prometheus/prometheus/cmd/{program}"
            for program in ("prometheus", "promtool")
        },
        variables={
            "github.com/prometheus/common/version.Version": PROMETHEUS,
            "github.com/prometheus/common/version.Branch": "v0.316.0",
        },
        # One of the service-discovery dependencies cannot be had; the lab uses http_sd only.
        tags="remove_all_sd",
    ),
    Component(
        "loki",
        {"loki": "github.com/grafana/loki/v3/cmd/loki"},
        variables={
            "github.com/grafana/loki/v3/pkg/util/build.Version": LOKI,
            "github.com/grafana/loki/v3/pkg/util/build.Branch": f"v{LOKI}",
        },
    ),
    Component(
        "metrics-server",
        {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
        variables={
            "k8s.io/client-go/pkg/version.gitVersion": METRICS_SERVER,
            "k8s.io/component-base/version.gitVersion": METRICS_SERVER,
        },
    ),
)
