"""Pods as far as the storage they use."""

from collections.abc import Iterable

import msgspec

from jamie_kubernetes.client.objects import Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class ClaimSource(_Wire, frozen=True):
    """The claim a volume is."""

    claim_name: str = ""


class EmptyDir(_Wire, frozen=True):
    """A volume that lives as long as its pod."""


class Volume(_Wire, frozen=True):
    """A volume of a pod, as far as what kind it is."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    empty_dir: EmptyDir | None = None


class StoringSpec(_Wire, frozen=True):
    """What a pod mounts."""

    volumes: tuple[Volume, ...] = ()


class ClaimingPod(_Wire, frozen=True):
    """A pod, as far as what it stores and where."""

    metadata: Meta
    spec: StoringSpec = StoringSpec()

    @property
    def claims(self) -> Iterable[str]:
        """Return the claims it uses."""
        sources = (one.persistent_volume_claim for one in self.spec.volumes)
        return {one.claim_name for one in sources if one}


class ClaimAccess(_Wire, frozen=True):
    """Who may mount a claim."""

    access_modes: tuple[str, ...] = ()


class AccessedClaim(_Wire, frozen=True):
    """A claim, as far as how many may mount it."""

    metadata: Meta
    spec: ClaimAccess = ClaimAccess()

    @property
    def single(self) -> bool:
        """Tell whether only one node, or one pod, may write to it and nobody else read."""
        modes = set(self.spec.access_modes)
        return bool(modes) and modes <= {"ReadWriteOnce", "ReadWriteOncePod"}
