"""The page at /tutorial in a real Chromium, row by row (D-xx)."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright, expect
from tutorial_people import Hubbub, Server, serve, talkers

from hubbub import Chat, Settings
from hubbub.errors import Unavailable
from hubbub.web.tutorial import CLIENT_FILES

SYSTEM_CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM = SYSTEM_CHROMIUM if SYSTEM_CHROMIUM.exists() else None
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def server(hubbub: Hubbub) -> AsyncIterator[Server]:
    async with hubbub() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that must not complain."""
    page = await browser.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    await page.close()
    assert failures == []


async def write(page: Page, text: str) -> None:
    await page.locator("#messageText").fill(text)
    await page.get_by_role("button", name="Send").click()


async def connected(page: Page) -> str:
    """Waits for the connection; the page's id."""
    await expect(page.locator("#connection")).to_have_text("")
    return await page.locator("#ws-id").inner_text()


async def test_d05_the_page_has_the_elements_of_the_tutorial(server: Server, page: Page) -> None:
    response = await page.goto(f"{server.origin}/tutorial")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    await expect(page).to_have_title("Chat")
    await expect(page.locator("h1")).to_have_text("WebSocket Chat")
    await expect(page.locator("h2")).to_have_text(re.compile(r"^Your ID: \d+$"))
    await expect(page.locator("input#messageText")).to_have_attribute("autocomplete", "off")
    await expect(page.get_by_role("button")).to_have_text("Send")
    await expect(page.locator("ul#messages > *")).to_have_count(0)


async def test_d06_the_id_is_the_time_and_new_at_each_load(server: Server, page: Page) -> None:
    await page.goto(f"{server.origin}/tutorial")
    first = int(await connected(page))
    assert first <= await page.evaluate("Date.now()")
    await page.reload()
    assert int(await connected(page)) > first


@pytest.mark.parametrize(
    ("place", "socket"),
    [
        ("https://chat.example/tutorial", "wss://chat.example/ws/"),
        ("https://chat.example:8443/some/where/tutorial", "wss://chat.example:8443/some/where/ws/"),
        ("http://chat.example:81/tutorial?a=b", "ws://chat.example:81/ws/"),
    ],
)
async def test_d07_the_page_connects_to_where_it_came_from(page: Page, place: str, socket: str) -> None:
    async def serve_files(route: Route) -> None:
        name = "tutorial.js" if route.request.url.endswith(".js") else "tutorial.html"
        await route.fulfill(path=CLIENT_FILES / name)

    called: asyncio.Queue[str] = asyncio.Queue()

    def answer(route: WebSocketRoute) -> None:
        called.put_nowait(route.url)

    await page.route("**/*", serve_files)
    await page.route_web_socket(re.compile(".*"), answer)
    await page.goto(place)
    async with asyncio.timeout(20):
        assert await called.get() == socket + await page.locator("#ws-id").inner_text()


async def test_d07_the_page_works_inside_another_application(tmp_path: Path, page: Page) -> None:
    chat = Chat(Settings(data=tmp_path))
    app = FastAPI(lifespan=chat.lifespan)
    app.include_router(chat.router, prefix="/inside")
    async with serve(app) as server:
        await page.goto(f"{server.origin}/inside/tutorial")
        await connected(page)
        await write(page, "hello")
        await expect(page.locator("ul#messages > li")).to_have_count(2)


async def test_d08_d09_what_is_sent_becomes_text_at_the_end_of_the_list(server: Server, page: Page) -> None:
    await page.goto(f"{server.origin}/tutorial")
    number = await connected(page)
    async with talkers(server, 7) as (ann,):
        await write(page, "<b>one</b> &amp;")
        await ann.hears(f"Client #{number} says: <b>one</b> &amp;")
        await ann.says("<img src=x onerror=alert(1)>")
        await expect(page.locator("ul#messages > li")).to_have_text(
            [
                "You wrote: <b>one</b> &amp;",
                f"Client #{number} says: <b>one</b> &amp;",
                "Client #7 says: <img src=x onerror=alert(1)>",
            ]
        )
        await expect(page.locator("ul#messages > li *")).to_have_count(0)
        await expect(page.locator("#messageText")).to_have_value("")
        assert page.url == f"{server.origin}/tutorial"


async def test_d10_what_is_submitted_too_early_stays_in_the_box(
    server: Server, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_open = asyncio.Event()
    open_room = server.chat.relay.open

    async def open_later(*room: Any, **at: Any) -> None:
        await may_open.wait()
        await open_room(*room, **at)

    monkeypatch.setattr(server.chat.relay, "open", open_later)
    await page.goto(f"{server.origin}/tutorial")
    await write(page, "too early")
    await expect(page.locator("#connection")).to_have_text("Not connected: your text stays in the box.")
    await expect(page.locator("#messageText")).to_have_value("too early")
    may_open.set()
    await connected(page)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("ul#messages > li").last).to_have_text(re.compile("says: too early$"))


async def test_d11_d12_the_page_keeps_the_text_and_reconnects(hubbub: Hubbub, page: Page) -> None:
    async with hubbub() as server:
        await page.goto(f"{server.origin}/tutorial")
        number = await connected(page)
        await write(page, "first")
        await expect(page.locator("ul#messages > li")).to_have_count(2)
    await expect(page.locator("#connection")).to_contain_text("trying again")
    await write(page, "second")
    await expect(page.locator("#messageText")).to_have_value("second")
    async with hubbub(uvicorn={"port": server.port}) as again:
        assert await connected(page) == number
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("ul#messages > li")).to_have_count(4)
        assert await again.history() == [(f"Client #{number}", "first"), (f"Client #{number}", "second")]
        await page.close()


async def test_what_did_not_arrive_comes_back_into_the_box(
    server: Server, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise Unavailable("The disk is full.")

    await page.goto(f"{server.origin}/tutorial")
    await connected(page)
    with monkeypatch.context() as broken:
        broken.setattr(server.chat, "perform", full)
        await write(page, "precious")
        await expect(page.locator("#messageText")).to_have_value("precious")
    await connected(page)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("ul#messages > li").last).to_have_text(re.compile("says: precious$"))
