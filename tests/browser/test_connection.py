"""The connection breaks, the server goes and comes back: nothing is lost, nothing is doubled, and the page says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, expect

from hubbub.testing.people import Guest
from hubbub.testing.process import ServerProcess, run_server
from tests.browser.conftest import GENEROUS
from tests.browser.visitors import Visitors


@asynccontextmanager
async def again(data: Path, before: ServerProcess) -> AsyncIterator[ServerProcess]:
    """The server on the same data and the same address."""
    async with run_server(data, port=int(before.url.rsplit(":", 1)[1]), **GENEROUS) as running:
        yield running


async def test_one_goes_offline_and_comes_back(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("before")
    await bob.sees("before")
    await bob.context.set_offline(True)
    await bob.says("written offline")
    await expect(bob.page.locator(".row.pending, .row[data-seq]").last).to_contain_text("written offline")
    await ann.says("while Bob was away")
    await bob.context.set_offline(False)
    for person in (ann, bob):
        await person.sees("while Bob was away")
        await person.sees("written offline")
    assert sorted(await ann.texts()) == sorted(await bob.texts()) == ["before", "while Bob was away", "written offline"]
    assert await ann.texts() == await bob.texts()


async def test_the_server_is_killed_and_restarted_under_two_people(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with run_server(data, **GENEROUS) as server:
        visitors = Visitors(browser, server.url)
        ann, bob = await visitors.comes(), await visitors.comes()
        await ann.says("before the crash")
        await bob.sees("before the crash")
        await server.kill()
        for person in (ann, bob):
            await expect(person.page.locator(".status")).to_contain_text("Reconnecting")
            await expect(person.page.locator("textarea")).to_be_enabled()
        await ann.says("from Ann, into the void")
        await bob.says("from Bob, into the void")
        await expect(ann.page.locator(".row.pending")).to_have_count(1)
        await expect(ann.page.locator(".status")).to_contain_text("1 message waits to be sent")
    async with again(data, server):
        for person in (ann, bob):
            await person.page.evaluate("dispatchEvent(new Event('online'))")
        for person in (ann, bob):
            await person.is_connected()
            for text in ("before the crash", "from Ann, into the void", "from Bob, into the void"):
                await person.sees(text)
        assert await ann.texts() == await bob.texts()
    visitors.have_seen_no_errors()


async def test_what_was_written_without_a_connection_survives_a_reload(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with run_server(data, **GENEROUS) as server:
        visitors = Visitors(browser, server.url)
        ann = await visitors.comes()
        await server.kill()
        await expect(ann.page.locator(".status")).to_be_visible()
        for text in ("one", "two", "three"):
            await ann.says(text)
        await ann.page.locator("textarea").fill("a draft")
    async with again(data, server):
        await ann.page.reload()
        await ann.is_connected()
        for text in ("one", "two", "three"):
            await ann.sees(text)
        assert await ann.texts() == ["one", "two", "three"]
        await expect(ann.page.locator("textarea")).to_have_value("a draft")
    visitors.have_seen_no_errors()


async def test_a_post_whose_answer_was_lost_is_one_message(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.page.evaluate(
        """() => {
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (text) {
                send.call(this, text);
                if (text.includes('"post"')) { WebSocket.prototype.send = send; this.onmessage = null; this.close(); }
            };
        }"""
    )
    await ann.says("was I heard?")
    await bob.sees("was I heard?")
    await ann.is_connected()
    await ann.says("yes")
    for person in (ann, bob):
        await person.sees("yes")
        assert await person.texts() == ["was I heard?", "yes"]


async def test_what_the_server_refuses_stays_with_the_reason_and_a_way_out(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.creates_room("Short lived")
    await bob.joins("Short lived")
    await bob.page.evaluate(  # his message is held back
        """() => {
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (text) {
                if (text.includes("too late")) window.release = () => send.call(this, text);
                else send.call(this, text);
            };
        }"""
    )
    await bob.says("too late")
    await ann.page.get_by_role("button", name="About this room, 2 people here").click()
    await ann.page.get_by_role("button", name="Archive").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    for person in (ann, bob):
        await expect(person.page.locator("message-composer")).to_contain_text("This room is archived")
    await bob.page.evaluate("() => window.release()")
    failed = bob.page.locator(".row.failed")
    await expect(failed).to_contain_text("This room is archived")
    await expect(failed.get_by_role("button", name="Try again")).to_be_visible()
    await failed.get_by_role("button", name="Delete").click()
    await expect(failed).to_have_count(0)


async def test_a_clean_restart_is_announced_and_everybody_comes_back(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with run_server(data, **GENEROUS) as server:
        visitors = Visitors(browser, server.url)
        ann = await visitors.comes()
        await ann.says("before")
        await ann.sees("before")
        assert await server.stop() == 0
    async with again(data, server):
        await ann.is_connected()
        await ann.says("after")
        await ann.sees("after")
        assert await ann.texts() == ["before", "after"]
    visitors.have_seen_no_errors()


async def test_two_clients_and_a_page_see_the_same_across_a_restart(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with run_server(data, **GENEROUS) as server:
        visitors = Visitors(browser, server.url)
        page = await visitors.comes()
        ann, bob = [await Guest.registers(server.url, name) for name in ("Ann", "Bob")]
        for guest in (ann, bob):
            await guest.returns()
        await ann.says("before")
        await page.sees("before")
        assert await server.stop() == 0
        for guest in (ann, bob):
            assert (await guest.gets("restarting"))["retry_in_ms"] > 0
        await expect(page.page.locator(".status")).to_be_visible()
        await page.says("from the page, meanwhile")
    async with again(data, server):
        for guest in (ann, bob):
            await guest.returns()
        await ann.says("from Ann")
        await bob.says("from Bob")
        await page.is_connected()
        said = ["before", "from Ann", "from Bob", "from the page, meanwhile"]
        for text in said:
            await page.sees(text)
            for guest in (ann, bob):
                await guest.hears(text)
        assert sorted(await page.texts()) == sorted(said)
        assert await page.texts() == ann.texts() == bob.texts()
        for guest in (ann, bob):
            await guest.drops()
    visitors.have_seen_no_errors()
