"""Programs behind our protocol classes and behind uvicorn's own, on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
import uvloop
from fastapi import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from hubbub.hub.outlet import Outlet
from hubbub.server import _protocols
from hubbub.server.limits import Config, Limits
from hubbub.testing.server import EndsAtOnce
from hubbub.web.outlets import outlet_for

PATIENCE_S = 20.0
KERNEL_BUFFER = 65_536
"""By default sockets of the loopback hold megabytes."""
SHORT = Limits(request_s=0.3, stall_s=0.3, close_s=0.3)
LONG = Limits(request_s=60, stall_s=60, close_s=60)


async def eventually(condition: Any) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


@dataclass
class Program:
    port: int
    server: uvicorn.Server

    @property
    def connections(self) -> set[Any]:
        """uvicorn's protocol objects."""
        return self.server.server_state.connections

    def buffered(self) -> int:
        """Bytes that wait in the server for all its peers."""
        return sum(connection.transport.get_write_buffer_size() for connection in self.connections)


@asynccontextmanager
async def run(app: Any, *, limits: Limits = LONG, http: str = "auto", portable: bool = False) -> AsyncIterator[Program]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
    config = Config(
        app,
        limits,
        **_protocols(http, portable),
        lifespan="off",
        log_config=None,
        log_level="critical",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    server = EndsAtOnce(config)
    serving = asyncio.create_task(server._serve([listener]))
    await eventually(lambda: server.started)
    try:
        yield Program(listener.getsockname()[1], server)
    finally:
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        server.end()
        await serving


@dataclass
class Host:
    """A program that gives each WebSocket an outlet, and keeps the last one."""

    websocket: WebSocket = None  # type: ignore[assignment]
    outlet: Outlet = None  # type: ignore[assignment]
    held: int = 0
    drained: int = 0
    aborted: int = 0
    heard: list[str] = field(default_factory=list)
    ended: bool = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.websocket = WebSocket(scope, receive, send)
        await self.websocket.accept()
        self.outlet = outlet_for(
            self.websocket,
            spawn=asyncio.create_task,
            on_held=self._held,
            on_drained=self._drained,
            on_abort=self._aborted,
        )
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(message["text"])
        self.ended = True

    def _held(self) -> None:
        self.held += 1

    def _drained(self) -> None:
        self.drained += 1

    def _aborted(self) -> None:
        self.aborted += 1


async def socket_to(program: Program) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", program.port))
    return sock


@asynccontextmanager
async def visit(program: Program, host: Host) -> AsyncIterator[ClientConnection]:
    """A client of the host, once it has its outlet. It reads as long as nobody says `transport.pause_reading`."""
    async with connect(
        f"ws://127.0.0.1:{program.port}",
        sock=await socket_to(program),
        compression=None,
        max_queue=None,
        max_size=None,
        ping_interval=None,
    ) as client:
        await eventually(lambda: host.outlet)
        yield client
        client.transport.abort()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Their transports differ in when they write and when they say that something waits."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=["h11", "httptools"])
def http(request: pytest.FixtureRequest) -> str:
    return str(request.param)
