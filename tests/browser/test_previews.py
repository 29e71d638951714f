"""Previews of links on the page: a card below the message, whose coming moves nothing that somebody reads."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect

from hubbub.protocol import Preview
from hubbub.settings import Settings
from hubbub.testing.server import Running, serve
from tests.browser.conftest import GENEROUS
from tests.browser.test_quality import axe_is_content
from tests.browser.visitors import Visitors

LINK = "https://tea.example/green"
XSS = "<img src=x onerror=alert(1)>"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serve(Settings(data=tmp_path / "data", link_previews=True, **GENEROUS)) as running:

        async def preview(url: str) -> Preview | None:
            about = f"Hot and green {XSS}"
            return Preview(url=url, title="All about tea", description=about, site="Tea") if "tea" in url else None

        object.__setattr__(running.chat._context, "preview", preview)
        yield running


async def test_a_link_has_a_card_below_the_message(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says(f"look at {LINK}")
    await ann.says("and at https://coffee.example")
    for one in (ann, bob):
        card = one.row(f"look at {LINK}").locator(".preview")
        await expect(card).to_contain_text("All about tea")
        await expect(card).to_contain_text(XSS)
        await expect(card).to_have_attribute("href", LINK)
        await expect(one.row("and at https://coffee.example").locator(".preview")).to_have_count(0)
    await axe_is_content(ann.page)


async def test_cards_that_come_move_nothing_that_is_read(visitors: Visitors) -> None:
    ann = await visitors.comes()
    for number in range(12):
        await ann.says(f"number {number} {LINK}/{number}")
    await expect(ann.page.locator(".preview")).to_have_count(12)
    log = ann.page.locator(".log")
    away = await log.evaluate("(log) => log.scrollHeight - log.scrollTop - log.clientHeight")
    assert away < 2  # still at the end
