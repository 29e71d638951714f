"""Reading: what one looks at does not move, what is new is marked, and any message can be reached."""

import re

from playwright.async_api import Locator, expect

from hubbub.testing.people import Guest
from tests.browser.visitors import Visitor, Visitors

LINES = "\n".join(["a line"] * 3)


async def fill_lobby(url: str, count: int) -> None:
    async with Guest.arrives(url, "Writer") as writer:
        for number in range(count):
            await writer.says(f"m{number}\n{LINES}" if number % 3 == 0 else f"m{number}")


def log(person: Visitor) -> Locator:
    return person.page.locator(".log")


async def scrolls_to(person: Visitor, position: float) -> None:
    await log(person).evaluate("(log, position) => { log.scrollTop = position; }", position)


async def first_in_sight(person: Visitor) -> tuple[str, float]:
    """The message that is looked at: its id, and where it stands."""
    id_, top = await log(person).evaluate(
        """log => { const top = log.getBoundingClientRect().top;
        const row = [...log.querySelectorAll('.row')].find(row => row.getBoundingClientRect().top >= top);
        return [row.id, row.getBoundingClientRect().top]; }"""
    )
    return str(id_), float(top)


async def where_is(person: Visitor, id_: str) -> float:
    return float(await person.page.locator(f"#{id_}").evaluate("row => row.getBoundingClientRect().top"))


async def is_at_end(person: Visitor) -> None:
    await person.page.wait_for_function(
        "() => { const log = document.querySelector('.log');"
        " return log.scrollHeight - log.scrollTop - log.clientHeight < 2; }"
    )


async def test_a_room_opens_at_its_end_and_stays_there(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 60)
    ann = await visitors.comes()
    await is_at_end(ann)
    await ann.says("mine")
    await ann.sees("mine")
    await is_at_end(ann)
    await ann.page.set_viewport_size({"width": 700, "height": 500})
    await is_at_end(ann)
    async with Guest.arrives(visitors.url, "Bob") as bob:
        await bob.says(f"tall {LINES} {LINES}")
    await expect(ann.page.locator(".row").last).to_contain_text("tall")
    await is_at_end(ann)


async def test_older_messages_come_in_above_and_nothing_moves(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 300)
    ann = await visitors.comes()
    count = await ann.page.locator(".row").count()
    seen = 0
    while await ann.page.get_by_text("This is where the room begins").count() == 0:
        await scrolls_to(ann, 700)
        id_, top = await first_in_sight(ann)
        await expect(ann.page.locator(".row")).not_to_have_count(count)
        count = await ann.page.locator(".row").count()
        assert abs(await where_is(ann, id_) - top) <= 1
        seen += 1
        assert seen < 20
    assert count == 300
    assert [t.split("\n")[0] for t in await ann.texts()] == [f"m{n}" for n in range(300)]


async def test_new_messages_do_not_move_somebody_who_reads_older_ones(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 60)
    ann = await visitors.comes()
    await scrolls_to(ann, 900)
    id_, top = await first_in_sight(ann)
    async with Guest.arrives(visitors.url, "Bob") as bob:
        await bob.says("news 1")
        await bob.says("news 2")
    pill = ann.page.get_by_role("button", name="2 new messages")
    await expect(pill).to_be_visible()
    assert abs(await where_is(ann, id_) - top) <= 1
    await pill.click()
    await is_at_end(ann)
    await expect(pill).to_have_count(0)


async def test_one_can_read_a_long_room_from_end_to_end_with_few_rows(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 520)
    ann = await visitors.comes()
    for _ in range(40):
        if await ann.page.locator("#m3").count():
            break
        await scrolls_to(ann, 0)
        await ann.page.wait_for_function(
            "() => document.querySelector('.log').scrollTop > 0 || document.querySelector('#m3')"
        )
    await expect(ann.page.locator("#m3")).to_have_count(1)
    assert await ann.page.locator(".row").count() <= 400
    newest = ann.page.get_by_role("button", name="Newest")
    await newest.click()
    await is_at_end(ann)
    await expect(ann.page.locator(".row").last).to_contain_text("m519")


async def test_a_link_leads_to_its_message_in_a_long_room(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 200)
    ann = await visitors.comes("/r/lobby/60")
    target = ann.page.locator("#m60")
    await expect(target).to_be_in_viewport()
    await expect(target).to_be_focused()
    await expect(target).to_have_class(re.compile("target"))
    await ann.page.get_by_role("button", name="Newest").click()
    await expect(ann.page.locator(".row").last).to_contain_text("m199")
    await is_at_end(ann)


async def test_a_copied_link_opens_that_message(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 25)  # all of them come with the page: nothing moves under the pointer
    ann = await visitors.comes(permissions=["clipboard-read", "clipboard-write"])
    await ann.does("Copy the link", "m10")
    await expect(ann.page.get_by_text("The link is copied.")).to_be_visible()
    link = await ann.page.evaluate("() => navigator.clipboard.readText()")
    bob = await visitors.comes(link.removeprefix(visitors.url))
    await expect(bob.row("m10")).to_be_focused()


async def test_rooms_count_what_has_not_been_read_and_the_line_stands_before_it(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.creates_room("Kitchen")
    await bob.joins("Kitchen")
    await ann.goes_to("Lobby")
    for number in range(3):
        await bob.says(f"plate {number}")
    link = ann.page.locator(".room-links a", has_text="Kitchen")
    await expect(link.locator(".count")).to_have_text("3 unread")
    await expect(ann.page).to_have_title(re.compile(r"^\(3\) Lobby"))
    await link.click()
    await expect(ann.page.locator(".new-line + .row")).to_contain_text("plate 0")
    await expect(link.locator(".count")).to_have_count(0)
    await expect(ann.page).to_have_title(re.compile("^Kitchen"))
    await expect(ann.page.locator(".new-line")).to_have_count(1)
    await ann.page.locator("textarea").press("Escape")
    await expect(ann.page.locator(".new-line")).to_have_count(0)


async def test_unread_from_here_stays_until_the_room_is_opened_again(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await bob.says("first")
    await bob.says("second")
    await ann.sees("second")
    await ann.does("Unread from here", "second")
    link = ann.page.locator(".room-links a", has_text="Lobby")
    await expect(link.locator(".count")).to_have_text("1 unread")
    await ann.page.reload()
    await ann.is_connected()
    await expect(ann.page.locator(".new-line + .row")).to_contain_text("second")
    await expect(link.locator(".count")).to_have_count(0)


async def test_many_unread_messages_are_reached_by_one_button(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.creates_room("Elsewhere")
    await fill_lobby(visitors.url, 150)
    await ann.page.reload()
    await ann.is_connected()
    await ann.page.locator(".room-links a", has_text="Lobby").click()
    await ann.page.get_by_role("button", name="new messages. Go to the first").click()
    await expect(ann.page.locator(".new-line + .row")).to_contain_text("m0")
    await expect(ann.page.locator(".new-line + .row")).to_be_in_viewport()


async def test_the_place_in_a_room_is_kept_while_one_is_elsewhere(visitors: Visitors) -> None:
    await fill_lobby(visitors.url, 80)
    ann = await visitors.comes()
    await ann.creates_room("Elsewhere")
    await ann.page.go_back()
    await expect(ann.page.locator("h1")).to_have_text("Lobby")
    await scrolls_to(ann, 500)
    id_, top = await first_in_sight(ann)
    await ann.goes_to("Elsewhere")
    await ann.page.go_back()
    await expect(ann.page.locator("h1")).to_have_text("Lobby")
    await expect(ann.page.locator(f"#{id_}")).to_be_in_viewport()
    assert abs(await where_is(ann, id_) - top) <= 1


async def test_drafts_belong_to_their_rooms(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.creates_room("Kitchen")
    await ann.page.locator("textarea").fill("half a thought")
    await ann.goes_to("Lobby")
    await expect(ann.page.locator("textarea")).to_have_value("")
    await expect(ann.page.locator(".room-links a", has_text="Kitchen")).to_contain_text("Draft")
    await ann.page.reload()
    await ann.is_connected()
    await ann.goes_to("Kitchen")
    await expect(ann.page.locator("textarea")).to_have_value("half a thought")
    for _ in range(3):
        await ann.page.locator("textarea").press("Escape")
    await expect(ann.page.locator("textarea")).to_have_value("half a thought")
