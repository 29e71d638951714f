"""The numbers of messages in a block of the index, as bytes."""

import struct
from collections.abc import Sequence

BLOCK_MAX = 2048
"""Messages in a block. Fewer would make more rows, more would leave more messages to be read one by one."""
BITMAP_BYTES = BLOCK_MAX // 8


def pack_places(places: Sequence[tuple[int, int, int]]) -> bytes:
    """Of each message in a block: which of the block's rooms, `seq`, time."""
    longs = [seq for _, seq, _ in places] + [at for _, _, at in places]
    return struct.pack(f"<{len(places)}H{len(longs)}Q", *[room for room, _, _ in places], *longs)


def places_of(packed: bytes) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    count = len(packed) // struct.calcsize("<HQQ")
    values = struct.unpack(f"<{count}H{2 * count}Q", packed)
    return values[:count], values[count : 2 * count], values[2 * count :]


def pack(numbers: Sequence[int]) -> bytes:
    """Few numbers one by one, many as a bitmap: at most BITMAP_BYTES, and only the bitmap has so many."""
    if 2 * len(numbers) < BITMAP_BYTES:
        return struct.pack(f"<{len(numbers)}H", *numbers)
    bitmap = bytearray(BITMAP_BYTES)
    for number in numbers:
        bitmap[number >> 3] |= 1 << (number & 7)
    return bytes(bitmap)


def unpack(packed: bytes) -> int:
    """The numbers as bits."""
    if len(packed) == BITMAP_BYTES:
        return int.from_bytes(packed, "little")
    return sum(1 << number for number in struct.unpack(f"<{len(packed) // 2}H", packed))


def numbers_of(bits: int, count: int = BLOCK_MAX) -> list[int]:
    """Which bits are set, of the first `count`."""
    return [at for at, bit in zip(range(count), reversed(f"{bits:b}"), strict=False) if bit == "1"]
