"""Floods, by their rows in the list of threats: each at a server in a process of its own.

While one lasts and afterwards somebody else can talk, the memory of the process stays below a bound, and it comes back.
Floods that need a network address of their own come from one, as a proxy on this machine says.
"""

import asyncio
import itertools
import json
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from hubbub.testing.people import PATIENCE_S, Guest, Refused
from hubbub.testing.process import ServerProcess, start_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("floods"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by /proc: run it on Linux"),
]

DURING_MB = 30
"""More than at rest, while a flood lasts: the bounded buffers, and what Python keeps in stock."""
AFTER_MB = 20
"""More than at rest, when all floods of one test are over."""
SETTINGS = {
    "hello_timeout_s": 1,
    "request_timeout_s": 1,
    "stall_timeout_s": 1,
    "close_timeout_s": 1,
    "posts_per_second": 50,
    "posts_burst": 50,
    "commands_per_second": 50,
    "commands_burst": 100,
    "arrivals_burst": 20,
    "handshakes_burst": 120,
    "connections_per_address": 30,
}
TEXT, CONTINUED, PING, FIN, DEFLATED = 0x1, 0x0, 0x9, 0x80, 0x40


class Target:
    """The server, two people who are not part of any flood, and one with a token for those who are."""

    def __init__(self, process: ServerProcess, errors: Path, ann: Guest, bob: Guest, mallory: Guest) -> None:
        self.process, self.url, self.errors = process, process.url, errors
        self.ann, self.bob, self.mallory = ann, bob, mallory
        self.rest_mb = self.memory_mb()
        self._numbers = itertools.count(1)

    def memory_mb(self) -> float:
        lines = Path(f"/proc/{self.process.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    async def others_talk(self) -> None:
        text = f"still here {next(self._numbers)}"
        await self.ann.says(text)
        await self.bob.hears(text)

    @asynccontextmanager
    async def stands(self) -> AsyncIterator[None]:
        """Around a flood."""
        await self.others_talk()
        yield
        assert self.memory_mb() < self.rest_mb + DURING_MB
        await self.others_talk()
        async with asyncio.timeout(PATIENCE_S):
            while self.memory_mb() > self.rest_mb + AFTER_MB:
                await asyncio.sleep(0.1)
        assert "Traceback" not in self.errors.read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    folder = tmp_path_factory.mktemp("floods")
    with (folder / "errors").open("wb") as errors:
        process = await start_server(folder / "data", settings=SETTINGS, errors=errors)
        try:
            async with Guest.arrives(process.url, "Ann") as ann, Guest.arrives(process.url, "Bob") as bob:
                for number in range(20):  # everything is imported, and each pool filled
                    await ann.says(f"*before* {number}")
                    await ann.does("history", room="lobby")
                    await ann.does("search", text="before")
                mallory = await Guest.registers(process.url, "Mallory")
                yield Target(process, folder / "errors", ann, bob, mallory)
        finally:
            await process.kill()


class Raw:
    """A socket of somebody who does what no client does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def to(cls, target: Target, *headers: str, token: str = "") -> AsyncIterator["Raw"]:
        """With a token: a WebSocket that has been greeted."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(target.url.rpartition(":")[2]))
        raw = cls(reader, writer)
        try:
            if token:
                await raw.upgrade(f"Authorization: Bearer {token}", *headers)
                raw.send(TEXT | FIN, b'{"type":"hello","version":1}')
                await raw.reader.readuntil(b'"welcome"')
            yield raw
        finally:
            writer.transport.abort()

    async def upgrade(self, *headers: str) -> bytes:
        """Asks for a WebSocket; returns the head of the answer."""
        lines = [
            "GET /ws HTTP/1.1",
            "Host: x",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
        ]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(b"\r\n\r\n")

    def send(self, first: int, payload: bytes, claimed: int | None = None) -> None:
        """One frame, masked with zeros. `claimed`: another length than it has."""
        self.writer.write(frame(first, payload, claimed))

    async def floods(self, data: bytes, times: int) -> None:
        """Raises ConnectionError when it was cut."""
        for _ in range(times):
            self.writer.write(data)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """What comes until the server ends the connection."""
        received = b""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionError):
                while data := await self.reader.read(65_536):
                    received += data
        return received

    async def close_code(self) -> int:
        """Of the close frame that comes last."""
        received = await self.rest()
        at = received.rfind(b"\x88")
        assert at >= 0, received[-200:]
        return int.from_bytes(received[at + 2 : at + 4])


def frame(first: int, payload: bytes, claimed: int | None = None) -> bytes:
    size = len(payload) if claimed is None else claimed
    if size < 126:
        head = struct.pack("!BB", first, 128 + size)
    else:
        head = struct.pack("!BBH", first, 254, size) if size < 65_536 else struct.pack("!BBQ", first, 255, size)
    return head + b"\0\0\0\0" + payload


async def codes(guest: Guest, commands: Iterable[tuple[str, dict[str, Any]]]) -> set[str]:
    """All at once; what they were answered: `ok`, or the code of the error."""

    async def code(verb: str, fields: dict[str, Any]) -> str:
        try:
            await guest.does(verb, **fields)
        except Refused as refused:
            assert refused.code != "rate_limited" or refused.problem["retry_after_s"] > 0
            return refused.code
        return "ok"

    return set(await asyncio.gather(*(code(verb, fields) for verb, fields in commands)))


# Frames ------------------------------------------------------------------------------------------------------------


async def test_e67_a_frame_that_claims_to_be_huge_is_refused_at_its_head(target: Target) -> None:
    async with target.stands():
        for claimed in (2**63, 2**63 - 1, 2**40):
            async with Raw.to(target, token=target.mallory.token) as raw:
                raw.send(TEXT | FIN, b"", claimed=claimed)
                assert await raw.close_code() in (1002, 1009)


async def test_e68_a_message_above_the_limit_is_refused_whole_and_in_parts(target: Target) -> None:
    async with target.stands():
        async with Raw.to(target, token=target.mallory.token) as raw:
            raw.send(TEXT | FIN, b"x" * 65_537)
            assert await raw.close_code() == 1009
        async with Raw.to(target, token=target.mallory.token) as raw:
            for number in range(9):
                raw.send(CONTINUED if number else TEXT, b"x" * 8_000)
            assert await raw.close_code() == 1009


async def test_e69_a_message_of_endless_empty_parts_is_cut(target: Target) -> None:
    async with target.stands():
        async with Raw.to(target, token=target.mallory.token) as raw:
            raw.writer.write(frame(TEXT, b"") + frame(CONTINUED, b"") * 64)
            assert await raw.close_code() == 1008
        async with Raw.to(target, token=target.mallory.token) as raw:
            raw.send(TEXT, b"")
            with pytest.raises(ConnectionError):
                await raw.floods(frame(CONTINUED, b"") * 10_000, 100)


async def test_e70_compression_is_not_offered_and_a_compressed_frame_is_refused(target: Target) -> None:
    async with target.stands():
        async with Raw.to(target) as raw:
            bearer = f"Authorization: Bearer {target.mallory.token}"
            answer = await raw.upgrade(bearer, "Sec-WebSocket-Extensions: permessage-deflate")
            assert b" 101 " in answer
            assert b"extensions" not in answer.lower()
        async with Raw.to(target, token=target.mallory.token) as raw:
            raw.send(TEXT | FIN | DEFLATED, b"x" * 1_000)
            assert await raw.close_code() == 1002


async def test_e71_pings_of_somebody_who_reads_no_pong_fill_no_memory(target: Target) -> None:
    async with target.stands(), Raw.to(target, token=target.mallory.token) as raw:
        with suppress(ConnectionError):
            await raw.floods(frame(PING | FIN, b"x" * 125) * 1_000, 400)
        await target.others_talk()


async def test_e72_who_reads_nothing_costs_a_bounded_buffer_and_is_cut(target: Target) -> None:
    async with target.stands(), AsyncExitStack() as stack:
        stalled = [await stack.enter_async_context(Raw.to(target, token=target.mallory.token)) for _ in range(10)]
        for raw in stalled:
            raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
            command = json.dumps({"type": "history", "id": 1, "room": "lobby"}).encode()
            with suppress(ConnectionError):
                await raw.floods(frame(TEXT | FIN, command) * 100, 3)
        await target.others_talk()


# Connections -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\nHost:", b"POST /api/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"],
    ids=["nothing", "head", "body"],
)
async def test_e73_requests_that_are_begun_and_not_finished_are_cut(target: Target, begun: bytes) -> None:
    async with target.stands(), AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(Raw.to(target)) for _ in range(200)]
        for raw in slow:
            raw.writer.write(begun)
        await target.others_talk()
        assert {await raw.rest() for raw in slow} == {b""}


async def test_e74_one_address_cannot_open_all_connections_and_others_come_in(target: Target) -> None:
    async with target.stands(), AsyncExitStack() as stack:
        bearer = f"Authorization: Bearer {target.mallory.token}"
        statuses = []
        for _ in range(200):
            raw = await stack.enter_async_context(Raw.to(target))
            statuses.append((await raw.upgrade(bearer, "X-Forwarded-For: 203.0.113.74")).split()[1])
        assert 0 < statuses.count(b"101") <= SETTINGS["connections_per_address"]
        assert statuses.count(b"101") + statuses.count(b"429") == 200
        newcomer = await stack.enter_async_context(Raw.to(target))
        assert b" 101 " in await newcomer.upgrade(bearer, "X-Forwarded-For: 203.0.113.75")


# Commands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "commands",
    [
        [("join", {"room": "tea"}), ("leave", {"room": "tea"})],
        [("history", {"room": "lobby", "limit": 100})],
        [("typing", {"room": "lobby"})],
        [("here", {"room": "lobby"}), ("members", {"room": "lobby"})],
        [("read", {"room": "lobby", "seq": 1}), ("unread", {"room": "lobby", "seq": 1})],
    ],
    ids=lambda commands: "+".join(verb for verb, _ in commands),
)
async def test_e75_commands_of_each_kind_have_a_rate(
    target: Target, commands: list[tuple[str, dict[str, Any]]]
) -> None:
    async with target.stands(), Guest.arrives(target.url) as mallory:
        with suppress(Refused):
            await target.ann.does("create", name="Tea")
        assert "rate_limited" in await codes(mallory, commands * 300)


async def test_e75_coming_and_going_all_the_time_has_a_rate(target: Target) -> None:
    bearer, address = f"Authorization: Bearer {target.mallory.token}", "X-Forwarded-For: 203.0.113.175"
    async with target.stands():
        statuses = set()
        for _ in range(2 * SETTINGS["handshakes_burst"]):
            async with Raw.to(target) as raw:
                statuses.add((await raw.upgrade(bearer, address)).split()[1])
        assert statuses == {b"101", b"429"}


async def test_e76_rooms_and_guests_have_a_rate_and_pages_of_members_a_length(target: Target) -> None:
    async with target.stands(), Guest.arrives(target.url) as mallory:
        names = (f"Room {number}" for number in range(200))
        assert "rate_limited" in await codes(mallory, (("create", {"name": name}) for name in names))
        async with httpx2.AsyncClient(base_url=target.url, headers={"X-Forwarded-For": "203.0.113.76"}) as http:
            statuses = [(await http.post("/api/guests", json={})).status_code for _ in range(60)]
        assert statuses.count(201) >= SETTINGS["arrivals_burst"]
        assert 429 in statuses
        assert await codes(target.bob, [("members", {"room": "lobby", "limit": 101})]) == {"invalid"}
        assert len((await target.bob.does("members", room="lobby"))["members"]) <= 100


async def test_e77_searches_do_not_keep_others_from_talking(target: Target) -> None:
    async with target.stands(), Guest.arrives(target.url) as mallory:
        questions = ["%", "a", '"' * 50, " ".join(f"b{n}" for n in range(60)), "* OR *", "before", "still", "here"]
        searching = asyncio.create_task(codes(mallory, (("search", {"text": q}) for q in questions * 10)))
        await target.others_talk()
        assert await searching <= {"ok", "rate_limited", "bad_search", "empty_search", "invalid"}


async def test_e78_json_that_is_deep_huge_or_odd_is_an_error_and_the_connection_lives(target: Target) -> None:
    odd = ["[" * 30_000, '{"a":' * 10_000, '{"type":"post","id":1e999}', '{"type":"post","id":NaN}']
    odd += ['{"type":"post","id":' + "9" * 5_000 + "}", '{"type":"post","type":"x","id":1}', '"\\ud800"']
    async with target.stands(), Guest.arrives(target.url) as mallory:
        assert mallory._socket is not None
        for text in odd * 5:
            await mallory._socket.send(text)
        await mallory.waits_until(lambda: sum(s["type"] == "error" for s in mallory.signals) == 5 * len(odd))
        assert {signal["code"] for signal in mallory.signals if signal["type"] == "error"} == {"invalid"}
        await mallory.does("rooms")


async def test_e79_neither_many_sockets_nor_many_addresses_nor_new_names_are_a_way_around(target: Target) -> None:
    async with target.stands(), Guest.arrives(target.url, "Mallory") as mallory, AsyncExitStack() as stack:
        tabs = [mallory.another_tab() for _ in range(16)]
        for tab in tabs:
            await tab.returns()
            stack.push_async_callback(tab.drops)
        posts = [("post", {"room": "lobby", "text": "x"})] * 6
        answers = await asyncio.gather(*(codes(tab, posts) for tab in tabs))
        assert "rate_limited" in set().union(*answers)
        async with httpx2.AsyncClient(base_url=target.url) as http:
            homes = (f"2001:db8:0:79::{number:x}" for number in range(1, 61))
            asking = [await http.post("/api/guests", json={}, headers={"X-Forwarded-For": home}) for home in homes]
        assert 429 in {answer.status_code for answer in asking}


async def test_e80_what_is_no_text_is_refused_without_a_traceback(target: Target) -> None:
    async with target.stands():
        for bad in (b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80"):
            async with Raw.to(target, token=target.mallory.token) as raw:
                raw.send(TEXT | FIN, bad)
                assert await raw.close_code() == 1007
        for text in ("a\0b", "\x1b[31m"):
            assert await codes(target.ann, [("post", {"room": "lobby", "text": text})]) <= {"bad_text", "invalid"}
        async with Raw.to(target, token=target.mallory.token) as raw:
            raw.send(TEXT | FIN, b'{"type":"post","id":7,"room":"lobby","text":"\\ud800"}')
            await raw.reader.readuntil(b'"error"')
