"""A real server for tests, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from hubbub.app import Chat, create_app
from hubbub.server import Server, listen
from hubbub.settings import Settings


@dataclass(frozen=True)
class Running:
    chat: Chat
    url: str
    """`http://127.0.0.1:…`, without a slash at the end."""
    server: Server


@asynccontextmanager
async def serve(settings: Settings, *, port: int = 0, **options: Any) -> AsyncIterator[Running]:
    """Serves a chat with uvicorn on this port of the loopback, or a free one, until the context ends. `options` are
    those of `hubbub.server.Server` and uvicorn's."""
    app = create_app(settings)
    chat: Chat = app.state.chat
    async with chat.lifespan(app):
        listener = listen(settings.model_copy(update={"host": "127.0.0.1", "port": port}))
        defaults: dict[str, Any] = {"log_level": "error", "timeout_graceful_shutdown": 2}
        server = _Server(app, settings, **(defaults | options))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
            if serving.done():
                serving.result()
        try:
            yield Running(chat, f"http://127.0.0.1:{listener.getsockname()[1]}", server)
        finally:
            server.end()
            await serving


TICK_S = 0.1
"""As uvicorn has it."""


class EndsAtOnce(uvicorn.Server):
    """uvicorn itself looks only ten times a second whether it should end."""

    def __init__(self, *values: Any, **options: Any) -> None:
        super().__init__(*values, **options)
        self._ending = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_S)


class _Server(EndsAtOnce, Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves signals to the test runner."""
        yield
