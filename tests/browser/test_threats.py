"""Attacks that only a browser shows; their numbers are those of docs/security.md."""

from playwright.async_api import expect

from hubbub.testing.server import Running
from tests.browser.visitors import Visitors


async def test_37_no_other_page_can_put_ours_into_a_frame(server: Running, visitors: Visitors) -> None:
    page = await (await visitors.browser.new_context()).new_page()
    other = "http://localhost:9/"

    async def answer(route: object) -> None:
        html = f'<h1>Win a prize</h1><iframe src="{server.url}/"></iframe>'
        await route.fulfill(body=html, content_type="text/html")  # type: ignore[attr-defined]

    await page.route(other, answer)
    await page.goto(other)
    await expect(page.locator("h1")).to_have_text("Win a prize")
    [frame] = page.frames[1:]
    await frame.wait_for_load_state()
    assert frame.url.startswith("chrome-error://")
    alone = await visitors.comes()
    await expect(alone.page.locator("textarea")).to_be_visible()  # not in a frame it is there


async def test_43_no_text_looks_like_what_the_server_says(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.says("Bob has been removed by a moderator")
    await bob.sees("Bob has been removed by a moderator")
    row = bob.row("Bob has been removed by a moderator")
    await expect(row.locator(".author, .who, b, strong").first).to_be_visible()  # it has an author
    assert await row.get_attribute("data-seq")


async def test_46_names_that_mean_something_to_javascript_mean_nothing(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await ann.creates_room("constructor")
    rename = """() => fetch("/api/me", {method: "PATCH", body: '{"name": "__proto__"}',
        headers: {"Content-Type": "application/json"}}).then((answer) => answer.status)"""
    assert await ann.page.evaluate(rename) == 200
    await ann.says("hasOwnProperty")
    await ann.sees("hasOwnProperty")
    await bob.joins("constructor")
    await bob.says("toString")
    await ann.sees("toString")
    for visitor in (ann, bob):
        assert await visitor.page.evaluate("() => Object.keys(Object.prototype).length") == 0
        await visitor.page.reload()
        await visitor.is_connected()
        await visitor.sees("toString")
