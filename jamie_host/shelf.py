"""Tool answers too long for a model: kept, shown in pieces."""

import msgspec

from jamie_host.answer import ToolAnswer

MORE = "jamie_more"


class Shelf:
    """Long texts by reference, for one conversation."""

    def __init__(self, piece_bytes: int) -> None:
        self.piece_bytes = piece_bytes
        self._texts: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Tell whether anything is kept."""
        return bool(self._texts)

    def bounded(self, answer: ToolAnswer) -> ToolAnswer:
        """Shorten a long answer to its first piece, which says how to read on."""
        if len(answer.text.encode()) <= self.piece_bytes:
            return answer
        ref = f"r{len(self._texts) + 1}"
        self._texts[ref] = answer.text
        return msgspec.structs.replace(answer, text=self.piece(ref, 0))

    def piece(self, ref: str, offset: int) -> str:
        """Return the piece of a kept text that begins at a character, and where the next begins."""
        text = self._texts.get(ref)
        if text is None:
            return f"There is no kept answer {ref!r}. Kept: {', '.join(self._texts) or 'none'}."
        piece = _cut(text[offset:], self.piece_bytes)
        end = offset + len(piece)
        if end >= len(text):
            return f"{piece}\n(end of {ref})"
        rest = f"{len(text) - end:,} of {len(text):,} characters not shown"
        return f'{piece}\n({rest}; {MORE} ref="{ref}" offset={end} reads on)'


def _cut(text: str, limit: int) -> str:
    """Cut at the last line that fits in a number of bytes, or in the middle of a longer one."""
    whole = text.encode()[:limit].decode(errors="ignore")
    if len(whole) == len(text):
        return whole
    lines = whole.rfind("\n")
    return whole[: lines + 1] if lines > 0 else whole
