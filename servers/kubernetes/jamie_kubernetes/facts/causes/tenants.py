"""Who is on a node: its pods by owner, those that are not ready first."""

from collections.abc import Sequence

from jamie_kubernetes.answers_diagnose import key_of
from jamie_kubernetes.client.objects import Pod
from jamie_kubernetes.facts.crowd import is_ready, owner_name

OWNERS_KEPT = 200


class Tenants:
    """Takes the pods of a node page by page."""

    def __init__(self) -> None:
        self.pods = 0
        self.unready = 0
        self._owners: dict[str, None] = {}

    def add(self, page: Sequence[Pod]) -> None:
        """Take one page."""
        for pod in page:
            if pod.status.phase in ("Succeeded", "Failed"):
                continue
            self.pods += 1
            if not is_ready(pod):
                self.unready += 1
                if len(self._owners) < OWNERS_KEPT:
                    self._owners[key_of(pod.metadata.namespace, owner_name(pod))] = None

    @property
    def owners(self) -> tuple[str, ...]:
        """Return the owners of those that are not ready."""
        return tuple(self._owners)
