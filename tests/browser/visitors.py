"""People at the page, in a real browser: they say, see, point and press keys."""

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

EXPECTED = re.compile(r"WebSocket connection to|Failed to load resource: net::ERR|ERR_INTERNET_DISCONNECTED")
"""What a browser itself says about a connection that the test has cut."""


RETURN_MS = 40_000
"""The longest that a page waits before it tries again to connect, and some more."""


class Visitor:
    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    async def opens(self, url: str) -> None:
        """Goes to an address and waits until the page is connected."""
        await self.page.goto(url)
        await self.is_connected()

    async def is_connected(self) -> None:
        await expect(self.page.locator(".app.ready")).to_be_attached()
        await expect(self.page.locator("#room-bar + [role=status]")).to_have_text("", timeout=RETURN_MS)
        await self.page.wait_for_function("() => document.querySelector('.app').dataset.connection === 'open'")

    async def says(self, text: str) -> None:
        box = self.page.locator("textarea")
        await box.fill(text)
        await box.press("Enter")

    async def sees(self, text: str, times: int = 1) -> None:
        """Waits until messages with exactly this text stand there so many times, and none of them is pending."""
        await expect(self.messages(text)).to_have_count(times)
        await expect(self.page.locator(".row.pending")).to_have_count(0)

    def messages(self, text: str) -> Locator:
        exact = re.compile(rf"^\s*{re.escape(text)}\s*$")
        return self.page.locator(".row[data-seq]").filter(has=self.page.locator(".text", has_text=exact))

    def row(self, text: str) -> Locator:
        return self.messages(text).last

    async def does(self, what: str, text: str) -> None:
        """Points at a message and uses the button with this name."""
        await self.row(text).hover()
        await self.row(text).get_by_role("button", name=what, exact=True).click()

    async def texts(self) -> list[str]:
        """All messages that stand there, in order."""
        return [t.strip() for t in await self.page.locator(".row .text").all_inner_texts()]

    async def top_of(self, text: str) -> float:
        box = await self.row(text).bounding_box()
        assert box is not None
        return box["y"]

    async def creates_room(self, name: str) -> None:
        await self.page.get_by_role("button", name="New room").click()
        await self.page.get_by_label("Name", exact=True).fill(name)
        await self.page.get_by_role("button", name="Create").click()
        await expect(self.page.locator("h1")).to_have_text(name)

    async def goes_to(self, room: str) -> None:
        """By the box that finds rooms; joins if need be."""
        await self.page.keyboard.press("Control+k")
        box = self.page.get_by_role("combobox", name="Name of a room")
        await box.fill(room)
        await expect(self.page.get_by_role("option").first).to_contain_text(room)
        await box.press("Enter")
        await expect(self.page.locator("h1")).to_have_text(room)

    async def joins(self, room: str) -> None:
        await self.goes_to(room)
        await self.page.get_by_role("button", name=f"Join {room}").click()
        await expect(self.page.locator("textarea")).to_be_visible()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.errors.append(message.text)


class Visitors:
    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self._all: list[Visitor] = []

    async def comes(self, path: str = "/", *, connected: bool = True, **context: Any) -> Visitor:
        """Somebody new, with a browser profile of their own."""
        profile = await self.browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | context))
        return await self.in_new_tab(profile, path, connected=connected)

    async def in_new_tab(self, profile: BrowserContext, path: str = "/", *, connected: bool = True) -> Visitor:
        visitor = Visitor(profile, await profile.new_page())
        self._all.append(visitor)
        if connected:
            await visitor.opens(self.url + path)
        else:
            await visitor.page.goto(self.url + path)
        return visitor

    def have_seen_no_errors(self) -> None:
        assert [error for visitor in self._all for error in visitor.errors] == []
