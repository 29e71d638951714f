"""The frames that almost all clients almost always send, found without a parser's state (RFC 6455, section 5.2)."""

from typing import NamedTuple

from websockets.frames import Opcode
from websockets.utils import apply_mask

MASKED = 0x80
TEXT = 0x80 | Opcode.TEXT
"""The first byte of a text message in one frame."""
PONG = 0x80 | Opcode.PONG
SHORT_MAX = 125
MASK_BYTES = 4


class WholeFrame(NamedTuple):
    """A message or pong in one piece."""

    opcode: Opcode
    data: bytes


def whole_frames(data: bytes, limit: int) -> list[WholeFrame] | None:
    """What is in `data` when that begins and ends with a frame, and each is a whole masked text message of at most
    `limit` bytes, or a pong. None for everything else: for `websockets` to read, and to find out what is wrong."""
    frames: list[WholeFrame] = []
    at, end = 0, len(data)
    while at < end:
        if end - at < 2 + MASK_BYTES:
            return None
        first, size, mask_at = data[at], data[at + 1] - MASKED, at + 2
        if size == SHORT_MAX + 1 and first == TEXT:
            mask_at = at + 4
            size = int.from_bytes(data[at + 2 : mask_at])
        elif not 0 <= size <= SHORT_MAX or first not in (TEXT, PONG):
            return None
        begin = mask_at + MASK_BYTES
        at = begin + size
        if at > end or size > limit:
            return None
        opcode = Opcode.TEXT if first == TEXT else Opcode.PONG
        frames.append(WholeFrame(opcode, apply_mask(data[begin:at], data[mask_at:begin])))
    return frames
