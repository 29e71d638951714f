"""Private rooms, conversations, announcements and invitations on the page."""

import os
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from hubbub.core.models import Role
from hubbub.testing.server import Running
from tests.browser.test_files import attaches, brings, chips, sends
from tests.browser.test_quality import LOOKS, axe_is_content
from tests.browser.visitors import Visitor, Visitors

SHOTS = os.environ.get("SHOTS")


async def look(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png")


async def member(visitors: Visitors, server: Running, name: str, role: Role = "member", **context: Any) -> Visitor:
    """Somebody with an account."""
    visitor = await visitors.comes(**context)
    me = (await visitor.page.evaluate("() => JSON.parse(document.getElementById('boot').textContent).me"))["id"]

    def change(tx: Any) -> None:
        tx.set_role(me, role)
        tx.rename_person(me, name)

    await server.chat.store.write(change)
    await visitor.opens(visitors.url + "/")
    return visitor


def dialog(visitor: Visitor) -> Any:
    return visitor.page.get_by_role("dialog")


async def about(visitor: Visitor) -> Any:
    await visitor.page.get_by_role("button", name=re.compile("About this room")).click()
    return visitor.page.locator("#side")


async def creates(visitor: Visitor, name: str, kind: str, topic: str = "") -> None:
    await visitor.page.get_by_role("button", name="New room").click()
    await dialog(visitor).get_by_label("Name", exact=True).fill(name)
    await dialog(visitor).get_by_label("Topic").fill(topic)
    await dialog(visitor).get_by_label(kind).check()
    await visitor.page.get_by_role("button", name="Create").click()
    await expect(visitor.page.locator("h1")).to_have_text(name)


async def test_a_link_with_its_code_lets_a_stranger_into_a_private_room(visitors: Visitors, server: Running) -> None:
    ann = await member(visitors, server, "Ann")
    await creates(ann, "Garden", "Private", "What grows, and what does not")
    await expect(ann.page.locator(".topic")).to_have_text("What grows, and what does not")
    await expect(ann.page.locator(".room-links a", has_text="Garden")).to_contain_text("private")
    side = await about(ann)
    await side.get_by_role("button", name="Invite people").click()
    await expect(dialog(ann)).to_contain_text("Invite people to Garden")
    await dialog(ann).get_by_label("For whom").select_option("One person")
    await dialog(ann).get_by_role("button", name="Make a link").click()
    link = await dialog(ann).get_by_label("The link", exact=True).input_value()
    await expect(dialog(ann).locator(".qr svg path")).to_have_count(2)
    await expect(dialog(ann).get_by_role("listitem")).to_contain_text("for one person")
    await look(ann.page, "invite")
    bob = await visitors.comes(connected=False)
    await bob.page.goto(link)
    await expect(bob.page.locator("h1")).to_have_text("Ann invites you to Garden")
    await bob.page.get_by_role("button", name="Join Garden").click()
    await bob.is_connected()
    await expect(bob.page.locator("h1")).to_have_text("Garden")
    await bob.says("here I am")
    await ann.sees("here I am")
    await expect(dialog(ann).get_by_role("listitem")).to_have_count(1)
    await ann.page.keyboard.press("Escape")
    await side.get_by_role("button", name="Invite people").click()
    await expect(dialog(ann)).to_contain_text("Make a link")
    await expect(dialog(ann).get_by_role("listitem")).to_have_count(0)


async def test_a_message_to_somebody_appears_on_their_page_under_the_senders_name(
    visitors: Visitors, server: Running
) -> None:
    ann, bob = await member(visitors, server, "Ann"), await member(visitors, server, "Bob")
    await ann.page.get_by_role("button", name="New message").click()
    box = dialog(ann).get_by_label("Name of a person")
    await box.press_sequentially("bo")
    await expect(dialog(ann).get_by_role("list", name="People").get_by_role("button")).to_have_text("Bob")
    await box.press("Enter")
    await expect(dialog(ann).get_by_role("list", name="Chosen")).to_contain_text("Bob")
    await look(ann.page, "pick")
    await dialog(ann).get_by_role("button", name="Open").click()
    await expect(ann.page.locator("h1")).to_have_text("Bob")
    await ann.says("psst")
    direct = bob.page.get_by_role("list", name="Direct messages")
    await expect(direct.locator("a .name")).to_have_text("Ann")
    await expect(direct.locator(".count")).to_contain_text("1")
    await look(bob.page, "direct")
    await direct.locator("a").click()
    await bob.sees("psst")
    side = await about(bob)
    await expect(side).to_contain_text("Only the people in this conversation see it.")
    await side.get_by_role("button", name="Hide until the next message").click()
    await expect(direct.locator("a")).to_have_count(0)
    await ann.says("still there?")
    await expect(direct.locator("a")).to_contain_text("Ann")


async def test_an_announcement_room_and_its_moderators(visitors: Visitors, server: Running) -> None:
    ann, bob = await member(visitors, server, "Ann"), await member(visitors, server, "Bob")
    await creates(ann, "News", "Public")
    await bob.joins("News")
    side = await about(ann)
    await side.get_by_role("button", name="Settings").click()
    await dialog(ann).get_by_label("Topic").fill("What is new")
    await dialog(ann).get_by_label("Only moderators post").check()
    await dialog(ann).get_by_label("Messages of one person").select_option("One a minute")
    await dialog(ann).get_by_label("Who may see it").select_option("Only its members")
    await expect(dialog(ann)).to_contain_text("Whoever is not a member will see nothing of it any more.")
    await dialog(ann).get_by_label("Who may see it").select_option("Everybody here")
    await look(ann.page, "settings")
    await dialog(ann).get_by_role("button", name="Save").click()
    await expect(bob.page.locator("message-composer")).to_contain_text("Only moderators post here.")
    await expect(bob.page.locator(".topic")).to_have_text("What is new · One message every 60 seconds")
    await bob.page.reload()
    await expect(bob.page.locator("message-composer")).to_contain_text("Only moderators post here.")
    await look(bob.page, "announcement")
    await side.get_by_label("Role of Bob").select_option("Moderator")
    await look(ann.page, "members")
    await expect(bob.page.locator("textarea")).to_be_visible()
    await side.get_by_label("Role of Ann").select_option("Member")
    await side.get_by_label("Role of Bob").select_option("Member")
    await expect(ann.page.get_by_text("Make somebody else its owner first")).to_be_visible()
    await expect(side.get_by_label("Role of Ann")).to_have_value("owner")


async def test_only_whoever_may_write_in_a_room_may_attach_files(visitors: Visitors, server: Running) -> None:
    """By button, by dropping and by pasting."""
    ann, bob = await member(visitors, server, "Ann"), await member(visitors, server, "Bob")
    await creates(ann, "News", "Public")
    await bob.joins("News")
    button = bob.page.get_by_role("button", name="Attach files")
    await attaches(bob, ("before.txt", b"before"))
    await expect(chips(bob)).to_have_text(["before.txt6 bytes"])
    side = await about(ann)
    await side.get_by_role("button", name="Settings").click()
    await dialog(ann).get_by_label("Only moderators post").check()
    await dialog(ann).get_by_role("button", name="Save").click()
    await expect(bob.page.locator("message-composer")).to_contain_text("Only moderators post here.")
    await expect(button).to_have_count(0)
    await expect(chips(bob)).to_have_count(0)
    late = ("late.txt", "text/plain", b"late")
    assert await brings(bob, "dragover", late)
    await expect(bob.page.locator("main.dropping")).to_have_count(0)
    assert await brings(bob, "drop", late)
    await attaches(ann, ("plan.txt", b"plan"))
    await sends(ann, "for everybody")
    await expect(bob.row("for everybody").locator(".card")).to_contain_text("plan.txt")
    await side.get_by_label("Role of Bob").select_option("Moderator")
    await expect(button).to_be_visible()
    await expect(chips(bob)).to_have_text(["before.txt6 bytes"])
    assert await brings(bob, "dragover", late)
    await expect(bob.page.locator("main.dropping")).to_be_visible()
    assert await brings(bob, "drop", late)
    await expect(chips(bob)).to_have_count(2)


async def test_people_are_added_to_a_room_and_a_private_room_that_one_leaves_is_gone(
    visitors: Visitors, server: Running
) -> None:
    ann, bob = await member(visitors, server, "Ann"), await member(visitors, server, "Bob")
    await creates(ann, "Garden", "Private")
    await ann.says("carrots")
    side = await about(ann)
    await side.get_by_role("button", name="Add people").click()
    await dialog(ann).get_by_role("button", name="Bob").click()
    await dialog(ann).get_by_role("button", name="Add", exact=True).click()
    await bob.page.locator(".room-links a", has_text="Garden").click()
    await bob.sees("carrots")
    await (await about(bob)).get_by_role("button", name="Leave").click()
    await expect(dialog(bob)).to_contain_text("unless somebody adds or invites you again")
    await dialog(bob).get_by_role("button", name="Leave").click()
    await expect(bob.page.locator("h1")).to_have_text("Lobby")
    await bob.page.goto(ann.page.url)
    await expect(bob.page.locator("h1")).to_have_text("There is no such room.")
    [said] = bob.errors  # by the browser, of the page's status
    assert "404" in said
    bob.errors.clear()


async def test_guests_are_offered_nothing_that_they_may_not_do(visitors: Visitors) -> None:
    gus = await visitors.comes()
    await expect(gus.page.get_by_role("button", name="New message")).to_be_hidden()
    await gus.page.get_by_role("button", name="New room").click()
    await expect(dialog(gus)).to_contain_text("Private rooms are for people with an account.")
    await expect(dialog(gus).get_by_label("Private")).to_have_count(0)


@pytest.mark.parametrize("looks", LOOKS)
async def test_axe_is_content_with_every_dialog_of_rooms(visitors: Visitors, server: Running, looks: str) -> None:
    ann = await member(visitors, server, "Ann", "owner", **LOOKS[looks])
    bob = await member(visitors, server, "Bob")
    page = ann.page
    if looks in ("phone", "narrow"):
        await page.get_by_role("link", name="Back to the rooms").click()
    await page.get_by_role("button", name="New room").click()
    await axe_is_content(page, but=["landmark-one-main", "page-has-heading-one"])
    await look(page, f"new-room-{looks}")
    await page.keyboard.press("Escape")
    await creates(ann, "Garden", "Private", "What grows")
    await bob.says("hello")
    side = await about(ann)
    await expect(side.get_by_label("Role of Ann")).to_be_visible()
    await axe_is_content(page)
    await look(page, f"side-{looks}")
    for button in ("Settings", "Add people", "Invite people"):
        await side.get_by_role("button", name=button).click()
        await expect(dialog(ann)).to_be_visible()
        if button == "Add people":
            await expect(dialog(ann).get_by_role("button", name="Bob")).to_be_visible()
        if button == "Invite people":
            await dialog(ann).get_by_role("button", name="Make a link").click()
            await expect(dialog(ann).locator(".qr svg")).to_be_visible()
            await expect(dialog(ann).get_by_role("button", name=re.compile("Revoke"))).to_be_visible()
            link = await dialog(ann).get_by_label("The link", exact=True).input_value()
        await axe_is_content(page)
        await look(page, f"{button.split()[0].lower()}-{looks}")
        await page.keyboard.press("Escape")
    stranger = await visitors.comes(connected=False, **LOOKS[looks])
    await stranger.page.goto(link)
    await axe_is_content(stranger.page)
    await look(stranger.page, f"door-{looks}")
