"""Order on the page: people report, moderators act, and everybody sees what happens to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from hubbub.testing.people import Guest
from hubbub.testing.server import Running
from tests.browser.test_quality import LOOKS, axe_is_content
from tests.browser.visitors import Visitor, Visitors
from tests.journeys.until import until


async def me(visitor: Visitor) -> dict[str, Any]:
    boot = await visitor.page.locator("#boot").text_content()
    person: dict[str, Any] = json.loads(boot or "")["me"]
    return person


async def becomes(server: Running, visitor: Visitor, role: Any) -> None:
    person = (await me(visitor))["id"]
    await server.chat.store.write(lambda tx: tx.set_role(person, role))
    await visitor.opens(visitor.page.url)


async def looks_after(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="About this room").click()
    await visitor.page.get_by_role("button", name="Moderation", exact=True).click()
    await expect(visitor.page.get_by_role("heading", name="Moderation")).to_be_visible()


async def test_somebody_reports_and_a_moderator_removes_with_a_reason(visitors: Visitors, server: Running) -> None:
    mod = await visitors.comes()
    await becomes(server, mod, "moderator")
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Loud") as loud:
        await loud.says("buy my things")
        await ann.sees("buy my things")
        await ann.does("Report or moderate", "buy my things")
        dialog = ann.page.get_by_role("dialog", name="Report this message")
        await dialog.get_by_label("What is wrong with it?").fill("advertising")
        await dialog.get_by_role("button", name="Report").click()
        await expect(ann.page.locator(".toast")).to_contain_text("asked to look")
        await looks_after(mod)
        reported = mod.page.get_by_role("region", name="Reported")
        await expect(reported).to_contain_text("buy my things")
        await expect(reported).to_contain_text("advertising")
        await reported.get_by_role("button", name="Remove: Loud").click()
        dialog = mod.page.get_by_role("dialog", name="Report or moderate")
        await expect(dialog.get_by_label("Remove the message")).to_be_checked()
        await dialog.get_by_label("Why? Everybody can read this.").fill("no advertising")
        await dialog.get_by_role("button", name="Remove").click()
        for visitor in (ann, mod):
            await expect(visitor.page.locator(".text.gone")).to_have_text("Removed by a moderator: no advertising")
        await reported.get_by_role("button", name="Settle: Loud").click()
        await expect(reported).to_contain_text("Nothing waits for you.")
        log = mod.page.get_by_role("region", name="What was done")
        await expect(log).to_contain_text("removed a message of Loud")
        await expect(log).to_contain_text("settled the reports of a message of Loud")
        await log.get_by_label("Show").select_option("delete")
        await expect(log.locator("ul")).not_to_contain_text("settled the reports")
    await ann.opens(ann.page.url)
    await expect(ann.page.locator(".text.gone")).to_have_text("Removed by a moderator: no advertising")


async def test_whoever_is_silenced_sees_until_when_and_loses_no_draft(visitors: Visitors, server: Running) -> None:
    mod = await visitors.comes()
    await becomes(server, mod, "moderator")
    ann = await visitors.comes()
    await ann.says("too loud")
    await mod.sees("too loud")
    await ann.page.locator("textarea").fill("half a thought")
    await mod.does("Report or moderate", "too loud")
    dialog = mod.page.get_by_role("dialog")
    await dialog.get_by_label("in this room").check()
    await dialog.get_by_label("For how long?").select_option("10 minutes")
    await dialog.get_by_label("Why? They are told").fill("it is late")
    await dialog.get_by_role("button", name="Silence").click()
    await expect(ann.page.locator(".toast")).to_have_text("A moderator has silenced you: it is late")
    composer = ann.page.locator("message-composer")
    await expect(composer).to_contain_text("A moderator has silenced you until")
    await expect(ann.page.locator("textarea")).to_have_count(0)
    await ann.opens(ann.page.url)
    await expect(composer).to_contain_text("You can read, and not write.")
    await looks_after(mod)
    await mod.page.get_by_role("button", name="Let speak").click()
    await expect(mod.page.get_by_role("region", name="Silenced or banned")).to_contain_text("Nobody is.")
    await expect(ann.page.locator("textarea")).to_have_value("half a thought")
    await ann.says("quiet now")
    await mod.sees("quiet now")


async def test_whoever_is_kicked_is_told_why_and_whoever_is_banned_is_gone(visitors: Visitors, server: Running) -> None:
    mod = await visitors.comes()
    await becomes(server, mod, "moderator")
    await mod.creates_room("Tea")
    ann = await visitors.comes()
    await ann.joins("Tea")
    await ann.says("rude")
    await mod.does("Report or moderate", "rude")
    dialog = mod.page.get_by_role("dialog")
    await dialog.get_by_label("Remove", exact=False).nth(1).check()
    await dialog.get_by_label("Why?").fill("calm down")
    await dialog.get_by_role("button", name="Remove from the room").click()
    await expect(ann.page.locator(".toast")).to_have_text("You were removed from Tea: calm down")
    await expect(ann.page.get_by_role("button", name="Join Tea")).to_be_visible()
    await mod.does("Report or moderate", "rude")
    await dialog.get_by_label("from the whole place").check()
    await dialog.get_by_label("For how long?").select_option("For good")
    await dialog.get_by_role("button", name="Ban").click()
    await expect(ann.page.locator(".status")).to_contain_text("You have been banned here.")


async def test_by_keyboard_alone_a_message_is_removed(visitors: Visitors, server: Running) -> None:
    mod = await visitors.comes()
    await becomes(server, mod, "moderator")
    async with Guest.arrives(visitors.url, "Loud") as loud:
        await loud.says("spam")
    await mod.sees("spam")
    page = mod.page
    await mod.row("spam").focus()
    await mod.row("spam").get_by_role("button", name="Report or moderate").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_label("Report it to the moderators").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("spam")
    await page.keyboard.press("Enter")
    await expect(page.locator(".text.gone")).to_have_text("Removed by a moderator: spam")


async def test_an_owner_sets_rules_and_old_messages_go(visitors: Visitors, server: Running) -> None:
    owner = await visitors.comes()
    await becomes(server, owner, "owner")
    await looks_after(owner)
    rules = owner.page.get_by_role("region", name="Rules")
    await rules.get_by_label("Words that nobody may use").fill("coffee\nblack tea")
    await rules.get_by_label("Who may post links?").select_option("Only moderators")
    await rules.get_by_label("Days for which messages are kept").first.fill("30")
    await rules.get_by_role("button", name="Save the rules").click()
    await expect(rules).to_contain_text("Saved.")
    ann = await visitors.comes()
    await ann.says("Coffee, please")
    await expect(ann.page.locator(".row.failed")).to_contain_text("a word that is not allowed here")
    place = server.chat.place
    assert (place.blocked_words, place.links, place.retention_days) == (["black tea", "coffee"], "nobody", 30)


@pytest.mark.parametrize("choice", ["keep", "erase"])
async def test_somebody_takes_their_data_along_and_deletes_their_account(
    visitors: Visitors, server: Running, tmp_path: Path, choice: str
) -> None:
    ann = await visitors.comes()
    async with Guest.arrives(visitors.url, "Bob") as bob:
        await ann.says("words of mine")
        await ann.sees("words of mine")
        page = ann.page
        await page.get_by_role("button", name="Your name and settings").click()
        await page.get_by_role("button", name="Download my data, or delete my account").click()
        dialog = page.get_by_role("dialog", name="Your data")
        async with page.expect_download() as coming:
            await dialog.get_by_role("link", name="Download my data").click()
        await (await coming.value).save_as(tmp_path / "mine.json")
        mine = json.loads((tmp_path / "mine.json").read_text("utf-8"))
        assert [message["text"] for message in mine["messages"]] == ["words of mine"]
        before = await me(ann)
        assert mine["person"]["id"] == before["id"]
        await dialog.get_by_label("stay" if choice == "keep" else "erased too").check()
        await dialog.get_by_label("cannot be undone").check()
        async with page.expect_event("load"):
            await dialog.get_by_role("button", name="Delete my account").click()
        await ann.is_connected()
        assert (await me(ann))["id"] != before["id"]

        async def done() -> bool:
            return await server.chat.store.read(lambda reader: reader.erasures()) == []

        await until(done)
        history = await bob.does("history", room="lobby")
        assert [message["text"] for message in history["messages"]] == (["words of mine"] if choice == "keep" else [""])
        assert history["messages"][0]["author"]["name"] == "deleted user"


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_is_content_with_moderation(visitors: Visitors, server: Running, look: str) -> None:
    owner = await visitors.comes(**LOOKS[look])
    await becomes(server, owner, "owner")
    page = owner.page
    async with Guest.arrives(visitors.url, "Zoë Loud") as zoe, Guest.arrives(visitors.url, "Bob") as bob:
        seq = await zoe.says("Buy my things, they are cheap and good, and everybody who has them is happy")
        gone = await zoe.says("gone")
        await bob.does("report", room="lobby", message=seq, reason="advertising")
        await page.evaluate(
            """async ([id, gone]) => {
                const headers = { "Content-Type": "application/json" };
                const body = JSON.stringify({ minutes: 60, reason: "too loud" });
                await fetch(`/api/people/${id}/mute`, { method: "PUT", headers, body });
                await fetch(`/api/rooms/lobby/messages/${gone}?reason=spam`, { method: "DELETE" });
            }""",
            [zoe.me["id"], gone],
        )
    await owner.row("Buy my things, they are cheap and good, and everybody who has them is happy").focus()
    await page.get_by_role("button", name="Report or moderate").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_label("Silence", exact=False).first.check()
    await axe_is_content(page)
    await page.keyboard.press("Escape")
    await looks_after(owner)
    await expect(page.get_by_role("region", name="Rules").get_by_role("textbox").first).to_be_visible()
    await axe_is_content(page)
    await page.get_by_role("button", name="Close").click()
    if look in ("phone", "narrow"):
        await page.get_by_role("link", name="Back to the rooms").click()
    await page.get_by_role("button", name="Your name and settings").click()
    await page.get_by_role("button", name="Download my data, or delete my account").click()
    await expect(page.get_by_role("dialog", name="Your data")).to_be_visible()
    but = ["landmark-one-main", "page-has-heading-one"] if look in ("phone", "narrow") else []
    await axe_is_content(page, but=but)
