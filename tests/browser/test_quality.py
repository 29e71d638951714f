"""What the page weighs, whom it lets in, and whether everybody can use it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from hubbub.testing.people import Guest
from tests.browser.visitors import Visitors

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "narrow": {"viewport": {"width": 320, "height": 640}},
}
SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&colon;alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    '![x](x" onerror="alert(1))',
    "`<img src=x onerror=alert(1)>`",
    "```html\n<img src=x onerror=alert(1)>\n```",
    '```"><img src=x onerror=alert(1)>\nx\n```',
    '<https://example.org/"onmouseover="alert(1)>',
    "https://example.org/'><img/src=x/onerror=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "</div></article></main><h1>gone</h1>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
]


async def axe_is_content(page: Page, but: Sequence[str] = ()) -> None:
    rules = {rule: {"enabled": False} for rule in but}
    report = await Axe().run(page, options={"runOnly": STANDARDS, "rules": rules})
    assert report.violations_count == 0, report.generate_report()


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_finds_nothing_to_complain_of(visitors: Visitors, look: str) -> None:
    ann = await visitors.comes(**LOOKS[look])
    page = ann.page
    async with Guest.arrives(visitors.url, "Zoë") as zoe:
        seq = await zoe.says(
            "**Look** at `this`, https://example.org\n\n> quoted\n\n```python\nx = [1, 2]  # y\n```\n* a\n* b"
        )
        await zoe.does("react", room="lobby", message=seq, emoji="🎉")
        await zoe.does("pin", room="lobby", message=seq)
        await zoe.says("and a reply", reply_to=seq)
        deleted = await zoe.says("gone")
        await zoe.does("delete", room="lobby", message=deleted)
    await page.locator("textarea").fill("mine\n\nof three lines")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".row .text").last).to_contain_text("mine")
    await axe_is_content(page)
    await page.locator(".row").last.focus()
    await expect(page.locator(".actions")).to_be_visible()
    await axe_is_content(page)
    await page.get_by_role("button", name=re.compile("About this room")).click()
    await expect(page.locator(".side .pin")).to_be_visible()
    await axe_is_content(page)
    await page.get_by_role("button", name="Close").click()
    for key, words in (("Control+k", "Go to a room"), ("Control+/", "Keys")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_contain_text(words)
        await axe_is_content(page)
        await page.keyboard.press("Escape")
    await page.locator(".row").last.focus()
    await page.keyboard.press("+")
    await expect(page.get_by_role("dialog")).to_contain_text("React")
    await axe_is_content(page)
    await page.keyboard.press("Escape")
    if look in ("phone", "narrow"):
        await page.get_by_role("link", name="Back to the rooms").click()
        await axe_is_content(page, but=["landmark-one-main", "page-has-heading-one"])  # a screen of navigation
    await page.get_by_role("button", name="Your name and settings").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Your name")
    await axe_is_content(page)


async def test_axe_would_complain(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await ann.page.evaluate("() => document.querySelector('.send').removeAttribute('aria-label')")
    await ann.page.evaluate("() => document.querySelector('.send').removeAttribute('title')")
    assert (await Axe().run(ann.page)).violations_count > 0


async def test_a_first_visit_is_light(visitors: Visitors) -> None:
    async with Guest.arrives(visitors.url, "Writer") as writer:
        for number in range(40):
            await writer.says(f"A message of the usual length, as people write them all day, number {number}.")
    ann = await visitors.comes(connected=False)
    ann.requests.clear()
    fresh = await ann.context.new_page()
    cdp = await ann.context.new_cdp_session(fresh)
    await cdp.send("Network.enable")
    received: list[float] = []
    requests: list[str] = []
    cdp.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    cdp.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    await cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await fresh.goto(visitors.url, wait_until="networkidle")
    assert len(received) > 10
    assert sum(received) <= 80_000, f"{sum(received):,.0f} bytes"
    assert len(requests) <= 16, requests
    assert {urlsplit(url).netloc for url in requests} == {urlsplit(visitors.url).netloc}
    modules = {url for url in requests if url.endswith(".js")}
    preloaded = await fresh.eval_on_selector_all("link[rel=modulepreload]", "links => links.map(link => link.href)")
    assert modules == set(preloaded)
    assert len(modules) <= 12


async def test_a_second_visit_fetches_no_file_again(visitors: Visitors) -> None:
    ann = await visitors.comes()
    cdp = await ann.context.new_cdp_session(ann.page)
    await cdp.send("Network.enable")
    urls: dict[str, str] = {}
    fetched: list[str] = []
    cdp.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    cdp.on(
        "Network.loadingFinished",
        lambda event: fetched.append(urls[event["requestId"]]) if event["encodedDataLength"] else None,
    )
    await ann.opens(visitors.url + "/")
    await ann.page.wait_for_load_state("networkidle")
    assert visitors.url + "/" in fetched
    assert [url for url in fetched if "/static/" in url] == []


async def test_nothing_jumps_while_the_page_loads(visitors: Visitors) -> None:
    async with Guest.arrives(visitors.url, "Writer") as writer:
        for number in range(40):
            seq = await writer.says(f"number {number}")
        await writer.does("react", room="lobby", message=seq, emoji="🎉")
    ann = await visitors.comes(connected=False)
    await ann.context.add_init_script(
        """window.shift = 0; new PerformanceObserver(list => {
            for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    await ann.opens(visitors.url + "/")
    await ann.page.wait_for_load_state("networkidle")
    assert await ann.page.evaluate("window.shift") <= 0.02


async def test_35_nothing_that_people_write_becomes_script(visitors: Visitors) -> None:
    ann = await visitors.comes()
    fired: list[str] = []
    await ann.page.expose_function("hit", lambda: fired.append("hit"))
    await ann.context.add_init_script("window.alert = () => window.hit()")
    async with Guest.arrives(visitors.url, "<img src=x onerror=alert(1)>") as eve:
        for text in SCRIPTS:
            seq = await eve.says(text)
            await eve.says(text, reply_to=seq)
    await expect(ann.page.locator(".row[data-seq]")).to_have_count(2 * len(SCRIPTS))
    await ann.opens(visitors.url + "/")  # as the server renders it
    for link in await ann.page.locator(".text a").all():
        assert re.match("https?:|mailto:", await link.get_attribute("href") or "")
    assert fired == []
    await ann.page.evaluate("() => alert()")
    assert fired == ["hit"]
    assert await ann.page.locator(".log :is(script, img, iframe, style, svg:not(.icon svg))").count() == 0


async def test_36_the_policy_stops_a_script_that_got_in_all_the_same(visitors: Visitors) -> None:
    ann = await visitors.comes()
    with pytest.raises(Exception, match="TrustedScript"):
        await ann.page.evaluate("() => document.body.setAttribute('onclick', 'window.hit = 1')")
    await ann.page.evaluate(
        """() => { const script = document.createElement('script');
        script.append('window.hit = 1'); document.body.append(script); }"""
    )
    assert await ann.page.evaluate("() => window.hit") is None
    with pytest.raises(Exception, match="TrustedHTML"):
        await ann.page.evaluate("() => { document.body.innerHTML = '<b>x</b>'; }")
    assert len(ann.errors) >= 1
    ann.errors.clear()


async def test_a_colour_choice_stays(visitors: Visitors) -> None:
    ann = await visitors.comes(color_scheme="light")
    await ann.page.get_by_role("button", name="Your name and settings").click()
    await ann.page.get_by_label("Colours").select_option("dark")
    await ann.page.keyboard.press("Escape")
    background = "() => getComputedStyle(document.body).backgroundColor"
    dark = await ann.page.evaluate(background)
    await ann.page.reload()
    assert await ann.page.evaluate(background) == dark
    await expect(ann.page.locator("html")).to_have_attribute("data-theme", "dark")
