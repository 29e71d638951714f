"""Files on the page: attached by button, dropped and pasted; sent when they are there; shown, and opened."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error, FilePayload, Locator, Page, Route, expect

from hubbub.settings import Settings
from hubbub.testing.server import serve
from tests.browser.conftest import GENEROUS
from tests.browser.test_quality import LOOKS, axe_is_content
from tests.browser.visitors import Visitor, Visitors
from tests.web.pictures import picture

PHOTO = picture("JPEG", (1200, 800), (60, 120, 160))
WITH_FILES = """([files, kind]) => {
    const data = new DataTransfer();
    for (const [name, type, base64] of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
    }
    const target = document.querySelector(kind === "paste" ? "textarea" : ".log");
    if (kind === "paste") {
        target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        return true;
    }
    return !target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


async def attaches(visitor: Visitor, *files: tuple[str, bytes]) -> None:
    """By the button, as somebody chooses files."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files
    ]
    async with visitor.page.expect_file_chooser() as chooser:
        await visitor.page.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files(payloads)


async def brings(visitor: Visitor, kind: str, *files: tuple[str, str, bytes]) -> bool:
    given = [[name, media, b64encode(data).decode()] for name, media, data in files]
    return bool(await visitor.page.evaluate(WITH_FILES, [given, kind]))


def chips(visitor: Visitor) -> Locator:
    return visitor.page.locator("message-composer .chip")


async def sends(visitor: Visitor, text: str = "") -> None:
    await visitor.page.locator("textarea").fill(text)
    await visitor.page.get_by_role("button", name="Send").click()


def were_refused(visitor: Visitor) -> None:
    """The browser says it in its console too."""
    assert [error for error in visitor.errors if "status of 422" in error]
    visitor.errors = [error for error in visitor.errors if "status of 422" not in error]


async def is_loaded(image: Locator) -> None:
    await image.scroll_into_view_if_needed()
    await expect(image).to_have_js_property("complete", True)
    assert await image.evaluate("image => image.naturalWidth > 0")


@asynccontextmanager
async def held(page: Page) -> AsyncIterator[asyncio.Event]:
    """Uploads wait until the event is set."""
    go_on = asyncio.Event()

    async def wait(route: Route) -> None:
        await go_on.wait()
        with suppress(Error):  # it was cancelled, or its page was left
            await route.continue_()

    await page.route("**/api/files?*", wait)
    yield go_on
    go_on.set()
    await page.unroute("**/api/files?*")


async def test_files_are_attached_by_button_and_everybody_sees_them(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await attaches(ann, ("holiday.jpg", PHOTO), ("plan.pdf", b"%PDF-1.7" + bytes(2000)))
    await expect(chips(ann)).to_have_count(2)
    await expect(chips(ann).locator("progress")).to_have_count(0)
    await sends(ann, "look")
    await expect(chips(ann)).to_have_count(0)
    for visitor in (ann, bob):
        row = visitor.row("look")
        image = row.locator(".picture img")
        await is_loaded(image)
        assert (await image.get_attribute("width"), await image.get_attribute("height")) == ("360", "240")
        await expect(row.locator(".card")).to_contain_text("plan.pdf")
        await expect(row.locator(".card")).to_contain_text("2 kB")


async def test_files_are_dropped_and_pasted(visitors: Visitors) -> None:
    ann = await visitors.comes()
    assert await brings(ann, "dragover", ("a.txt", "text/plain", b"a"))
    await expect(ann.page.locator("main.dropping")).to_be_visible()
    assert await brings(ann, "drop", ("a.txt", "text/plain", b"a"), ("b.txt", "text/plain", b"b"))
    await expect(ann.page.locator("main.dropping")).to_have_count(0)
    await expect(chips(ann)).to_have_count(2)
    await brings(ann, "paste", ("image.png", "image/png", picture()))
    await expect(chips(ann)).to_have_count(3)
    await chips(ann).filter(has_text="a.txt").get_by_role("button", name="Remove a.txt").click()
    await expect(chips(ann)).to_have_count(2)
    await sends(ann)
    await expect(ann.page.locator(".row[data-seq] .card")).to_have_text("b.txt1 byte")
    await is_loaded(ann.page.locator(".row[data-seq] .picture img"))
    await expect(ann.page.locator(".row[data-seq] .text")).to_have_count(0)


async def test_a_message_waits_for_its_files_and_others_do_not_wait_for_it(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with held(ann.page) as go_on:
        await attaches(ann, ("film.bin", bytes(300_000)))
        await expect(chips(ann).get_by_role("progressbar", name="Uploading film.bin")).to_be_visible()
        await sends(ann, "with a film")
        pending = ann.page.locator(".row.pending")
        await expect(pending.get_by_role("progressbar", name="Uploading film.bin")).to_be_visible()
        await sends(ann, "and without")
        await expect(ann.messages("and without")).to_have_count(1)
        await expect(pending).to_have_count(1)
        go_on.set()
        await ann.sees("with a film")
    await expect(ann.row("with a film").locator(".card")).to_contain_text("film.bin")


async def test_an_upload_can_be_cancelled_before_and_after_sending(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with held(ann.page):
        await attaches(ann, ("one.bin", bytes(1000)))
        await ann.page.get_by_role("button", name="Remove one.bin").click()
        await expect(chips(ann)).to_have_count(0)
        await attaches(ann, ("two.bin", bytes(1000)))
        await sends(ann, "never")
        await ann.page.locator(".row.pending").get_by_role("button", name="Cancel").click()
        await expect(ann.page.locator(".row.pending")).to_have_count(0)
    await ann.says("the end")
    await ann.sees("the end")
    await expect(ann.messages("never")).to_have_count(0)


async def test_while_the_server_cannot_be_reached_an_upload_goes_on_trying(visitors: Visitors) -> None:
    ann = await visitors.comes()
    failed = asyncio.Event()

    async def cut(route: Route) -> None:
        failed.set()
        await route.abort()

    await ann.page.route("**/api/files?*", cut)
    await attaches(ann, ("late.bin", bytes(1000)))
    await sends(ann, "late")
    await failed.wait()
    await ann.page.unroute("**/api/files?*")
    await ann.sees("late")
    await expect(ann.row("late").locator(".card")).to_contain_text("late.bin")


async def test_a_refused_file_says_why_beside_itself_and_nothing_is_lost(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await attaches(ann, ("bad.png", b"\x89PNG\r\n\x1a\n" + bytes(100)))
    await expect(chips(ann).get_by_role("alert")).to_contain_text("cannot be read")
    await sends(ann, "look")
    await expect(ann.page.locator(".composer > .problem")).to_contain_text("could not be uploaded")
    await expect(ann.page.locator("textarea")).to_have_value("look")
    await ann.page.get_by_role("button", name="Remove bad.png").click()
    await ann.page.locator("textarea").press("Enter")
    await ann.sees("look")
    were_refused(ann)


async def test_a_refusal_after_sending_keeps_the_words_and_the_good_files(visitors: Visitors) -> None:
    ann = await visitors.comes()
    async with held(ann.page) as go_on:
        await attaches(ann, ("good.txt", b"good"), ("bad.png", b"\x89PNG\r\n\x1a\n" + bytes(100)))
        await sends(ann, "both")
        go_on.set()
        failed = ann.page.locator(".row.failed")
        await expect(failed).to_contain_text("cannot be read")
        await failed.get_by_role("button", name="Edit").click()
    await expect(ann.page.locator("textarea")).to_have_value("both")
    await expect(chips(ann)).to_have_text(["good.txt4 bytes"])
    await ann.page.locator("textarea").press("Enter")
    await ann.sees("both")
    await expect(ann.row("both").locator(".card")).to_contain_text("good.txt")
    were_refused(ann)


async def test_a_reload_keeps_what_was_uploaded_and_says_what_was_not(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await attaches(ann, ("there.txt", b"there"))
    await expect(chips(ann).locator("progress")).to_have_count(0)
    async with held(ann.page):
        await attaches(ann, ("sent.bin", bytes(1000)))
        await sends(ann, "sent")
        await expect(ann.page.locator(".row.pending progress")).to_have_count(1)
        await attaches(ann, ("half.bin", bytes(1000)), ("half too.bin", bytes(1000)))
        await expect(chips(ann).locator("progress")).to_have_count(2)
        await ann.page.reload()
    await ann.is_connected()
    await expect(ann.page.locator(".row.failed")).to_contain_text(
        "“sent.bin” was not uploaded before the page was left"
    )
    await expect(ann.page.locator(".row.failed").get_by_role("button", name="Try again")).to_have_count(0)
    await expect(ann.page.locator(".composer > .problem")).to_contain_text(
        "“half.bin”, “half too.bin” was not uploaded"
    )
    await ann.page.locator(".row.failed").get_by_role("button", name="Edit").click()
    await expect(ann.page.locator("textarea")).to_have_value("sent")
    await expect(chips(ann)).to_have_text(["there.txt5 bytes"])


async def test_chips_belong_to_the_room_in_which_they_were_attached(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await attaches(ann, ("for the lobby.txt", b"x"))
    await expect(chips(ann)).to_have_count(1)
    await ann.creates_room("Elsewhere")
    await expect(chips(ann)).to_have_count(0)
    await ann.goes_to("Lobby")
    await expect(chips(ann)).to_have_count(1)


async def test_pictures_open_in_a_lightbox_and_arrows_go_from_one_to_the_next(visitors: Visitors) -> None:
    ann = await visitors.comes()
    await attaches(ann, *[(f"{n}.png", picture(size=(700 + n, 500), color=(n * 60, 90, 90))) for n in (1, 2, 3)])
    await expect(chips(ann).locator("progress")).to_have_count(0)
    await sends(ann, "three")
    await ann.page.get_by_role("link", name="2.png").click()
    box = ann.page.get_by_role("dialog", name="2.png")
    await is_loaded(box.locator("img"))
    assert await box.locator("img").evaluate("image => image.naturalWidth") == 702
    await expect(box).to_contain_text("2 of 3")
    await ann.page.keyboard.press("ArrowRight")
    await expect(ann.page.get_by_role("dialog", name="3.png")).to_contain_text("3 of 3")
    await ann.page.get_by_role("button", name="Picture before").click()
    await ann.page.keyboard.press("ArrowLeft")
    await ann.page.keyboard.press("ArrowLeft")
    await expect(ann.page.get_by_role("dialog", name="1.png")).to_contain_text("1 of 3")
    await axe_is_content(ann.page)
    await ann.page.keyboard.press("Escape")
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)
    await expect(ann.page.get_by_role("link", name="2.png")).to_be_focused()


async def test_deleting_a_message_takes_its_picture_off_every_page(visitors: Visitors) -> None:
    ann, bob = await visitors.comes(), await visitors.comes()
    await attaches(ann, ("gone.jpg", PHOTO))
    await sends(ann, "gone")
    await is_loaded(bob.row("gone").locator("img"))
    address = await bob.row("gone").locator("a.picture").get_attribute("href")
    await ann.does("Delete", "gone")
    await ann.page.goto("about:blank")  # ends the time in which it can be undone
    await expect(bob.page.locator(".row img")).to_have_count(0)
    assert (await bob.page.request.get(visitors.url + str(address))).status == 404


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_server_and_the_script_show_the_same(visitors: Visitors, javascript: bool) -> None:
    ann = await visitors.comes()
    mp4 = b"\0\0\0\x20ftypisom\0\0\2\0" + bytes(100)
    await attaches(
        ann, ("a b.jpg", PHOTO), ("film.mp4", mp4), ("song.mp3", b"ID3\4" + bytes(100)), ("x&y.zip", b"PK\3\4")
    )
    await expect(chips(ann).locator("progress")).to_have_count(0)
    await sends(ann, "all kinds")
    await ann.sees("all kinds")
    kinds = ".row .files > *, .row .files img, .row .files audio"
    describe = """all => all.map(e =>
        [e.tagName, ...[...e.attributes].map(a => `${a.name}=${a.value}`).sort(), e.textContent.trim()])"""
    live = await ann.page.locator(kinds).evaluate_all(describe)
    assert [shown[0] for shown in live] == ["A", "IMG", "VIDEO", "FIGURE", "AUDIO", "A"]
    bob = await visitors.comes(connected=javascript, java_script_enabled=javascript)
    assert await bob.page.locator(kinds).count() == 6
    if javascript:
        assert await bob.page.locator(kinds).evaluate_all(describe) == live
    else:
        source = await bob.page.content()
        for value in (attribute for shown in live for attribute in shown if "/api/files/" in attribute):
            assert value.partition("=")[2] in source
        assert 'width="360"' in source


async def test_nothing_jumps_when_pictures_come(visitors: Visitors) -> None:
    ann = await visitors.comes()
    for number in range(8):
        await attaches(ann, (f"{number}.jpg", PHOTO))
        await expect(chips(ann).locator("progress")).to_have_count(0)
        await sends(ann, f"picture {number}")
        await ann.sees(f"picture {number}")
    bob = await visitors.comes(connected=False)
    await bob.context.add_init_script(
        """window.shift = 0; new PerformanceObserver(list => {
            for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    await bob.opens(visitors.url + "/")
    await is_loaded(bob.page.locator(".row img").last)
    await expect(bob.page.locator("#latest")).to_be_in_viewport()
    assert await bob.page.evaluate("window.shift") < 0.02


async def test_d50_a_page_that_was_uploaded_runs_nowhere(visitors: Visitors) -> None:
    ann = await visitors.comes()
    script = b"<!doctype html><script>document.title = 'ran'</script>"
    answer = await ann.page.request.post(
        visitors.url + "/api/files?name=evil.html", data=script, headers={"Origin": visitors.url}
    )
    file = (await answer.json())["id"]
    frames = await ann.page.evaluate(
        """async (address) => {
            const frame = document.createElement("iframe");
            frame.src = address;
            document.body.append(frame);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return [document.title, frame.contentDocument?.title ?? "none"];
        }""",
        f"/api/files/{file}/evil.html",
    )
    assert "ran" not in frames
    assert [error for error in ann.errors if "frame-src" in error or "default-src" in error]
    ann.errors.clear()


async def test_where_files_are_switched_off_there_is_no_button(browser: Browser, tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path / "data", file_max_bytes=0, **GENEROUS)) as server:
        ann = await Visitors(browser, server.url).comes()
        await expect(ann.page.get_by_role("button", name="Send")).to_be_visible()
        await expect(ann.page.get_by_role("button", name="Attach files")).to_have_count(0)
        for context in list(browser.contexts):
            await context.close()


async def test_a_file_that_is_too_large_is_not_even_sent(browser: Browser, tmp_path: Path) -> None:
    limit = 1000
    async with serve(Settings(data=tmp_path / "data", file_max_bytes=limit, **GENEROUS)) as server:
        ann = await Visitors(browser, server.url).comes()
        await attaches(ann, ("large.bin", bytes(limit + 1)), ("fits.bin", bytes(limit)))
        await expect(ann.page.locator(".composer > .problem")).to_have_text(
            "“large.bin” has 1 kB; a file has at most 1 kB."
        )
        await expect(chips(ann)).to_have_text(["fits.bin1 kB"])
        for context in list(browser.contexts):
            await context.close()


@pytest.mark.parametrize("look", LOOKS)
async def test_files_look_right_and_axe_is_content(visitors: Visitors, look: str, tmp_path: Path) -> None:
    ann = await visitors.comes(**LOOKS[look])
    await attaches(
        ann, ("holiday.jpg", PHOTO), ("a plan with quite a long name for a file.pdf", b"%PDF" + bytes(90_000))
    )
    await attaches(ann, ("song.mp3", b"ID3\4" + bytes(100)))
    await expect(chips(ann).locator("progress")).to_have_count(0)
    await sends(ann, "Here is what we talked about")
    await is_loaded(ann.page.locator(".row img"))
    await attaches(ann, ("next.txt", b"x"), ("bad.png", b"\x89PNG\r\n\x1a\n" + bytes(100)))
    await expect(chips(ann).get_by_role("alert")).to_be_visible()
    await axe_is_content(ann.page)
    await ann.page.screenshot(path=tmp_path / f"{look}.png")
    await ann.page.get_by_role("link", name="holiday.jpg").click()
    await is_loaded(ann.page.get_by_role("dialog").locator("img"))
    await ann.page.screenshot(path=tmp_path / f"{look}-lightbox.png")
    overflow: Any = await ann.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    were_refused(ann)
