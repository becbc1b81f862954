"""What a caller wants diagnosed: an object with what hangs on it, a namespace, or the cluster."""

import msgspec

from jamie_kubernetes.answers_diagnose import Finding, key_of
from jamie_kubernetes.client import Cluster
from jamie_kubernetes.client.objects import Named
from jamie_kubernetes.facts.owners import owner_of
from jamie_kubernetes.kinds import NODES, PODS, SERVICES, short_kind
from jamie_kubernetes.tools.anything import object_named
from jamie_kubernetes.tools.parts import check_namespace
from jamie_kubernetes.tools.targets import RUNS_PODS

BARE = (*RUNS_PODS, PODS, SERVICES, NODES)
"""Kinds a bare name is tried as, in order."""


class Subject(msgspec.Struct, frozen=True):
    """What is diagnosed, in words, and the keys of findings that concern it; empty: all."""

    words: str
    namespace: str = ""
    keys: frozenset[str] = frozenset()
    pod: str = ""

    def concerns(self, one: Finding) -> bool:
        """Tell whether a finding is about it, or explains or hits it."""
        if not self.keys:
            return self._is_inside(one)

        named = {one.key, *one.affects, *one.follows}
        return bool(self.keys & named) or bool(self.pod and self.pod in one.pods)

    def _is_inside(self, one: Finding) -> bool:
        """Tell whether a finding is of the namespace, or hits something in it."""
        if not self.namespace or one.key == f"ns/{self.namespace}":
            return True

        return any(key.startswith(f"{self.namespace}/") for key in (one.key, *one.affects))


async def subject_of(cluster: Cluster, text: str, namespace: str) -> Subject:
    """Find what is meant.

    Raises:
        NotFound: It does not exist; the nearest names are offered.
        InvalidArgument: It is no name, or in several namespaces.

    """
    await check_namespace(cluster, namespace)
    if not text:
        return Subject(
            f"namespace {namespace}" if namespace else f"cluster {cluster.access.context}",
            namespace,
        )

    return await _object(cluster, text, namespace)


async def _object(cluster: Cluster, text: str, namespace: str) -> Subject:
    target = await object_named(cluster, text, namespace, BARE)
    own = key_of(target.namespace, str(target))
    # Findings about custom kinds name them in full, whatever short names a cluster has for them.
    full = key_of(target.namespace, f"{short_kind(target.kind.name)}/{target.name}")
    where = f" in namespace {target.namespace}" if target.namespace else ""
    words = f"{target}{where}"
    if target.kind != PODS:
        return Subject(words, target.namespace, frozenset({own, full}))

    pod = await cluster.get(target.path, Named)
    owner = owner_of(pod.metadata)
    keys = {own, *([key_of(target.namespace, str(owner))] if owner else [])}

    return Subject(words, target.namespace, frozenset(keys), target.name)
