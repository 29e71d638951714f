"""A TCP proxy that makes bad networks, for tests:

async with Proxy() as proxy:
    proxy.target = server.url
    ann = await Guest.registers(proxy.url)
    await ann.returns()
    proxy.links[-1].down.hold()             # Ann reads nothing any more
    proxy.links[-1].up.cut_after(17)        # after 17 more bytes of hers the connection is reset
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

PIECE = 4096
SOCKET_BUFFER = 8192
"""Of what is received. Small, so that a sender soon notices that nobody reads."""


class Flow:
    """One direction of a connection."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self.passed = 0
        """Bytes so far."""
        self._bytes_per_second: int | None = None
        self._left: int | None = None
        self._cut = cut
        self._going = asyncio.Event()
        self._hurry = asyncio.Event()
        self.release()

    def hold(self) -> None:
        """Nothing passes any more, until `release`; soon nothing is read from this side either."""
        self._going.clear()

    def trickle(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._hurry.clear()

    def release(self) -> None:
        """As fast as it goes."""
        self._bytes_per_second = None
        self._hurry.set()
        self._going.set()

    @property
    def is_cut(self) -> bool:
        """Whether it came to the end that `cut_after` set."""
        return self._left == 0

    def cut_after(self, count: int) -> None:
        """Resets the connection when so many more bytes have passed."""
        self._left = count
        if not count:
            self._cut()

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            while piece:
                await self._going.wait()
                step = self._step(piece)
                piece = piece[len(step) :]
                writer.write(step)
                await writer.drain()
                self.passed += len(step)
                if self._left == 0:
                    self._cut()
                    return
                if self._bytes_per_second:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(len(step) / self._bytes_per_second):
                            await self._hurry.wait()
        with suppress(OSError):
            writer.write_eof()

    def _step(self, piece: bytes) -> bytes:
        """What of this piece passes next."""
        step = piece[: self._bytes_per_second or PIECE]
        if self._left is not None:
            step = step[: self._left]
            self._left -= len(step)
        return step


class Link:
    """One connection through the proxy. `up` is from the client to the server, `down` the other way."""

    def __init__(self) -> None:
        self.up, self.down = Flow(self.cut), Flow(self.cut)
        self.client: tuple[str, int] | None = None
        """The client's address."""
        self._writers: list[asyncio.StreamWriter] = []

    def cut(self) -> None:
        """Resets both sides. What the other flow still had is lost, as with a real cut."""
        for writer in self._writers:
            with suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def run(self, client: tuple[asyncio.StreamReader, asyncio.StreamWriter], server: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=server, limit=PIECE)
        self._writers = [client[1], writer]
        self.client = client[1].get_extra_info("peername")
        try:
            await asyncio.gather(self.up.run(client[0], writer), self.down.run(reader, client[1]))
        finally:
            for each in self._writers:
                each.transport.abort()


class Proxy:
    """Listens on a free port of the loopback at `url`, and passes on to `target`, which may change at any time.
    While there is no target, or nobody listens there, connections are reset."""

    def __init__(self) -> None:
        self.target: str | None = None
        self.links: list[Link] = []
        """Those that are open, oldest first."""
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        listener = _small_socket()
        listener.bind(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=PIECE, backlog=1024)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._pass_on(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link()
        link._writers.append(writer)
        server = _small_socket()
        try:
            address = urlsplit(self.target or "")
            if not address.port:
                raise ConnectionRefusedError("there is no target")
            await asyncio.get_running_loop().sock_connect(server, ("127.0.0.1", address.port))
            self.links.append(link)
            await link.run((reader, writer), server)
        except OSError:
            pass
        finally:
            link.cut()
            server.close()
            with suppress(ValueError):
                self.links.remove(link)


def _small_socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
    return made
