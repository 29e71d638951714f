"""Serving a chat with uvicorn: the listening socket, the configuration, and an end that people hardly notice."""

import errno
import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from hubbub.app import Chat
from hubbub.errors import SetupError
from hubbub.settings import Settings

BACKLOG = 2048
MARGIN_S = 5.0
"""Beyond ping interval and timeout, until the kernel gives up a peer that acknowledges nothing."""


def listen(settings: Settings) -> socket.socket:
    """A listening TCP socket. Raises SetupError when the address cannot be had."""
    host, port = settings.host, settings.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # Named as TCP: asyncio turns Nagle's algorithm off only for sockets whose protocol it can read.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise SetupError(f"Cannot listen on {host}: {error.strerror}. Choose another address with --host.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # RFC 5482: frees the socket of a peer that never reads, on Linux
        patience_s = settings.ping_interval_s + settings.ping_timeout_s + MARGIN_S
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience_s * 1000))
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SetupError(_why_not(host, port, error)) from None
    return listener


class Server(uvicorn.Server):
    """Tells its people before it closes their connections. The application's lifespan is entered outside."""

    def __init__(self, app: FastAPI, settings: Settings, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "ws": "websockets-sansio",
            "ws_max_size": settings.frame_max_bytes,
            "ws_ping_interval": settings.ping_interval_s,
            "ws_ping_timeout": settings.ping_timeout_s,
            "ws_per_message_deflate": False,  # costs 34 kB a connection, and makes ws_max_size meaningless
            "timeout_graceful_shutdown": max(1, round(settings.drain_s)),
            "server_header": False,
        }
        super().__init__(uvicorn.Config(app, **(defaults | options)))
        self._chat: Chat = app.state.chat

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, without raising the signal again at the end: that would end the program before the store is
        closed."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._chat.drain()
        await super().shutdown(sockets)


class OneLine(logging.Filter):
    """uvicorn logs a traceback for each frame that is not UTF-8: a person with bad intentions could fill the disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and "InvalidData" in str(record.exc_info[0]):
            record.exc_info = None
            record.msg = "a client sent a frame that is not valid"
            record.args = ()
        return True


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop the other program, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights. Choose a port above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."
