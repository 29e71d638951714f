"""Looking for messages on the page: by hand, by keyboard, on a phone."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from hubbub.testing.people import Guest
from hubbub.testing.server import Running
from tests.browser.test_quality import LOOKS, PHONE, axe_is_content
from tests.browser.visitors import Visitor, Visitors


async def looks_for(visitor: Visitor, text: str) -> Locator:
    """By keyboard. Returns the results."""
    await visitor.page.locator("h1").click()
    await visitor.page.keyboard.press("/")
    box = visitor.page.get_by_role("searchbox", name="Search messages")
    await expect(box).to_be_focused()
    await box.press_sequentially(text)
    return visitor.page.get_by_role("list", name="Results").get_by_role("link")


def said_in_panel(visitor: Visitor) -> Locator:
    return visitor.page.locator(".search [role=status]")


async def test_what_is_written_is_looked_for_while_it_is_written(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        await zoe.says("the kettle is <b>on</b>\nin the kitchen")
        await zoe.says("nothing here")
    hits = await looks_for(ann, "KETTL")
    await expect(hits).to_have_count(1)
    await expect(hits).to_contain_text("Zoë in Lobby")
    await expect(hits.locator(".snippet")).to_have_text("the kettle is <b>on</b> in the kitchen")
    await expect(hits.locator("mark")).to_have_text("kettl")
    await expect(said_in_panel(ann)).to_have_text("1 message.")
    await ann.page.keyboard.type("x")
    await expect(hits).to_have_count(0)
    await expect(said_in_panel(ann)).to_contain_text("Nothing was found")


async def test_a_result_leads_to_its_message_among_the_others(visitors: Visitors) -> None:
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        await zoe.says("the needle")
        for number in range(120):
            await zoe.says(f"hay {number}")
    ann = await visitors.comes()  # gets the newest messages only
    await ann.creates_room("Garden")
    hits = await looks_for(ann, "needle")
    await expect(hits).to_have_count(1)
    await ann.page.keyboard.press("ArrowDown")
    await expect(hits).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.locator("h1")).to_have_text("Lobby")
    await expect(ann.row("the needle")).to_be_in_viewport()
    await expect(ann.row("the needle")).to_be_focused()
    await expect(ann.row("the needle")).to_have_class(re.compile("target"))
    await expect(ann.messages("hay 3")).to_have_count(1)
    await expect(ann.messages("hay 119")).to_have_count(0)
    await ann.page.go_back()
    await expect(ann.page.locator("h1")).to_have_text("Garden")
    await expect(hits).to_have_count(1)


async def test_the_room_that_is_open_can_be_searched_alone(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.says("tea in the lobby")
    await ann.creates_room("Garden")
    await ann.says("tea in the garden")
    await ann.sees("tea in the garden")
    hits = await looks_for(ann, "tea")
    await expect(hits).to_have_count(2)
    await ann.page.get_by_label("Only in this room").check()
    await expect(hits).to_have_count(1)
    await expect(hits).to_contain_text("in the garden")
    await ann.page.locator(".room-links").get_by_text("Lobby").click()
    await expect(hits).to_contain_text("in the lobby")


async def test_older_results_come_when_they_are_wanted(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        for number in range(25):
            await zoe.says(f"tea {number}")
    hits = await looks_for(ann, "tea")
    await expect(hits).to_have_count(20)
    await expect(hits.first).to_contain_text("tea 24")
    await ann.page.get_by_role("button", name="Older results").click()
    await expect(hits).to_have_count(25)
    await expect(hits.nth(20)).to_be_focused()
    await expect(hits.last).to_contain_text("tea 0")
    await expect(ann.page.get_by_role("button", name="Older results")).to_be_hidden()


async def test_a_question_with_a_mistake_is_explained(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await expect(await looks_for(ann, "before:tomorrow")).to_have_count(0)
    await expect(said_in_panel(ann)).to_have_text("“before:” needs a day like 2026-01-31.")
    await expect(ann.page.get_by_role("button", name="Try again")).to_be_hidden()


async def test_without_a_connection_it_says_so_and_can_be_tried_again(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.says("tea")
    await ann.sees("tea")
    hits = await looks_for(ann, "te")
    await expect(hits).to_have_count(1)
    await ann.page.evaluate(
        """() => {
            const send = WebSocket.prototype.send;
            WebSocket.prototype.send = function (text) {
                if (text.includes('"search"')) { WebSocket.prototype.send = send; this.close(); }
                else send.call(this, text);
            };
        }"""
    )
    await ann.page.keyboard.type("a")
    again = ann.page.get_by_role("button", name="Try again")
    await expect(again).to_be_visible()
    await expect(hits).to_have_count(0)
    await ann.is_connected()
    await again.click()
    await expect(hits).to_have_count(1)
    await expect(again).to_be_hidden()


async def test_closing_the_panel_gives_the_focus_back_and_keeps_what_was_found(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.says("tea")
    await ann.sees("tea")
    await expect(await looks_for(ann, "tea")).to_have_count(1)
    await ann.page.keyboard.press("Escape")
    button = ann.page.get_by_role("button", name="Search messages")
    await expect(button).to_be_focused()
    await expect(button).to_have_attribute("aria-expanded", "false")
    await button.click()
    await expect(ann.page.get_by_role("searchbox")).to_have_value("tea")
    await expect(ann.page.get_by_role("list", name="Results").get_by_role("link")).to_have_count(1)
    about = ann.page.get_by_role("button", name=re.compile("About this room"))
    await about.click()
    await expect(ann.page.get_by_role("complementary", name="About this room")).to_be_visible()
    await expect(button).to_have_attribute("aria-expanded", "false")
    await expect(about).to_have_attribute("aria-expanded", "true")


async def test_a_slash_in_a_message_is_a_slash(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.page.locator("textarea").press_sequentially("and/or")
    await expect(ann.page.locator("textarea")).to_have_value("and/or")
    await expect(ann.page.get_by_role("searchbox")).to_have_count(0)


async def test_on_a_phone_a_result_closes_the_panel(visitors: Visitors) -> None:
    ann = await visitors.comes(**PHONE)
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        await zoe.says("the needle")
    await ann.page.get_by_role("button", name="Search messages").click()
    await ann.page.get_by_role("searchbox").fill("needle")
    await ann.page.get_by_role("list", name="Results").get_by_role("link").click()
    await expect(ann.page.get_by_role("searchbox")).to_be_hidden()
    await expect(ann.row("the needle")).to_be_focused()


async def test_nobody_finds_what_was_deleted(visitors: Visitors, server: Running) -> None:
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        seq = await zoe.says("a secret")
        hits = await looks_for(ann, "secret")
        await expect(hits).to_have_count(1)
        await zoe.does("delete", room="lobby", message=seq)
        await ann.page.get_by_role("searchbox").press("Enter")
        await expect(hits).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_is_content_with_questions_answers_and_none(visitors: Visitors, look: str) -> None:
    ann = await visitors.comes(**LOOKS[look])
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        await zoe.says("tea with https://example.org/" + "long" * 30)
    page: Any = ann.page
    await page.get_by_role("button", name="Search messages").click()
    await expect(page.locator(".hints")).to_be_visible()
    await axe_is_content(page)
    for text, count in (("tea", 1), ("tea xyz", 0)):
        await page.get_by_role("searchbox").fill(text)
        await expect(page.locator(".hit")).to_have_count(count)
        await axe_is_content(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
