"""A whole Hubbub under uvicorn in the test's loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tutorial_people import Hubbub, Server, serve

from hubbub import Settings, create_app
from hubbub.testing.process import UNLIMITED


@pytest.fixture
def hubbub(tmp_path: Path) -> Hubbub:
    """Starts a server on this test's data; settings as keywords. Its limits are higher than a test goes."""

    @asynccontextmanager
    async def start(*, uvicorn: dict[str, Any] | None = None, **changes: Any) -> AsyncIterator[Server]:
        settings = Settings(data=tmp_path / "data", **(UNLIMITED | changes))
        app = create_app(settings)
        options = {
            "ws_max_size": settings.frame_max_bytes,
            "ws_ping_interval": settings.ping_interval_s,
            "ws_ping_timeout": settings.ping_timeout_s,
        }
        async with serve(app, **(options | (uvicorn or {}))) as server:
            server.chat = app.state.chat
            yield server

    return start


@pytest.fixture
async def server(hubbub: Hubbub) -> AsyncIterator[Server]:
    async with hubbub() as running:
        yield running
