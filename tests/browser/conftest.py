from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from hubbub.testing.process import ServerProcess, run_server
from tests.browser.chromium import SWITCHES, chromium
from tests.browser.visitors import Visitors

GENEROUS = {
    "posts_per_second": 10_000,
    "posts_burst": 10_000,
    "commands_per_second": 10_000,
    "commands_burst": 10_000,
    "presence_grace_s": 0.3,
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("there is no Chromium: install it, or name it in CHROMIUM")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        try:
            yield running
        finally:
            await running.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with run_server(tmp_path / "data", **GENEROUS) as running:
        yield running


@pytest.fixture
async def visitors(browser: Browser, server: ServerProcess) -> AsyncIterator[Visitors]:
    """Brings people to the server's page. In the end: none of their pages has complained."""
    coming = Visitors(browser, server.url)
    yield coming
    coming.have_seen_no_errors()
