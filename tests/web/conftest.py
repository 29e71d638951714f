from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from hubbub.settings import Settings
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.web.uploads import Uploader


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings.model_validate({"data": tmp_path, "hello_timeout_s": 0.5, **UNLIMITED})
    async with serve(settings) as running:
        yield running


@pytest.fixture
async def http(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=server.url, timeout=60.0) as client:
        yield client


@pytest.fixture
async def browser(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """Keeps cookies, follows no redirect, and names its origin as browsers do for a form."""
    async with httpx2.AsyncClient(base_url=server.url, headers={"Origin": server.url}, timeout=60.0) as client:
        yield client


@pytest.fixture
async def ann(server: Running) -> AsyncIterator[Uploader]:
    async with Uploader.comes(server.url) as uploader:
        yield uploader


@pytest.fixture
async def bob(server: Running) -> AsyncIterator[Uploader]:
    async with Uploader.comes(server.url) as uploader:
        yield uploader
