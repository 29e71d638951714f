"""Whole frames are found by `frames.py` as `websockets` finds them, and nothing else is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from hubbub.server.frames import WholeFrame, whole_frames

LIMIT = 70_000
SIZES = [0, 1, 125, 126, 127, 1000, 65_535]


def text(size: int, **fields: Any) -> bytes:
    return Frame(Opcode.TEXT, b"x" * size, **fields).serialize(mask=True)


def as_websockets(data: bytes) -> list[WholeFrame]:
    reader = Protocol(SERVER, state=OPEN, max_size=LIMIT)
    reader.receive_data(data)
    return [WholeFrame(frame.opcode, bytes(frame.data)) for frame in reader.events_received()]  # type: ignore[union-attr]


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_message_of_any_size_is_found(size: int) -> None:
    assert whole_frames(text(size), LIMIT) == [WholeFrame(Opcode.TEXT, b"x" * size)]


def test_several_messages_and_pongs_in_one_piece_are_found_in_order() -> None:
    pong = Frame(Opcode.PONG, b"p" * 125).serialize(mask=True)
    data = text(3) + pong + text(500) + Frame(Opcode.PONG, b"").serialize(mask=True)
    assert whole_frames(data, LIMIT) == as_websockets(data)
    assert whole_frames(b"", LIMIT) == []


@pytest.mark.parametrize(
    "odd",
    {
        "a fragment": text(3, fin=False),
        "its continuation": Frame(Opcode.CONT, b"x").serialize(mask=True),
        "a reserved bit": b"\xc1" + text(3)[1:],
        "bytes": Frame(Opcode.BINARY, b"x").serialize(mask=True),
        "a ping": Frame(Opcode.PING, b"x").serialize(mask=True),
        "a close": Frame(Opcode.CLOSE, b"").serialize(mask=True),
        "not masked": Frame(Opcode.TEXT, b"hello, hello").serialize(mask=False),
        "not masked, middling": Frame(Opcode.TEXT, b"x" * 200).serialize(mask=False),
        "a length of 8 bytes": text(65_536),
        "a long pong": b"\x8a\xfe\x00\x7e" + bytes(4 + 126),
        "too long": text(LIMIT + 1),
        "an opcode that is not used": b"\x83\x80" + bytes(4),
    }.items(),
    ids=lambda case: case[0],
)
def test_whatever_else_comes_is_for_websockets(odd: tuple[str, bytes]) -> None:
    assert whole_frames(odd[1], LIMIT) is None
    assert whole_frames(text(3) + odd[1], LIMIT) is None
    assert whole_frames(text(3), 2) is None


def test_what_has_not_come_whole_is_for_websockets() -> None:
    data = text(3) + text(300)
    whole = {0, 9, len(data)}
    for end in range(len(data) + 1):
        assert (whole_frames(data[:end], LIMIT) is not None) == (end in whole)


@given(
    st.lists(st.tuples(st.sampled_from([Opcode.TEXT, Opcode.PONG, Opcode.BINARY]), st.binary(max_size=200))), st.data()
)
def test_what_is_found_is_what_websockets_finds(parts: list[tuple[Opcode, bytes]], pick: Any) -> None:
    data = b"".join(Frame(opcode, words[:125]).serialize(mask=True) for opcode, words in parts)
    data = data[: pick.draw(st.integers(0, len(data)))]
    found = whole_frames(data, LIMIT)
    assert found is None or found == as_websockets(data)
