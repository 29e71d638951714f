"""One Chromium for all tests of a worker, in one event loop; each test has its own server, each person a profile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from hubbub.settings import Settings
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.browser.chromium import SWITCHES, chromium
from tests.browser.visitors import Visitors

GENEROUS = {**UNLIMITED, "presence_grace_s": 0.3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("there is no Chromium: install it, or name it in CHROMIUM")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(shared_browser: Browser) -> AsyncIterator[Browser]:
    yield shared_browser
    for profile in list(shared_browser.contexts):
        await profile.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serve(Settings(data=tmp_path / "data", **GENEROUS)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, server: Running) -> AsyncIterator[Visitors]:
    """Brings people to the server's page. In the end: none of their pages has complained."""
    coming = Visitors(browser, server.url)
    yield coming
    coming.have_seen_no_errors()
    for profile in list(browser.contexts):
        await profile.close()  # before the server goes: a lost connection would be tried again
