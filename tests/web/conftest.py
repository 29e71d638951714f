from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from hubbub.settings import Settings
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings.model_validate({"data": tmp_path, "hello_timeout_s": 0.5, **UNLIMITED})
    async with serve(settings) as running:
        yield running


@pytest.fixture
async def http(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        yield client


@pytest.fixture
async def browser(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """Keeps cookies, follows no redirect, and names its origin as browsers do for a form."""
    async with httpx2.AsyncClient(base_url=server.url, headers={"Origin": server.url}) as client:
        yield client
