"""Serving a chat with uvicorn: the listening socket, the configuration, and an end that people hardly notice."""

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from hubbub.app import Chat
from hubbub.core.addresses import Networks
from hubbub.errors import SetupError
from hubbub.server.limits import OTHER_FILES, Config, Limits, room_for
from hubbub.server.tls import certificate_of
from hubbub.settings import Settings
from hubbub.web.socket import SocketFirst

log = logging.getLogger(__name__)

TESTED_UVICORN = {"0.54.0"}
"""Our protocol classes build on private parts of uvicorn. With another version they stay out: see `_protocols`."""
BACKLOG = 2048
END_MARGIN_S = 18.0
"""Beyond `drain_s`, for commands under way, last words and closing the store: by default 28 seconds in all."""
CERTIFICATE_TICKS = 20
"""uvicorn ticks ten times a second."""
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
    """Tells its people before it closes their connections. The application's lifespan is entered outside.
    `http` is `h11`, `httptools` or `auto`; `portable` leaves uvicorn's own protocol classes in place."""

    def __init__(
        self, app: FastAPI, settings: Settings, *, http: str = "auto", portable: bool = False, **options: Any
    ) -> None:
        defaults: dict[str, Any] = {
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            # With debug the library below would log every frame, and the headers of every handshake.
            "log_level": "info" if settings.log_level == "debug" else settings.log_level,
            "ws_max_size": settings.frame_max_bytes,
            "ws_ping_interval": settings.ping_interval_s,
            "ws_ping_timeout": settings.ping_timeout_s,
            "ws_per_message_deflate": False,  # costs 34 kB a connection, and makes ws_max_size meaningless
            "timeout_graceful_shutdown": max(1, round(settings.drain_s)),
            "server_header": False,
            "root_path": settings.root_path,
            "forwarded_allow_ips": Networks(settings.trusted_proxies).written(),
        }
        self._certificate = certificate = certificate_of(settings.tls_cert, settings.tls_key)
        if certificate:
            defaults["ssl_context_factory"] = lambda config, default: certificate.context
        connections = room_for(settings.connections_max)
        limits = Limits(
            request_s=settings.request_timeout_s,
            stall_s=settings.stall_timeout_s,
            close_s=settings.close_timeout_s,
            connections=connections,
            sockets=connections + OTHER_FILES // 2,
        )
        self._chat: Chat = app.state.chat
        whole = SocketFirst(app, self._chat)
        options = _protocols(http, portable) | defaults | options
        super().__init__(Config(whole, limits, cuts=self._chat.counts.cuts, **options))

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, without raising the signal again at the end: that would end the program before the store is
        closed."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal. From now on there is an end, whatever a disk or a bug does; clients cannot hold it up at all."""
        if not self.should_exit:
            threading.Thread(target=_end_at_the_latest, args=[self._chat.settings.drain_s], daemon=True).start()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._certificate and counter % CERTIFICATE_TICKS == 0:
            self._certificate.look()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._chat.drain()
        await super().shutdown(sockets)


def _protocols(http: str, portable: bool) -> dict[str, Any]:
    """Our protocol classes, or uvicorn's own where ours were not tested."""
    if portable:
        return {"http": http, "ws": "websockets-sansio"}
    if uvicorn.__version__ not in TESTED_UVICORN:
        log.warning(
            "uvicorn %s is not a version that this Hubbub was tested with (%s): "
            "it works, but sending is slower, and clients that stall are not cut off as early",
            uvicorn.__version__,
            ", ".join(sorted(TESTED_UVICORN)),
        )
        return _protocols(http, portable=True)
    from hubbub.server.http import protocol_class
    from hubbub.server.websocket import WebSocketProtocol

    return {"http": protocol_class(http), "ws": WebSocketProtocol}


def _end_at_the_latest(drain_s: float) -> None:
    """In a thread of its own, which ends with the program."""
    time.sleep(drain_s + END_MARGIN_S)
    log.error("the server did not come to its end in time, and is ended now; what was acknowledged is on the disk")
    os._exit(1)


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop the other program, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights. Choose a port above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."
