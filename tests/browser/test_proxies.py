"""Behind nginx and Caddy, under a path, as docs/self-hosting.md says: pages, sockets, cookies and addresses."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.browser.proxies import PROXIES, Site, behind
from tests.browser.visitors import Visitors


@pytest_asyncio.fixture(params=PROXIES, loop_scope="session")
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async with behind(request.param, tmp_path) as found:
        yield found


async def test_two_people_talk_and_everything_stays_under_the_path(browser: Browser, site: Site) -> None:
    visitors = Visitors(browser, site.url)
    ann = await visitors.comes("/", ignore_https_errors=True)
    bob = await visitors.comes("", ignore_https_errors=True)  # without the slash, as people write it
    await ann.says("hello from behind")
    await bob.sees("hello from behind")
    await bob.says("hello back")
    await ann.sees("hello back")
    await ann.creates_room("Tea")
    await expect(ann.page).to_have_url(site.url + "/r/tea")
    await ann.page.reload()
    await ann.is_connected()
    home = site.url.removesuffix("/chat")
    assert all(url.startswith((site.url, home.replace("https", "wss") + "/chat/")) for url in ann.requests)
    visitors.have_seen_no_errors()


async def test_the_cookie_is_secure_and_the_origin_is_checked_as_people_see_it(site: Site) -> None:
    async with httpx2.AsyncClient(verify=site.trust) as http:
        page = await http.get(site.url + "/")
        cookie = page.headers["set-cookie"].partition(";")[0]
        assert cookie.startswith("__Host-hubbub_session=")
        assert "max-age" in page.headers["strict-transport-security"]
    socket = site.url.replace("https", "wss") + "/ws"
    own = site.url.removesuffix("/chat")
    async with connect(socket, ssl=site.trust, additional_headers={"Cookie": cookie, "Origin": own}) as client:
        await client.send('{"type": "hello", "version": 1}')
        assert '"welcome"' in await client.recv()
    with pytest.raises(InvalidStatus):
        await connect(socket, ssl=site.trust, additional_headers={"Cookie": cookie, "Origin": "https://evil.example"})


async def test_62_an_address_that_a_client_makes_up_is_not_believed(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "hubbub.access"):
        async with httpx2.AsyncClient(verify=site.trust) as http:
            made_up = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
            await http.get(site.url + "/", headers=made_up)
    assert "127.0.0.1" in str([record.__dict__ for record in caplog.records])
    assert "203.0.113.9" not in str([record.__dict__ for record in caplog.records])
