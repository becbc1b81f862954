"""WebSocket frames, as a client reads and writes them."""

import struct

import pytest

from jamie_kubernetes.client.websocket import (
    BINARY,
    CLOSE,
    CONTINUED,
    LARGEST_MESSAGE,
    PING,
    TEXT,
    Message,
    Messages,
    ProtocolError,
    accepted,
    closing,
    frame,
    fresh_key,
)
from tests.kubernetes.kubelet import sent


def read(data: bytes) -> list[Message]:
    return [*Messages().feed(data)]


def unmasked(data: bytes) -> tuple[int, bytes]:
    """What the other side makes of a frame of ours."""
    assert data[1] & 0x80, "a client's frames are masked"
    wide = {126: ("!H", 2), 127: ("!Q", 8)}.get(data[1] & 0x7F)
    start = 2 + (wide[1] if wide else 0)
    size = struct.unpack_from(wide[0], data, 2)[0] if wide else data[1] & 0x7F
    mask, payload = data[start : start + 4], data[start + 4 :]
    assert len(payload) == size
    return data[0] & 0x0F, bytes(one ^ mask[place % 4] for place, one in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_size_come_through(size: int) -> None:
    payload = b"x" * size

    assert read(sent(BINARY, payload)) == [Message(BINARY, payload)]
    assert unmasked(frame(BINARY, payload)) == (BINARY, payload)


def test_what_comes_in_pieces_is_put_together() -> None:
    data = sent(TEXT, b"hello") + sent(BINARY, b"y" * 300) + sent(CLOSE)
    messages = Messages()
    found = [one for byte in data for one in messages.feed(bytes([byte]))]

    assert found == [Message(TEXT, b"hello"), Message(BINARY, b"y" * 300), Message(CLOSE, b"")]


def test_a_message_in_fragments_is_one_and_a_ping_may_come_between() -> None:
    data = (
        sent(BINARY, b"one ", final=False)
        + sent(PING, b"there?")
        + sent(CONTINUED, b"two ", final=False)
        + sent(CONTINUED, b"three")
    )

    assert read(data) == [Message(PING, b"there?"), Message(BINARY, b"one two three")]


def test_the_key_of_the_standard_has_the_answer_of_the_standard() -> None:
    assert accepted("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert fresh_key() != fresh_key()


def test_the_end_is_said_with_its_reason() -> None:
    assert unmasked(closing()) == (CLOSE, struct.pack("!H", 1000))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request", "has bits that nobody agreed to"),
        (frame(BINARY, b"masked"), "a frame is masked"),
        (bytes([0x83, 0]), "of the unknown kind 3"),
        (sent(PING, b"", final=False), "a control frame is too long, or in pieces"),
        (sent(PING, b"x" * 126), "a control frame is too long"),
        (sent(CONTINUED, b"x"), "goes on without a beginning"),
        (sent(BINARY, b"x", final=False) + sent(BINARY, b"y"), "a message begins inside another"),
        (struct.pack("!BBQ", 0x82, 127, LARGEST_MESSAGE + 1), "a message is larger than"),
        (sent(BINARY, b"x" * LARGEST_MESSAGE, final=False) + sent(CONTINUED, b"y"), "larger than"),
    ],
)
def test_what_is_no_websocket_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(data)

    assert said in str(caught.value)
