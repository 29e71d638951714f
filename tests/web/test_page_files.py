"""What surrounds the page: its security policy, its files, its manifest, and a prefix before all of them."""

import base64
import gzip
import hashlib
from pathlib import Path

import httpx2
import pytest

from hubbub.settings import Settings
from hubbub.testing.people import Guest
from hubbub.testing.server import serve
from tests.web.seen import Seen, see


@pytest.mark.parametrize("path", ["/", "/r/nowhere"])
async def test_36_the_policy_allows_nothing_inline_but_the_style(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    directives = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    page = Seen(answer.text)
    digest = base64.b64encode(hashlib.sha256(page.text("style").encode()).digest()).decode()
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'sha256-{digest}'",
        "img-src": "'self'",
        "media-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "hubbub",
    }
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert [a for a, _ in page.all("script") if "src" not in a and a.get("type") != "application/json"] == []
    attributes = {name for _, found, _ in page.elements for name in found}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


async def test_every_file_of_the_page_may_be_kept_for_ever_and_comes_compressed(browser: httpx2.AsyncClient) -> None:
    page = await see(browser)
    files = {address for address in page.addresses() if "/static/" in address}
    assert any(file.endswith("/main.js") for file in files)
    assert len([a for a, _ in page.all("link", rel="modulepreload")]) <= 12
    for file in files:
        plain = await browser.get(file, headers={"Accept-Encoding": "identity"})
        assert plain.status_code == 200
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert plain.headers["vary"] == "Accept-Encoding"
        async with browser.stream("GET", file, headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers["content-encoding"] == "gzip"
            raw = b"".join([chunk async for chunk in packed.aiter_raw()])
        assert gzip.decompress(raw) == plain.content
        kind = {"js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}[file.rpartition(".")[2]]
        assert plain.headers["content-type"] == kind


async def test_a_file_that_is_not_there_is_not_found(browser: httpx2.AsyncClient) -> None:
    [script] = [a["src"] for a, _ in (await see(browser)).all("script") if "src" in a]
    folder = script.removesuffix("/main.js")
    assert (await browser.get(script)).status_code == 200
    for path in (
        f"{folder}/none.js",
        f"{folder}/index.html",
        f"{folder}/%2e%2e/app.py",
        f"{folder}/..%2f..%2fapp.py",
        f"{folder}/",
        "/static/0000000000000000/main.js",
    ):
        answer = await browser.get(path)
        assert answer.status_code == 404, path
        assert "cache-control" not in answer.headers or "immutable" not in answer.headers["cache-control"]


async def test_the_page_comes_compressed_to_those_who_can_read_it(browser: httpx2.AsyncClient) -> None:
    await see(browser)
    async with browser.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert Seen(gzip.decompress(raw).decode()).text("h1") == "Lobby"
    plain = await browser.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert Seen(plain.text).text("h1") == "Lobby"


async def test_the_manifest_names_the_place_and_an_icon_that_is_there(browser: httpx2.AsyncClient) -> None:
    link, _ = (await see(browser)).one("link", rel="manifest")
    answer = await browser.get(link["href"])
    assert answer.headers["content-type"] == "application/manifest+json"
    about = answer.json()
    assert (about["name"], about["start_url"], about["display"]) == ("Hubbub", "/", "standalone")
    assert (await browser.get(about["icons"][0]["src"])).headers["content-type"] == "image/svg+xml"


async def test_behind_a_prefix_every_address_has_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, name="Tea & <cake>", posts_burst=100)
    async with serve(settings, root_path="/chat") as server, Guest.arrives(server.url, "Bob") as bob:
        first = await bob.says("first")
        for number in range(31):
            await bob.says(f"{number}", reply_to=first)
        async with httpx2.AsyncClient(base_url=server.url, headers={"Origin": server.url}) as browser:
            page = await see(browser)
            assert page.text("title") == "Lobby – Tea & <cake>"
            assert page.boot()["base"] == "/chat"
            assert len(page.addresses()) > 40
            missing = await see(browser, "/r/nowhere", status=404)
            manifest = (await browser.get("/manifest.webmanifest")).json()
            addresses = [*page.addresses(), *missing.addresses()]
            addresses += [manifest["start_url"], manifest["icons"][0]["src"]]
            assert [address for address in addresses if not address.startswith("/chat/")] == []
            answer = await browser.post("/r/lobby/post", data={"text": "hi"})
            assert answer.headers["location"] == "/chat/r/lobby#latest"
            for address in addresses:
                if "/static/" in address:
                    assert (await browser.get(address.removeprefix("/chat"))).status_code == 200
