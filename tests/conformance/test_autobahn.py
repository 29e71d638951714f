"""Our WebSocket class and the standard (RFC 6455): 247 cases of the Autobahn suite, against an echo."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.utils import apply_mask

from tests.conformance.cases import FOLDER, load
from tests.conformance.peer import Peer
from tests.server.conftest import run
from tests.server.test_websocket import Echo

AT_ONCE = 8
CASES = 247
MANY = 100
BEST_FIRST = ["OK", "NON-STRICT", "INFORMATIONAL", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT", "FAILED"]
IN_THE_LIBRARY = {"7.1.5"}
"""`websockets` says of itself that it does not hold this one: it drops what was begun before a close."""

PATIENCE_S = 20.0
SHORT_PATIENCE_S = 0.5
ATTEMPTS = 5
"""How much of a burst is read at once decides whether a case is OK or NON-STRICT, and that is up to the network."""

Results = dict[str, tuple[str, str]]

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the cases are missing: run `scripts/test` while online")


async def results(port: int, cases: dict[str, Any], patience_s: float = PATIENCE_S) -> Results:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(case: Any) -> tuple[str, str]:
        async with gate:
            return await Peer(case, patience_s).run(port)

    return dict(zip(cases, await asyncio.gather(*map(one, cases.values())), strict=True))


def worse(ours: Results, theirs: Results) -> dict[str, Any]:
    def rank(result: tuple[str, str]) -> list[int]:
        return [BEST_FIRST.index(words) for words in result]

    return {
        number: (result, theirs[number])
        for number, result in ours.items()
        if any(a > b for a, b in zip(rank(result), rank(theirs[number]), strict=True))
    }


def failed(found: Results) -> set[str]:
    return {number for number, (behavior, _) in found.items() if behavior == "FAILED"}


async def test_no_case_is_worse_than_with_uvicorns_own_class() -> None:
    cases = load()
    assert len(cases) == CASES
    async with run(Echo()) as mine, run(Echo(), portable=True) as uvicorns:
        ours, theirs = await results(mine.port, cases), await results(uvicorns.port, cases)
        assert failed(ours) == failed(theirs) == IN_THE_LIBRARY
        suspects = worse(ours, theirs)
        for _ in range(ATTEMPTS):
            again = {number: cases[number] for number in suspects}
            suspects = worse(await results(mine.port, again), await results(uvicorns.port, again))
    assert suspects == {}


async def test_an_echo_that_knows_nothing_of_the_standard_fails_in_many_cases() -> None:
    """The control: this one sends back what comes, and calls a ping a pong."""
    async with (
        asyncio.TaskGroup() as echoes,
        await asyncio.start_server(lambda *ends: echoes.create_task(careless(*ends)), "127.0.0.1", 0) as server,
    ):
        found = await results(server.sockets[0].getsockname()[1], load(), SHORT_PATIENCE_S)
    assert len(failed(found)) > MANY
    assert len(worse(found, dict.fromkeys(found, ("OK", "OK")))) > MANY


async def careless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        opcode = 0
        while opcode != Opcode.CLOSE:
            first, length = await reader.readexactly(2)
            opcode, length = first & 15, length & 127
            if length > 125:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            mask = await reader.readexactly(4)
            data = apply_mask(await reader.readexactly(length), mask) if length else b""
            answer = 128 | (Opcode.PONG if opcode == Opcode.PING else opcode)
            writer.write(Frame(Opcode.TEXT, data).serialize(mask=False).replace(b"\x81", bytes([answer]), 1))
    writer.close()
