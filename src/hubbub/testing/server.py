"""A real server for tests, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from hubbub.app import Chat, create_app
from hubbub.settings import Settings


@dataclass(frozen=True)
class Running:
    chat: Chat
    url: str
    """`http://127.0.0.1:…`, without a slash at the end."""
    server: uvicorn.Server


@asynccontextmanager
async def serve(settings: Settings, **uvicorn_options: Any) -> AsyncIterator[Running]:
    """Serves a chat with uvicorn on a free port of the loopback, until the context ends."""
    app = create_app(settings)
    chat: Chat = app.state.chat
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    options: dict[str, Any] = {
        "lifespan": "off",
        "log_level": "error",
        "ws": "websockets-sansio",
        "ws_max_size": settings.frame_max_bytes,
        "ws_ping_interval": settings.ping_interval_s,
        "ws_ping_timeout": settings.ping_timeout_s,
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 2,
    }
    server = _Server(uvicorn.Config(app, **options | uvicorn_options))
    async with chat.lifespan(app):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
            if serving.done():
                serving.result()
        try:
            yield Running(chat, f"http://127.0.0.1:{listener.getsockname()[1]}", server)
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Leaves the signal handlers to the test runner."""

    def capture_signals(self) -> Any:
        from contextlib import nullcontext

        return nullcontext()
