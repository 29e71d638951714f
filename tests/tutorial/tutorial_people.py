"""People of the tutorial, over real sockets: they say, hear, leave, and misbehave."""

import asyncio
import base64
import os
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from httpx2 import AsyncClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hubbub.testing.server import EndsAtOnce

PATIENCE_S = 20.0


class Server:
    """A uvicorn that runs in the test's own loop."""

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server
        self.port: int = server.servers[0].sockets[0].getsockname()[1]
        self.chat: Any = None
        """The chat that is served, if it is a Hubbub."""

    @property
    def handlers(self) -> int:
        """Handlers that still run."""
        return len(self._server.server_state.tasks)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def history(self) -> list[tuple[str, str]]:
        """Who said what in the lobby."""
        token = await self.token_of_a_guest("Archivist")
        async with AsyncClient(base_url=self.origin, headers={"Authorization": f"Bearer {token}"}) as http:
            response = await http.get("/api/rooms/lobby/messages", params={"limit": 100})
            assert response.status_code == 200, response.text
            return [(each["author"]["name"], each["text"]) for each in response.json()["messages"]]

    async def token_of_a_guest(self, name: str) -> str:
        async with AsyncClient(base_url=self.origin) as http:
            response = await http.post("/api/guests", json={"name": name})
            assert response.status_code == 201, response.text
            return str(response.json()["token"])

    def address(self, client_id: object) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/{client_id}"


Hubbub = Callable[..., AbstractAsyncContextManager[Server]]
"""Starts a whole chat server; settings as keywords."""


@asynccontextmanager
async def serve(app: Any, *, port: int = 0, **options: Any) -> AsyncIterator[Server]:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=1, **options
    )
    server = EndsAtOnce(config)
    running = asyncio.create_task(_run(server))
    try:
        await until(lambda: server.started or running.done())
        if running.done():
            await running
        yield Server(server)
    finally:
        server.end()
        await running


async def _run(server: uvicorn.Server) -> None:
    try:
        await server.serve()
    except SystemExit as end:  # would end the test's own loop
        raise RuntimeError("the server could not start") from end


class Talker:
    """A client that reads all the time."""

    def __init__(self, websocket: ClientConnection, name: str) -> None:
        self.websocket = websocket
        self.name = name
        self._heard: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def says(self, text: str | bytes) -> None:
        await self.websocket.send(text)

    async def hears(self, *texts: str) -> None:
        """Each of these is what comes next."""
        for text in texts:
            assert await self.next() == text

    async def hears_somewhere(self, text: str) -> None:
        """Sooner or later this comes; what comes before it is forgotten."""
        while await self.next() != text:
            assert not self._reading.done() or not self._heard.empty(), "the connection has ended"

    def heard_nothing(self) -> bool:
        return self._heard.empty()

    async def next(self) -> str | bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._heard.get()

    async def closed(self) -> tuple[int | None, str | None]:
        """Waits until the connection has ended; its close code and reason as the server sent them."""
        async with asyncio.timeout(PATIENCE_S):
            await self.websocket.wait_closed()
        return self.websocket.close_code, self.websocket.close_reason

    async def leaves(self) -> None:
        await self.websocket.close()
        await self._reading

    async def vanishes(self) -> None:
        """Resets the connection without a word."""
        transport = self.websocket.transport
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        transport.abort()
        await self._reading

    async def _read(self) -> None:
        try:
            async for message in self.websocket:
                self._heard.put_nowait(message)
        except ConnectionClosed:
            return


@asynccontextmanager
async def talkers(
    server: Server, *ids: object, receive_buffer: int | None = None, **options: Any
) -> AsyncIterator[list[Talker]]:
    """Clients with these ids, connected one after the other. `receive_buffer`: bytes that the system takes
    for one that does not read."""
    people: list[Talker] = []
    try:
        for client_id in ids:
            websocket = await connect(
                server.address(client_id),
                sock=await _connected_socket(server, receive_buffer),
                compression=None,
                ping_interval=None,
                max_size=None,
                **options,
            )
            people.append(Talker(websocket, f"Client #{client_id}"))
        yield people
    finally:
        await asyncio.gather(*(person.leaves() for person in people))


@asynccontextmanager
async def member(server: Server, name: str) -> AsyncIterator[Talker]:
    """A guest who speaks the chat's own protocol, welcomed."""
    headers = {"Authorization": f"Bearer {await server.token_of_a_guest(name)}"}
    websocket = await connect(f"ws://127.0.0.1:{server.port}/ws", additional_headers=headers)
    person = Talker(websocket, name)
    try:
        await person.says('{"type": "hello", "version": 1}')
        assert '"type":"welcome"' in str(await person.next())
        yield person
    finally:
        await person.leaves()


@asynccontextmanager
async def silent_reader(server: Server, client_id: object) -> AsyncIterator[socket.socket]:
    """A client that shakes hands and then never reads again."""
    raw = await _connected_socket(server, receive_buffer=4096)
    try:
        loop = asyncio.get_running_loop()
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /ws/{client_id} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await loop.sock_sendall(raw, request.encode())
        assert (await loop.sock_recv(raw, 12)) == b"HTTP/1.1 101"
        yield raw
    finally:
        raw.close()


async def _connected_socket(server: Server, receive_buffer: int | None) -> socket.socket:
    raw = socket.socket()
    if receive_buffer:  # before connecting, because it bounds the window that is offered
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", server.port))
    return raw


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # there is no event for what another program does
            await asyncio.sleep(0.01)


async def in_batches(work: list[Awaitable[Any]], size: int = 100) -> list[Any]:
    """Awaits all, at most `size` at once."""
    done: list[Any] = []
    for start in range(0, len(work), size):
        done += await asyncio.gather(*work[start : start + size])
    return done


@contextmanager
def many_files(count: int) -> Iterator[None]:
    """Lets this process open as many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count, hard)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
