"""Claims and attachments reduced while they come: the odd ones kept."""

from collections.abc import Sequence

from jamie_kubernetes.client.storage import Attachment, Claim


class ClaimTally:
    """Takes claims page by page, and keeps those that are not simply bound."""

    def __init__(self) -> None:
        self.total = 0
        self.odd: list[Claim] = []

    def add(self, page: Sequence[Claim]) -> None:
        """Take one page."""
        self.total += len(page)
        self.odd += (one for one in page if _is_odd(one))


class AttachmentTally:
    """Takes attachments page by page, and keeps those that went wrong."""

    def __init__(self) -> None:
        self.wrong: list[Attachment] = []

    def add(self, page: Sequence[Attachment]) -> None:
        """Take one page."""
        self.wrong += (one for one in page if one.status.attach_error or one.status.detach_error)


def _is_odd(one: Claim) -> bool:
    status = one.status
    changing = bool(status.conditions or status.allocated_resource_statuses)
    return status.phase != "Bound" or changing or one.metadata.deletion_timestamp is not None
