"""WebSocket frames (RFC 6455), as a client speaks them; no I/O.

Written out because a library would open a connection of its own, past the place where every request
gets its credentials, its limits and whom it acts as. What is needed is small: text and binary
messages, fragments, pings, the end.
"""

import base64
import hashlib
import os
import struct
from collections.abc import Iterator

import msgspec

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

LARGEST_MESSAGE = 1024 * 1024
_LONGEST_CONTROL = 125
_NORMAL_CLOSURE = 1000
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class ProtocolError(Exception):
    """The other side does not speak WebSocket."""


class Message(msgspec.Struct, frozen=True):
    """A whole message, or a control frame."""

    opcode: int
    payload: bytes


def fresh_key() -> str:
    """Return a key for a handshake."""
    return base64.b64encode(os.urandom(16)).decode()


def accepted(key: str) -> str:
    """Return the answer that proves that the other side read the key."""
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()

    return base64.b64encode(digest).decode()


def frame(opcode: int, payload: bytes = b"") -> bytes:
    """Return a frame as a client sends it: whole, and masked."""
    mask = os.urandom(4)
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 2**16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)

    return head + mask + bytes(one ^ mask[place % 4] for place, one in enumerate(payload))


def closing() -> bytes:
    """Return the frame that ends a connection."""
    return frame(CLOSE, struct.pack("!H", _NORMAL_CLOSURE))


class Messages:
    """Puts messages together from what comes in."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts = bytearray()
        self._opcode = CONTINUED

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes and yield the messages that are whole by then.

        Raises:
            ProtocolError: They are no frames, or a message is larger than we read.

        """
        self._buffer += data
        while found := self._frame():
            final, opcode, payload = found
            if opcode >= CLOSE:
                yield Message(opcode, payload)
            elif message := self._joined(opcode, payload, final=final):
                yield message

    def _joined(self, opcode: int, payload: bytes, *, final: bool) -> Message | None:
        if (opcode == CONTINUED) != (self._opcode != CONTINUED):
            raise ProtocolError("a message begins inside another, or goes on without a beginning")
        self._opcode = self._opcode or opcode
        self._parts += payload
        if len(self._parts) > LARGEST_MESSAGE:
            raise ProtocolError(f"a message is larger than {LARGEST_MESSAGE:,} bytes")
        if not final:
            return None

        message = Message(self._opcode, bytes(self._parts))
        self._parts.clear()
        self._opcode = CONTINUED
        return message

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """Take one frame off the buffer, if it is whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None

        final, opcode, size = bool(buffer[0] & 0x80), buffer[0] & 0x0F, buffer[1] & 0x7F
        self._check(buffer[0], buffer[1], opcode, size, final=final)
        wide = {126: ("!H", 2), 127: ("!Q", 8)}.get(size)
        start = 2 + (wide[1] if wide else 0)
        if len(buffer) < start:
            return None
        if wide:
            (size,) = struct.unpack_from(wide[0], buffer, 2)
        if size > LARGEST_MESSAGE:
            raise ProtocolError(f"a message is larger than {LARGEST_MESSAGE:,} bytes")
        if len(buffer) < start + size:
            return None

        payload = bytes(buffer[start : start + size])
        del buffer[: start + size]
        return final, opcode, payload

    def _check(self, first: int, second: int, opcode: int, size: int, *, final: bool) -> None:
        if first & 0x70 or second & 0x80:
            raise ProtocolError("a frame is masked, or has bits that nobody agreed to")
        if opcode not in (CONTINUED, TEXT, BINARY, CLOSE, PING, PONG):
            raise ProtocolError(f"a frame is of the unknown kind {opcode}")
        if opcode >= CLOSE and (size > _LONGEST_CONTROL or not final):
            raise ProtocolError("a control frame is too long, or in pieces")
