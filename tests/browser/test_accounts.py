"""Accounts in a real browser: from the first run to an owner, from a guest to a member, and out again."""

import re

import pytest
from playwright.async_api import expect

from hubbub.testing.server import Running
from tests.browser.test_quality import LOOKS, axe_is_content
from tests.browser.visitors import Visitor, Visitors
from tests.web.pictures import picture

WORDS = "four words make a password"


async def becomes_owner(visitors: Visitors, server: Running, **look: object) -> Visitor:
    link = await server.chat.owner_link(server.url)
    assert link
    olga = await visitors.comes(link.removeprefix(visitors.url), connected=False, **look)
    await axe_is_content(olga.page)
    choice = await olga.page.get_by_text("Only people who were invited").bounding_box()
    assert choice
    assert choice["height"] < 40  # the words stand beside their radio button
    await olga.page.get_by_label("What is this place called?").fill("Tea house")
    await olga.page.get_by_label("Login name").fill("olga")
    await olga.page.get_by_label("Password").fill(WORDS)
    await olga.page.get_by_label("Your name").fill("Olga")
    await olga.page.get_by_role("button", name="Begin").click()
    await olga.is_connected()
    return olga


async def opens(person: Visitor, entry: str) -> None:
    await person.page.get_by_role("button", name="Your name and settings").click()
    await person.page.get_by_role("dialog").get_by_role("button", name=entry).click()


@pytest.mark.parametrize("look", LOOKS)
async def test_from_the_first_run_to_an_owner_who_decides_how_the_place_is(
    visitors: Visitors, server: Running, look: str
) -> None:
    olga = await becomes_owner(visitors, server, **LOOKS[look])
    page = olga.page
    await expect(page).to_have_title("Lobby – Tea house")
    if look in ("phone", "narrow"):
        await page.get_by_role("link", name="Back to the rooms").click()
    await page.get_by_role("button", name="Your name and settings").click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Sign out")).to_be_visible()
    await axe_is_content(page, but=["landmark-one-main", "page-has-heading-one"])
    await page.keyboard.press("Escape")
    for entry, words in (
        ("Profile", "Time zone"),
        ("Password and e-mail", "You sign in as olga"),
        ("Where you are signed in", "this one"),
        ("People", "Owner"),
        ("Waiting to be let in", "Nobody waits"),
        ("This place", "Who may make an account?"),
    ):
        await opens(olga, entry)
        await expect(page.get_by_role("dialog")).to_contain_text(words)
        await axe_is_content(page, but=["landmark-one-main", "page-has-heading-one"])
        if entry != "This place":
            await page.keyboard.press("Escape")
    await page.get_by_label("Name of this place").fill("Coffee house")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page).to_have_title("Lobby – Coffee house")
    if look in ("phone", "narrow"):
        await page.get_by_role("link", name="Lobby").click()
    await page.get_by_role("button", name=re.compile("^About this room")).click()
    await page.get_by_role("button", name="Invite people").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Invite people to Coffee house")


async def test_a_guest_signs_up_and_keeps_messages_and_rooms(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("before")
    await ann.sees("before")
    await ann.creates_room("Garden")
    await ann.page.get_by_role("link", name="Sign up").click()
    await expect(ann.page.locator("main")).to_contain_text("Your messages and rooms stay yours.")
    await axe_is_content(ann.page)
    await ann.page.get_by_label("Login name").fill("ann")
    await ann.page.get_by_label("Password").fill("short")
    await ann.page.get_by_label("Your name").fill("Ann")
    await ann.page.get_by_role("button", name="Sign up").click()
    await expect(ann.page.get_by_role("alert")).to_contain_text("at least 8 characters")
    await expect(ann.page.get_by_label("Login name")).to_have_value("ann")
    ann.errors.clear()  # a browser's console tells of each answer with 422, or 403
    await ann.page.get_by_label("Password").fill(WORDS)
    await ann.page.get_by_role("button", name="Sign up").click()
    await ann.is_connected()
    await expect(ann.page.locator(".room-links a", has_text="Garden")).to_be_visible()
    await ann.does("Edit", "before")
    await ann.says("after")
    await bob.sees("after")
    await expect(bob.page.locator(".row .author bdi")).to_have_text("Ann")
    await expect(ann.page.get_by_role("link", name="Sign up")).to_have_count(0)


async def test_signing_out_in_one_tab_ends_the_other(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-up", connected=False)
    await ann.page.get_by_label("Login name").fill("ann")
    await ann.page.get_by_label("Password").fill(WORDS)
    await ann.page.get_by_role("button", name="Sign up").click()
    await ann.is_connected()
    other = await visitors.in_new_tab(ann.context)
    await ann.page.get_by_role("button", name="Your name and settings").click()
    await ann.page.get_by_role("button", name="Sign out").click()
    await expect(ann.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(other.page.locator("#room-bar + [role=status]")).to_contain_text("You are signed out.")
    await other.page.get_by_role("button", name="Sign in").click()
    await other.page.get_by_label("Login name or e-mail address").fill("ann")
    await other.page.get_by_label("Password").fill(WORDS)
    await other.page.get_by_role("button", name="Sign in").click()
    await other.is_connected()
    await expect(other.page.locator(".me bdi")).to_have_text("ann")


async def test_whoever_waits_is_let_in_and_made_a_moderator(visitors: Visitors, server: Running) -> None:
    olga = await becomes_owner(visitors, server)
    await opens(olga, "This place")
    await olga.page.get_by_label("Who may make an account?").select_option("approval")
    await olga.page.get_by_role("button", name="Save").click()
    await expect(olga.page.get_by_role("dialog")).to_have_count(0)
    bob = await visitors.comes("/sign-up", connected=False)
    await bob.page.get_by_label("Login name").fill("bob")
    await bob.page.get_by_label("Password").fill(WORDS)
    await bob.page.get_by_role("button", name="Sign up").click()
    await expect(bob.page.locator("h1")).to_contain_text("You will be in soon")
    await axe_is_content(bob.page)
    await expect(olga.page.get_by_role("button", name="Your name and settings")).to_have_class(re.compile("called"))
    await opens(olga, "Waiting to be let in (1)")
    await olga.page.get_by_role("button", name="Let in: bob").click()
    await expect(olga.page.get_by_role("button", name="Let in: bob")).to_have_count(0)
    await olga.page.keyboard.press("Escape")
    await bob.page.get_by_role("link", name="Look again").click()
    await bob.is_connected()
    await opens(olga, "People")
    await olga.page.get_by_role("button", name="Role: bob").click()
    await olga.page.get_by_label("What is bob here?").select_option("moderator")
    await olga.page.get_by_role("button", name="Save").click()
    await expect(bob.page.locator("#room-bar + [role=status]")).to_contain_text("You are signed out.")
    bob.errors.clear()


async def test_a_name_leads_to_a_card_by_pointer_and_by_key(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-up", connected=False)
    await ann.page.get_by_label("Login name").fill("ann")
    await ann.page.get_by_label("Password").fill(WORDS)
    await ann.page.get_by_role("button", name="Sign up").click()
    await ann.is_connected()
    await opens(ann, "Profile")
    await ann.page.get_by_label("Status").fill("in the garden")
    await ann.page.get_by_label("Time zone").fill("Europe/Berlin")
    await ann.page.get_by_role("button", name="Save").click()
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await ann.says("hi")
    await ann.sees("hi")
    bob = await visitors.comes()
    await bob.page.locator(".author bdi").click()
    card = bob.page.get_by_role("dialog")
    await expect(card).to_contain_text("in the garden")
    await expect(card).to_contain_text("Europe/Berlin")
    await axe_is_content(bob.page)
    await bob.page.keyboard.press("Escape")
    await bob.row("hi").focus()
    await bob.page.keyboard.press("p")
    await expect(bob.page.get_by_role("dialog")).to_contain_text("in the garden")


async def test_a_picture_of_oneself_is_chosen_seen_and_taken_away(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-up", connected=False)
    await ann.page.get_by_label("Login name").fill("ann")
    await ann.page.get_by_label("Password").fill(WORDS)
    await ann.page.get_by_role("button", name="Sign up").click()
    await ann.is_connected()
    dialog = ann.page.get_by_role("dialog")
    await opens(ann, "Profile")
    await expect(dialog.locator("span.avatar")).to_have_text("a")
    me = {"name": "me.png", "mimeType": "image/png", "buffer": picture(size=(900, 600))}
    await ann.page.get_by_label("Your picture").set_input_files(me)
    await expect(dialog.locator("img.avatar")).to_have_js_property("complete", True)
    assert await dialog.locator("img.avatar").evaluate("(image) => image.naturalWidth") > 0
    await axe_is_content(ann.page)
    await ann.page.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await ann.says("hi")
    bob = await visitors.comes()
    await bob.page.locator(".author bdi").click()
    seen = bob.page.get_by_role("dialog").locator("img.avatar")
    await expect(seen).to_have_js_property("complete", True)
    assert await seen.evaluate("(image) => image.naturalWidth") > 0
    await bob.page.keyboard.press("Escape")
    await opens(ann, "People")
    await expect(dialog.locator("li img.avatar")).to_have_count(1)
    await ann.page.keyboard.press("Escape")
    await opens(ann, "Profile")
    await dialog.get_by_role("button", name="Take it away").click()
    await ann.page.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await bob.page.locator(".author bdi").click()
    await expect(bob.page.get_by_role("dialog").locator("span.avatar")).to_have_text("a")


async def test_another_password_signs_out_everywhere_else(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-up", connected=False)
    await ann.page.get_by_label("Login name").fill("ann")
    await ann.page.get_by_label("Password").fill(WORDS)
    await ann.page.get_by_role("button", name="Sign up").click()
    await ann.is_connected()
    phone = await visitors.comes("/sign-in", connected=False)
    await phone.page.get_by_label("Login name or e-mail address").fill("ann")
    await phone.page.get_by_label("Password").fill(WORDS)
    await phone.page.get_by_role("button", name="Sign in").click()
    await phone.is_connected()
    await opens(ann, "Password and e-mail")
    await ann.page.get_by_label("New password").fill("and four others make another")
    await ann.page.get_by_label("Your password now").fill(WORDS)
    await ann.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(phone.page.locator("#room-bar + [role=status]")).to_contain_text("You are signed out.")
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await ann.is_connected()
    await ann.says("I stay")
    await ann.sees("I stay")


async def test_signing_up_and_in_and_out_works_without_script(visitors: Visitors) -> None:
    bare = await visitors.comes(connected=False, java_script_enabled=False)
    page = bare.page
    await page.get_by_role("link", name="Sign up").click()
    await page.get_by_label("Login name").fill("ann")
    await page.get_by_label("Password").fill(WORDS)
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Login name or e-mail address").fill("ann")
    await page.get_by_label("Password").fill(WORDS)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
