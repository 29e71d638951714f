"""Rooms on the page, and the page on a phone, by keyboard, without script."""

import re

from playwright.async_api import expect

from hubbub.testing.people import Guest
from tests.browser.visitors import Visitors

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def test_a_room_from_its_creation_to_its_archive(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.creates_room("Garden")
    await bob.joins("Garden")
    await bob.says("carrots?")
    await ann.sees("carrots?")
    about = ann.page.get_by_role("button", name=re.compile("About this room"))
    await about.click()
    await ann.page.get_by_role("button", name="Rename").click()
    await ann.page.get_by_label("Name", exact=True).fill("Allotment")
    await ann.page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    for person in (ann, bob):
        await expect(person.page.locator("h1")).to_have_text("Allotment")
    await bob.page.get_by_role("button", name=re.compile("About this room")).click()
    await expect(bob.page.get_by_role("button", name="Archive")).to_have_count(0)
    await bob.page.get_by_role("button", name="Leave").click()
    await bob.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    await expect(bob.page.locator("h1")).to_have_text("Lobby")
    await expect(bob.page.locator(".room-links a", has_text="Allotment")).to_have_count(0)
    await ann.page.get_by_role("button", name="Archive").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    await expect(ann.page.locator("message-composer")).to_contain_text("This room is archived")


async def test_a_name_that_is_taken_is_said_in_the_dialog(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.page.get_by_role("button", name="New room").click()
    await ann.page.get_by_label("Name", exact=True).fill("lobby")
    await ann.page.get_by_role("button", name="Create").click()
    await expect(ann.page.get_by_role("dialog")).to_contain_text("There is already a room called “Lobby”")
    await ann.page.keyboard.press("Escape")
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await expect(ann.page.get_by_role("button", name="New room")).to_be_focused()


async def test_a_visitor_reads_before_joining_and_gets_what_was_said_meanwhile(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.creates_room("Choir")
    await ann.says("la")
    await ann.sees("la")
    await bob.goes_to("Choir")
    await bob.sees("la")
    await ann.says("li")
    await ann.sees("li")
    await bob.page.get_by_role("button", name="Join Choir").click()
    await bob.sees("li")
    await ann.says("lu")
    await bob.sees("lu")
    assert await bob.texts() == ["la", "li", "lu"]


async def test_any_room_is_found_among_many_and_one_that_is_not_there_is_said(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Builder") as builder:
        for number in range(105):
            await builder.does("create", name=f"Room {number:03}")
        await builder.does("create", name="Zeppelins")
        await builder.says("up here", "zeppelins")
    await ann.goes_to("Zeppelins")
    await ann.sees("up here")
    await ann.page.evaluate("() => { history.pushState(null, '', '/r/nowhere'); history.pushState(null, '', '/r/x'); }")
    await ann.page.go_back()
    await expect(ann.page.get_by_text("There is no such room.")).to_be_visible()


async def test_everything_by_keyboard_alone(visitors: Visitors) -> None:
    ann = await visitors.comes()
    press = ann.page.keyboard.press
    await ann.page.locator("textarea").focus()
    await ann.page.keyboard.type("first")
    await press("Enter")
    await ann.sees("first")
    await press("Control+F6")  # … to the rooms, to the messages
    for _ in range(4):
        if await ann.page.evaluate("() => document.activeElement.matches('.row')"):
            break
        await press("Control+F6")
    await expect(ann.row("first")).to_be_focused()
    await press("r")
    await expect(ann.page.locator("textarea")).to_be_focused()
    await ann.page.keyboard.type("second")
    await press("Enter")
    await ann.sees("second")
    await expect(ann.row("second").locator(".quote")).to_contain_text("first")
    await press("Shift+Tab")
    while not await ann.page.evaluate("() => document.activeElement.matches('.row')"):
        await press("Shift+Tab")
    await press("ArrowUp")
    await expect(ann.row("first")).to_be_focused()
    await press("Enter")
    await expect(ann.row("first").get_by_role("button", name="React with 👍")).to_be_focused()
    await press("Enter")
    await expect(ann.row("first").locator(".reactions button")).to_have_attribute("aria-pressed", "true")
    await expect(ann.row("first")).to_be_focused()
    await press("?")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("Go to a room")
    await press("Escape")
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)


async def test_single_letters_do_nothing_to_what_is_being_written(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.page.locator("textarea").press_sequentially("are you? e+uc")
    await expect(ann.page.locator("textarea")).to_have_value("are you? e+uc")
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)


async def test_a_phone_has_rooms_and_messages_as_two_screens(visitors: Visitors) -> None:
    ann = await visitors.comes(**PHONE)
    await expect(ann.page.locator("#rooms")).to_be_hidden()
    await ann.page.get_by_role("link", name="Back to the rooms").click()
    await expect(ann.page.locator("#rooms")).to_be_visible()
    await expect(ann.page.locator("#room")).to_be_hidden()
    await ann.page.locator(".room-links a", has_text="Lobby").click()
    await expect(ann.page.locator("#room")).to_be_visible()
    await ann.page.go_back()
    await expect(ann.page.locator("#rooms")).to_be_visible()
    await ann.page.go_back()
    await expect(ann.page.locator("#room")).to_be_visible()
    await ann.page.locator("textarea").fill("one")
    await ann.page.locator("textarea").press("Enter")
    await expect(ann.page.locator("textarea")).to_have_value("one\n")
    await ann.page.get_by_role("button", name="Send").tap()
    await expect(ann.page.locator(".row .text")).to_have_text(re.compile(r"^one\s*$"))
    wider = await ann.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert not wider


async def test_the_page_works_without_script(visitors: Visitors) -> None:
    ann = await visitors.comes()
    for number in range(30):
        await ann.says(f"line {number}")
    await ann.says("*hello* to those without")
    await ann.sees("hello to those without")
    bare = await visitors.comes(connected=False, java_script_enabled=False)
    await expect(bare.page.locator(".row em")).to_have_text("hello")
    await expect(bare.page.locator(".row").last).to_be_in_viewport()
    await bare.page.locator("textarea").fill("I am here <b>without</b> script")
    await bare.page.get_by_role("button", name="Send").click()
    await expect(bare.page.locator(".row").last).to_contain_text("I am here <b>without</b> script")
    await ann.sees("I am here <b>without</b> script")
