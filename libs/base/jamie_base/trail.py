"""What a write leaves behind: an audit line before and after, and the undo record.

Where the way back is known beforehand it is kept before anything is sent. Whatever ends the process
then, the record is there; it cannot do harm, as undoing looks first whether things are as left.
"""

from dataclasses import dataclass, field
from typing import Any

from jamie_base.audit import AuditFailed
from jamie_base.call import Call, entry
from jamie_base.desk import Desk
from jamie_base.errors import BackendError, NotReached, Unsure
from jamie_base.plan import Outcome, Plan, Undo
from jamie_base.text import join_words

UNANSWERED = "It may or may not be done: look before you try again."


@dataclass
class Trail:
    """The trail of one write; `records` name what takes it back, by target, once that is kept."""

    desk: Desk[Any]
    call: Call
    plan: Plan
    records: dict[str, str] = field(default_factory=dict[str, str])

    def begin(self) -> None:
        """Keep the ways back and note what is about to happen.

        Raises:
            BackendError: An undo record cannot be written: the plan promised it.
            AuditFailed: The audit line cannot be written.

        """
        try:
            for undo in self.plan.ways_back:
                self._keep(undo)
            self.desk.audit.must_record(entry(self.call, f"acting: {self.plan.summary}"))
        except OSError as exc:
            self.forget()
            raise BackendError(
                f"The undo record cannot be written ({exc}); nothing was changed."
                " See JAMIE_STATE_DIR."
            ) from exc
        except AuditFailed:
            self.forget()
            raise

    def end(self, outcome: Outcome) -> str:
        """Note what was done, and return a word about taking it back."""
        done = {undo.target for undo in outcome.undos}
        for target in self.records.keys() - done:
            self._drop(target)
        word = "\n".join(self._word(undo) for undo in outcome.undos) or self.plan.undo
        self._note(outcome, word)

        return word

    def end_unanswered(self, outcome: Outcome) -> str:
        """Note that nobody knows whether it was done; the way back stays."""
        word = f"{UNANSWERED}{self.if_done()}"
        self._note(outcome, word)

        return word

    def fail(self, error: Exception) -> Exception:
        """Return the error to raise; what was surely not done needs no way back."""
        if isinstance(error, Unsure):
            return Unsure(f"{error}{self.if_done()}")

        self.forget()
        return NotReached(f"{error} Nothing was sent.") if isinstance(error, NotReached) else error

    def forget(self) -> None:
        """Remove the records of what did not happen."""
        for target in tuple(self.records):
            self._drop(target)

    def if_done(self) -> str:
        """Say which records take it back, if it was done after all."""
        names = join_words(self.records.values())
        many = "records" if len(self.records) > 1 else "record"

        return f" If it was done, it can be undone: {many} {names}." if names else ""

    def _drop(self, target: str) -> None:
        self.desk.undo_log.forget(self.records.pop(target))

    def _word(self, undo: Undo) -> str:
        try:
            name = self._keep(undo)
        except OSError as exc:
            if undo.target not in self.records:
                return f"No undo record could be written ({exc}): take it back by hand."
            name = self.records[undo.target]

        return f"Undo record {name}: {undo.summary}."

    def _keep(self, undo: Undo) -> str:
        tool, source = self.call.spec.name, self.call.source
        kept = self.records.get(undo.target, "")
        self.records[undo.target] = self.desk.undo_log.keep(tool, source, undo, kept)

        return self.records[undo.target]

    def _note(self, outcome: Outcome, word: str) -> None:
        self.desk.audit.record(entry(self.call, f"acted: {outcome.summary}. {word}"))
