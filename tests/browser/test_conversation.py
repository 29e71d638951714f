"""Two people talk in two browsers: everything that can be done to a message, as both see it."""

import re
from contextlib import AsyncExitStack

from playwright.async_api import expect

from hubbub.testing.people import Guest
from hubbub.testing.server import Running
from tests.browser.visitors import Visitors


async def test_what_one_says_the_other_sees_once_and_so_does_oneself(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("hello from Ann")
    await bob.sees("hello from Ann")
    await bob.says("hello back")
    await ann.sees("hello back")
    for person in (ann, bob):
        assert await person.texts() == ["hello from Ann", "hello back"]


async def test_enter_sends_and_shift_enter_breaks_the_line(visitors: Visitors) -> None:
    ann = await visitors.comes()
    box = ann.page.locator("textarea")
    await box.press_sequentially("one")
    await box.press("Shift+Enter")
    await box.press_sequentially("two")
    await box.press("Enter")
    await ann.sees("one\ntwo")
    await expect(box).to_have_value("")
    await expect(box).to_be_focused()


async def test_an_enter_that_ends_a_composition_sends_nothing(visitors: Visitors) -> None:
    ann = await visitors.comes()
    box = ann.page.locator("textarea")
    await box.fill("にほん")
    for init in ("{key: 'Enter', isComposing: true}", "{key: 'Enter', keyCode: 229}"):
        await box.evaluate(f"box => box.dispatchEvent(new KeyboardEvent('keydown', {init}))")
    await expect(box).to_have_value("にほん")
    await box.press("Enter")
    await ann.sees("にほん")
    assert await ann.texts() == ["にほん"]


async def test_arrow_up_edits_ones_last_message_and_the_other_sees_it(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("a firts try")
    await ann.sees("a firts try")
    box = ann.page.locator("textarea")
    await box.press("ArrowUp")
    await expect(box).to_have_value("a firts try")
    await box.press("Escape")
    await expect(box).to_have_value("")
    await box.press("ArrowUp")
    await ann.says("a first try")
    for person in (ann, bob):
        await person.sees("a first try")
        await expect(person.row("a first try").locator(".note")).to_have_text("edited")


async def test_markdown_is_shown_as_the_server_made_it(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("**bold** and https://example.org\n```python\nreturn 1\n```")
    row = bob.page.locator(".row[data-seq]").last
    await expect(row.locator("strong")).to_have_text("bold")
    await expect(row.locator("a")).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(row.locator("pre .tok-k")).to_have_text("return")


async def test_reactions_are_counted_and_taken_back(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("cake in the kitchen")
    await bob.sees("cake in the kitchen")
    await bob.does("React with 🎉", "cake in the kitchen")
    reaction = ann.row("cake in the kitchen").locator(".reactions button")
    await expect(reaction).to_have_text(re.compile("🎉\\s*1"))
    await expect(reaction).to_have_attribute("aria-pressed", "false")
    await reaction.click()
    await expect(reaction).to_have_text(re.compile("🎉\\s*2"))
    await expect(reaction).to_have_attribute("aria-label", "🎉, 2 people, you too")
    await expect(bob.row("cake in the kitchen").locator(".reactions button")).to_have_text(re.compile("🎉\\s*2"))
    await reaction.click()
    await expect(bob.row("cake in the kitchen").locator(".reactions button")).to_have_text(re.compile("🎉\\s*1"))


async def test_any_emoji_is_found_by_its_name(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.says("the sea")
    await ann.sees("the sea")
    await ann.does("Another reaction", "the sea")
    await ann.page.get_by_label("Search by name").fill("water wave")
    await ann.page.get_by_role("button", name="water wave").click()
    await expect(ann.row("the sea").locator(".reactions button")).to_contain_text("🌊")


async def test_a_reply_quotes_and_its_quote_leads_to_the_original_and_back(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("who brings plates?")
    await bob.sees("who brings plates?")
    await bob.does("Reply", "who brings plates?")
    await expect(bob.page.locator(".context")).to_contain_text("who brings plates?")
    await bob.says("I do")
    quote = ann.row("I do").locator(".quote")
    await expect(quote).to_contain_text("who brings plates?")
    await quote.click()
    await expect(ann.row("who brings plates?")).to_be_focused()


async def test_the_quote_of_a_message_that_is_not_loaded_is_fetched(visitors: Visitors) -> None:
    ann = await visitors.comes()
    for number in range(40):
        await ann.says(f"m{number}")
    await ann.sees("m39")
    await ann.does("Reply", "m0")
    bob = await visitors.comes()  # gets the last 30 messages with the page
    await ann.says("to the first")
    await expect(bob.row("to the first").locator(".quote")).to_contain_text("m0")


async def test_a_deleted_message_can_be_had_back_for_a_while_and_then_is_gone(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("too much wine")
    await bob.sees("too much wine")
    await ann.does("Delete", "too much wine")
    await ann.sees("This message was deleted.")
    await ann.page.get_by_role("button", name="Undo").click()
    await ann.sees("too much wine")
    await bob.sees("too much wine")
    await ann.does("Delete", "too much wine")
    await ann.page.goto("about:blank")  # what was decided is done also when the page is left
    await bob.sees("This message was deleted.")


async def test_pinned_messages_are_marked_and_listed(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("the door code is 4711")
    await bob.sees("the door code is 4711")
    await bob.does("Pin", "the door code is 4711")
    await expect(ann.page.locator(".row.pinned")).to_have_count(1)
    await ann.page.get_by_role("button", name=re.compile("About this room")).click()
    await expect(ann.page.locator(".side .pin")).to_contain_text("the door code is 4711")
    await ann.does("Unpin", "the door code is 4711")
    await expect(ann.page.locator(".side .pin")).to_have_count(0)


async def test_who_is_here_and_who_is_typing(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    bob_name = await bob.page.locator(".me bdi").inner_text()
    await ann.page.get_by_role("button", name=re.compile("About this room")).click()
    await expect(ann.page.locator(".side .here")).to_have_count(2)
    await bob.page.locator("textarea").press_sequentially("well")
    await expect(ann.page.locator(".typing")).to_have_text(f"{bob_name} is typing …")
    await expect(bob.page.locator(".typing")).to_have_text("")
    await bob.page.locator("textarea").press("Enter")
    await expect(ann.page.locator(".typing")).to_have_text("")
    tab = await visitors.in_new_tab(bob.context)
    await bob.page.close()
    await tab.says("I am still here in my other tab")
    await ann.sees("I am still here in my other tab")
    await expect(ann.page.locator(".side .here")).to_have_count(2)
    await tab.page.close()
    await expect(ann.page.locator(".side .here")).to_have_count(1)


async def test_several_who_type_are_one_line_that_never_interrupts_a_screen_reader(
    visitors: Visitors, server: Running
) -> None:
    ann = await visitors.comes()
    line, box = ann.page.locator(".typing"), ann.page.locator("textarea")
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Guest.arrives(server.url, name)) for name in ("Bob", "Cleo", "Dan")]
        for guest, words in zip(
            others,
            ["Bob is typing …", "Bob and Cleo are typing …", "Bob, Cleo and Dan are typing …"],
            strict=True,
        ):
            await guest.does("typing", room="lobby")
            await expect(line).to_have_text(words)
        await box.press_sequentially("me too")
        for name in ("Eve", "Fay", "Gil"):
            other = await stack.enter_async_context(Guest.arrives(server.url, name))
            await other.does("typing", room="lobby")
        await expect(line).to_have_text("Bob, Cleo and 4 others are typing …")
        await expect(box).to_have_accessible_description("Bob, Cleo and 4 others are typing …")
        assert (
            await line.evaluate("line => line.closest('[aria-live], [role=status], [role=alert], [role=log]')") is None
        )
    await expect(line).to_have_text("")


async def test_names_of_many_who_are_here_are_read_when_they_are_shown(visitors: Visitors, server: Running) -> None:
    async with AsyncExitStack() as stack:
        for number in range(60):
            await stack.enter_async_context(Guest.arrives(server.url, f"Guest no. {number}"))
        ann = await visitors.comes()
        await ann.page.get_by_role("button", name="About this room, 61 people here").click()
        await expect(ann.page.locator(".side .here")).to_have_count(61)


async def test_a_new_name_is_seen_everywhere_and_survives_a_reload(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("guess who")
    await bob.sees("guess who")
    await ann.page.get_by_role("button", name="Your name and settings").click()
    await ann.page.get_by_label("Your name", exact=True).fill("Ann")
    await ann.page.get_by_role("button", name="Save").click()
    await expect(bob.row("guess who").locator(".author")).to_have_text("Ann")
    await ann.page.reload()
    await ann.is_connected()
    await expect(ann.page.locator(".me bdi")).to_have_text("Ann")
    await expect(ann.row("guess who").locator(".author")).to_have_text("Ann")


async def test_too_long_a_text_is_refused_in_words_and_stays_in_the_box(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.says("x" * 8001)
    await expect(ann.page.locator(".problem")).to_contain_text("8000")
    await expect(ann.page.locator("textarea")).to_have_value("x" * 8001)
    await ann.says("x" * 8000)
    await ann.sees("x" * 8000)


async def test_the_tutorials_page_and_the_real_one_talk_to_each_other(visitors: Visitors) -> None:
    ann = await visitors.comes()
    pupil = await visitors.comes("/tutorial", connected=False)
    number = await pupil.page.locator("#ws-id").inner_text()
    await expect(pupil.page.locator("#connection")).to_have_text("")
    await pupil.page.fill("#messageText", "hello from the tutorial")
    await pupil.page.press("#messageText", "Enter")
    await ann.sees("hello from the tutorial")
    await expect(ann.row("hello from the tutorial").locator(".author")).to_have_text(f"Client #{number}")
    await ann.says("welcome")
    name = await ann.page.locator(".me bdi").inner_text()
    await expect(pupil.page.locator("#messages li")).to_have_text(
        [
            "You wrote: hello from the tutorial",
            f"Client #{number} says: hello from the tutorial",
            f"{name} says: welcome",
        ]
    )
