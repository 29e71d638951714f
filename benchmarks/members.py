"""The load: many members on raw sockets, who count what they hear and read nothing of it.

No WebSocket library: what a frame costs here is one turn of a loop, so that the server is what is measured.
"""

import asyncio
import base64
import json
import os
import struct
import time
from collections.abc import Callable
from typing import Any, cast

CONNECT_AT_ONCE = 50
QUIET_S = 1.5
"""Without any frame for so long: everybody has joined, and has been told of everybody."""
PATIENCE_S = 60.0
TEXT, PING = 0x81, 0x89
PONG = 0x8A


class Member(asyncio.Protocol):
    def __init__(self, crowd: "Crowd", request: bytes) -> None:
        self.crowd = crowd
        self.request = request
        self.rest = b""
        self.upgraded = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        if not self.upgraded.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.refused(head)
                return
            self.upgraded.set_result(None)
        self.rest = self.take(data)

    def take(self, data: bytes) -> bytes:
        """Counts whole text frames (RFC 6455, section 5.2); returns what is left."""
        position, end, count = 0, len(data), 0
        while end - position >= 2:
            size, start = data[position + 1], position + 2
            if size == 126:
                size, start = int.from_bytes(data[position + 2 : position + 4]), position + 4
            elif size == 127:
                size, start = int.from_bytes(data[position + 2 : position + 10]), position + 10
            if start + size > end:
                break
            if data[position] == TEXT:
                count += 1
                if size < 126:
                    self.short(data[start : start + size])
            elif data[position] == PING:
                self.send(PONG, data[start : start + size])
            position = start + size
        self.crowd.received(self, count, position)
        return data[position:]

    def refused(self, head: bytes) -> None:
        raise SystemExit(f"the server refused: {head!r}")

    def say(self, message: bytes) -> None:
        self.send(TEXT, message)

    def short(self, payload: bytes) -> None:
        """A text frame that is shorter than any message; for a subclass that wants to know the answers."""

    def send(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros, which leaves the payload as it is."""
        size = len(payload)
        length = struct.pack("!BB", opcode, 128 + size) if size < 126 else struct.pack("!BBH", opcode, 254, size)
        self.transport.write(length + b"\0\0\0\0" + payload)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.crowd.leaving:
            raise SystemExit("the server dropped a member")


class Marked(Member):
    """Counts by a few bytes that stand in each message and nowhere else, whatever is around them."""

    marker: bytes

    def take(self, data: bytes) -> bytes:
        count = data.count(self.marker)
        done = max(data.rfind(self.marker) + len(self.marker) if count else 0, len(data) - len(self.marker) + 1, 0)
        self.crowd.received(self, count, done)
        return data[done:]


class Crowd:
    """All members. `message(number)` is the frame by which a member posts; `answers` are the frames that each post
    brings to its sender alone."""

    member: type[Member] = Member
    quiet_s = QUIET_S

    def __init__(self, message: Callable[[int], bytes], answers: int = 1) -> None:
        self.members: list[Member] = []
        self.frames = 0
        self.bytes = 0
        self.leaving = False
        self._message = message
        self._answers = answers
        self._sent = 0
        self._wanted = 0
        self._in_flight = 0
        self._heard: dict[Member, int] = {}
        self._posted_at: list[float] = []
        self._took_s: list[float] = []

    async def join(self, port: int, paths: list[str], headers: list[str], first: bytes | None) -> None:
        """One member for each path and line of headers; `first` is what each sends when it is connected."""
        loop = asyncio.get_running_loop()
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def come(path: str, header: str) -> None:
            async with gate:
                _, member = await loop.create_connection(
                    lambda: self.member(self, handshake(path, header)), "127.0.0.1", port
                )
                await member.upgraded
                self.members.append(member)
                if first:
                    member.say(first)

        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*map(come, paths, headers))
            await self._quiet()

    async def talk(self, seconds: float, in_flight: int) -> None:
        """Posts for so long; `in_flight` messages are under way at any time: posted, and not with everybody yet."""
        self._in_flight = in_flight
        self._post()
        await asyncio.sleep(seconds)
        self._in_flight = 0
        if not await self._comes(lambda: self.frames >= self._wanted):
            self.leave()
            raise SystemExit("a message did not reach everybody")

    async def trickle(self, seconds: float, posts_per_s: float) -> list[float]:
        """A few members post in turn, calmly; returns how many seconds each message took to each other member; for one
        that has not come after a long wait, that wait. The n-th message that a member hears is the n-th one posted."""
        speakers = self.members[: max(1, len(self.members) // 100)]
        self._heard = dict.fromkeys(self.members[len(speakers) :], 0)
        self._posted_at, self._took_s = [], []
        began, posts = time.monotonic(), max(1, int(seconds * posts_per_s))
        for number in range(posts):
            await asyncio.sleep(began + number / posts_per_s - time.monotonic())
            self._sent += 1
            self._posted_at.append(time.monotonic())
            speakers[number % len(speakers)].say(self._message(self._sent))
        await self._comes(lambda: len(self._took_s) >= posts * len(self._heard))
        heard, self._heard, now = self._heard, {}, time.monotonic()
        return self._took_s + [now - at for count in heard.values() for at in self._posted_at[count:]]

    async def _comes(self, condition: Callable[[], bool]) -> bool:
        """Whether it has come true before the patience was at its end."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return False
        return True

    def received(self, member: Member, frames: int, size: int) -> None:
        self.frames += frames
        self.bytes += size
        if member in self._heard:
            heard, now = self._heard[member], time.monotonic()
            self._took_s += [now - at for at in self._posted_at[heard : heard + frames]]
            self._heard[member] = heard + frames
        if self.frames >= self._wanted and self._in_flight:
            self._post()

    def deliveries(self, frames: int) -> float:
        """How many of so many frames brought a message to somebody; the others were answers to who had sent it."""
        return frames * len(self.members) / (len(self.members) + self._answers)

    async def _quiet(self) -> None:
        before = -1
        while before != self.frames:
            before = self.frames
            await asyncio.sleep(self.quiet_s)

    def _post(self) -> None:
        """The next burst, when the last one has arrived everywhere."""
        for _ in range(self._in_flight):
            self._sent += 1
            self.members[self._sent % len(self.members)].say(self._message(self._sent))
        self._wanted = self.frames + self._in_flight * (len(self.members) + self._answers)

    def leave(self) -> None:
        self.leaving = True
        for member in self.members:
            member.transport.abort()


def handshake(path: str, header: str) -> bytes:
    """The request by which a WebSocket is opened."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *([header] if header else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Api:
    """One connection for requests to Hubbub's HTTP interface, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def at(cls, port: int) -> "Api":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def call(self, request: str, body: str = "{}", header: str = "X-Nobody: 1") -> dict[str, Any]:
        """`request` is a method and a path below /api; returns what the server answers."""
        method, path = request.split()
        head = [f"{method} /api{path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", header]
        self._writer.write("\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode())
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        size = int(answer.partition(b"content-length:")[2].split(b"\r\n")[0])
        value: dict[str, Any] = json.loads(await self._reader.readexactly(size))
        if not answer.startswith(b"http/1.1 2"):
            raise SystemExit(f"the server refused {request}: {value}")
        return value

    def close(self) -> None:
        self._writer.close()


async def sign_in(port: int, count: int) -> list[str]:
    """Makes so many guests of a Hubbub server; returns the header with which each comes."""
    api = await Api.at(port)
    tokens = [(await api.call("POST /guests"))["token"] for _ in range(count)]
    api.close()
    return [f"Authorization: Bearer {token}" for token in tokens]
