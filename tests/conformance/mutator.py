"""Frames that no honest client sends, the same ones for the same seed."""

import json
import random
from typing import Any, NamedTuple, get_args

from websockets.frames import Opcode
from websockets.utils import apply_mask

from hubbub.protocol import AnyCommand
from tests.conformance.peer import head

VALUES: dict[str, list[Any]] = {
    "room": ["lobby", "nowhere"],
    "text": ["hi", "*bold* https://example.org", "naïve ✓"],
    "key": ["a", "b"],
    "reply_to": [1, 2],
    "message": [1, 2, 3, 4],
    "emoji": ["👍", "🌊"],
    "name": ["Plans", "Ann", "Client #7"],
    "after": [None, 1],
    "before": [None, 5],
    "around": [None, 3],
    "limit": [1, 50],
    "seq": [0, 3],
    "utc_offset_min": [0, 60],
    "files": [[], ["f" * 32]],
    "file": [None, "f" * 32],
    "topic": ["", "Green"],
    "announcement": [True, False],
    "slow_s": [0, 9],
    "kind": ["public", "private"],
    "role": ["owner", "member"],
    "person": ["guest-1"],
    "people": [[], ["guest-1"]],
    "uses": [None, 1],
    "hours": [None, 24],
    "address": ["https://chat.example"],
    "invite": ["0" * 16],
    "code": ["x"],
    "status": [None, "away"],
    "time_zone": [None, "Europe/Berlin"],
    "joining": [None, "open"],
    "guests": [None, "yes"],
    "reason": ["", "spam"],
    "note": ["", "done"],
    "minutes": [None, 5],
    "action": [None, "ban"],
    "blocked_words": [[], ["spam"]],
    "links": ["everybody"],
    "retention_days": [None, 30],
    "days": [None, 30],
    "messages": ["neither"],  # a good one would be the last thing that this person says
}
"""Good ones, by the name of the field."""
NASTY: list[Any] = [
    *[None, True, -1, 0, 1.5, 2**31, 2**53, 2**63, -(2**63), 10**30, "", " ", "x" * 5000, "\0", "\u202e", "‮\u200b"],
    *[[], {}, [[]], {"a": {}}, "lobby\n", "../..", "'; --", "<script>", "\ud800", "👍" * 40, "NaN", ["a"] * 50],
]
TOKENS = [
    *[
        b"null",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b'"\\ud800"',
        b"\\u0000",
        b"\0",
        b"[" * 300,
        b"{}" * 20,
        b'"id":1,',
        b",",
    ],
    *[b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"' * 7, b"9" * 400, b"/*", b"'"],
]
LENGTHS = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 2**31, 2**63 - 1, 2**63]


class Mutated(NamedTuple):
    data: bytes
    """For the socket."""
    whole: bool
    """Whether the server knows after it where the next frame begins."""
    text: bool
    """Whether it is one unbroken frame of text, so that the chat owes an answer."""


class Mutator:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self, broken_frames: float) -> Mutated:
        """So large a part of the frames is broken; most of those end the connection."""
        return self.frame() if self._random.random() < broken_frames else self.text()

    def text(self) -> Mutated:
        """A command that something is wrong with, in a frame that is right."""
        content = self._content()
        return Mutated(self._frame(Opcode.TEXT, content), True, _is_utf8(content))

    def frame(self) -> Mutated:
        """A frame that something is wrong with."""
        chance = self._random
        content = self._content()
        whole = True
        match chance.randrange(8):
            case 0:  # any opcode, any flags
                data = self._frame(chance.randrange(16), content, chance.random() < 0.5, chance.randrange(8))
            case 1:  # a close with any code
                code = chance.choice([1000, 1001, 1005, 1006, 2999, 3000, 4000, chance.randrange(2**16) & ~3])
                reason = chance.choice([b"", b"\xff", b"bye", b"x" * 130])
                data = self._frame(Opcode.CLOSE, code.to_bytes(2) + reason)
            case 2:
                data = self._frame(Opcode.CLOSE, chance.randbytes(chance.randrange(3)))
            case 3:
                data = self._frame(chance.choice([Opcode.PING, Opcode.PONG]), chance.randbytes(chance.randrange(140)))
            case 4:  # fragments, also where there is nothing to continue
                opcodes = [chance.choice([0, 1, 2]) for _ in range(chance.randrange(1, 80))]
                data = b"".join(self._frame(code, chance.randbytes(3), chance.random() < 0.1) for code in opcodes)
            case 5:  # not masked
                data = bytes([0x81, len(content) & 127]) + content[:125]
                whole = False
            case 6:  # a length that is not true
                data = head(Opcode.TEXT, chance.choice(LENGTHS)) + chance.randbytes(4) + content
                whole = False
            case _:  # anything
                data = bytearray(self._frame(Opcode.TEXT, content))
                for _ in range(chance.randrange(1, 6)):
                    data[chance.randrange(min(len(data), 14))] = chance.randrange(256)
                data, whole = bytes(data), False
        return Mutated(data, whole, False)

    def _content(self) -> bytes:
        chance = self._random
        kind = chance.choice(get_args(get_args(AnyCommand)[0]))
        fields = {name: chance.choice(VALUES[name]) for name in kind.model_fields if name not in ("type", "id")}
        command = {"type": kind.model_fields["type"].default, "id": chance.randrange(10**6)} | fields
        if chance.random() < 0.5:
            command[chance.choice(list(command))] = chance.choice(NASTY)
        if chance.random() < 0.1:
            command[chance.choice(["", "extra", "__proto__"])] = chance.choice(NASTY)
        content = json.dumps(command).encode()
        return content if chance.random() < 0.4 else self._broken(content)

    def _broken(self, content: bytes) -> bytes:
        chance = self._random
        at = chance.randrange(len(content))
        end = at + chance.randrange(12)
        match chance.randrange(5):
            case 0:
                return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
            case 1:
                return content[:at] + content[end:]
            case 2:
                return content[:end] + content[at:]
            case 3:
                return content[:at] + chance.choice(TOKENS) + content[at:]
            case _:
                return content[:at]

    def _frame(self, opcode: int, data: bytes, fin: bool = True, rsv: int = 0) -> bytes:
        mask = self._random.randbytes(4)
        return head(opcode, len(data), fin, rsv) + mask + apply_mask(data, mask)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
