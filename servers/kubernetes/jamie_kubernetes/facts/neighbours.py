"""Pods alike, as others on the network see them; the cluster's DNS among them."""

import re
from collections.abc import Mapping

import msgspec

from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.facts.crowd import Labels, LabelSet
from jamie_kubernetes.facts.policies import Peer

SYSTEM = "kube-system"
_DNS_NAME = re.compile(r"(?:deploy|ds|sts)/[a-z0-9-]*(?:kube-?dns|coredns)[a-z0-9-]*")


class Neighbours(msgspec.Struct, frozen=True):
    """Pods of a namespace that bear the same labels, of one owner."""

    peer: Peer
    owner: str
    total: int
    ready: int

    @property
    def key(self) -> str:
        """Return whose they are."""
        return key_of(self.peer.namespace, self.owner)

    @property
    def is_dns(self) -> bool:
        """Tell whether they answer the cluster's names."""
        if self.peer.namespace != SYSTEM:
            return False

        return self.peer.labels.get("k8s-app") == "kube-dns" or bool(
            _DNS_NAME.fullmatch(self.owner)
        )


def neighbours(
    seen: Mapping[str, Mapping[Labels, LabelSet]],
    spaces: Mapping[str, Mapping[str, str]] | None,
) -> list[Neighbours]:
    """Return the pods of a survey as peers; `spaces` has the labels of namespaces, if known."""
    return [
        Neighbours(
            Peer(
                namespace,
                dict(labels),
                spaces.get(namespace, {}) if spaces is not None else None,
                tuple(port for one in found.first.spec.containers for port in one.ports),
            ),
            found.owner,
            found.total,
            found.ready,
        )
        for namespace, sets in seen.items()
        for labels, found in sets.items()
    ]
