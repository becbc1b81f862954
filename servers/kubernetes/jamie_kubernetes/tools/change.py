"""A change of one object, from what a tool wants to what is so afterwards."""

from typing import Literal

import msgspec

from jamie_kubernetes.client.sending import APPLY, NOW, Object, Sending, text_at
from jamie_kubernetes.facts.fields import Field, compared, sown
from jamie_kubernetes.tools.targets import Target

Watch = Literal["fields", "rollout", "gone"]

CAN_UNDO = "This can be undone with k8s_undo."


class Job(msgspec.Struct, frozen=True):
    """A change as a tool wants it: of what, sent how, in which words, checked how.

    `summary` is an infinitive, `done` what is so afterwards; `below` names the subresource that is
    looked at and changed instead of the object.
    """

    target: Target
    sending: Sending
    summary: str
    done: str
    watch: Watch = "fields"
    below: str = ""
    undo: str = CAN_UNDO

    @property
    def applies(self) -> bool:
        """Tell whether it makes the object where there is none."""
        return self.sending.media == APPLY

    @property
    def path(self) -> str:
        """Return the path of what is looked at."""
        rest = (self.target.name, self.below) if self.below else (self.target.name,)
        return self.target.kind.path(self.target.namespace, *rest)


class Errand(msgspec.Struct, frozen=True, tag="change"):
    """What acting needs: the change, and the fields it is to change, as they were and will be.

    `uid` is the object's; empty where there is to be a new one.
    """

    job: Job
    fields: tuple[Field, ...]
    uid: str = ""


class WayBack(msgspec.Struct, frozen=True):
    """What undoing needs: which object, and its fields before and as we left them.

    Of an object that we made, `made` holds the fields the server notes as ours: none of an object
    that has only a name.
    """

    context: str
    target: Target
    below: str
    watch: Watch
    fields: tuple[Field, ...]
    made: Object = {}
    new: bool = False

    @property
    def made_it(self) -> bool:
        """Tell whether the object is of our making."""
        return self.new or bool(self.made)


class Acted(msgspec.Struct, frozen=True):
    """What is changed, before and after; nothing before where it is new.

    What was only `rehearsed` has no uid yet where it is new.
    """

    before: Object
    after: Object
    rehearsed: bool = False

    @property
    def uid(self) -> str:
        """Return the uid of the object, as far as it is known."""
        known = self.after if not self.rehearsed else self.before
        return text_at(known, "metadata", "uid")


class Draft(msgspec.Struct, frozen=True):
    """A change that was rehearsed: the object as it is, what would change, and a word about that.

    `whole` is empty where there is none yet. Where nothing could be rehearsed, what it would be is
    `guessed`.
    """

    job: Job
    whole: Object
    acted: Acted
    fields: tuple[Field, ...]
    note: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def changes(self) -> bool:
        """Tell whether anything would be other than it is."""
        return not self.whole or bool(self.fields)

    @property
    def errand(self) -> Errand:
        """Return what acting needs."""
        fields = () if self.guessed else self.fields
        return Errand(self.job, fields, text_at(self.whole, "metadata", "uid"))


def moves(field: Field) -> bool:
    """Tell whether a field holds the moment of sending, which no plan knows."""
    return field.after == NOW


def fields_of(job: Job, acted: Acted) -> tuple[Field, ...]:
    """Return the fields that a change sets to something else."""
    if acted.before:
        return tuple(compared(acted.before, acted.after))

    return tuple(sown(job.sending.content, acted.after))
