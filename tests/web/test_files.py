"""Files over HTTP, by the rows of the list of threats: what comes in, what goes out, and to whom."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hubbub.testing.people import Guest
from hubbub.testing.process import run_server
from hubbub.testing.server import Running
from tests.web.pictures import SCRIPT, SECRET, huge_png, moving, opened, picture, text_bomb, with_secrets
from tests.web.uploads import MP4, PATIENCE_S, QUICK, Uploader, blobs, is_locked_up, only_these_are_left, refused

# Uploading and posting -------------------------------------------------------------------------------------------


async def test_a_file_is_uploaded_posted_heard_of_and_read(server: Running, ann: Uploader, bob: Uploader) -> None:
    async with Guest.arrives(server.url, "Cleo") as cleo:
        info = await ann.uploads(b"%PDF-1.7 plan", "plan.pdf")
        assert info == {"id": info["id"], "name": "plan.pdf", "type": "application/octet-stream", "size": 13}
        seq = await ann.posts(info["id"], text="the plan")
        event = await cleo.hears("the plan")
        assert (event["seq"], event["files"]) == (seq, [info])
    [message] = [m for m in (await bob.http.get("/api/rooms/lobby/messages")).json()["messages"] if m["seq"] == seq]
    assert message["files"] == [info]
    assert (await bob.reads(info["id"])).content == b"%PDF-1.7 plan"


async def test_a_message_may_be_files_alone_but_not_nothing(ann: Uploader) -> None:
    info = await ann.uploads(b"x")
    await ann.posts(info["id"], text=" \n")
    answer = await ann.http.post("/api/rooms/lobby/messages", json={"text": ""})
    assert "nothing to see" in refused(answer, 422, "empty_text")


async def test_the_same_key_again_is_the_same_message_and_other_files_are_a_conflict(ann: Uploader) -> None:
    one, two = await ann.uploads(b"one"), await ann.uploads(b"two")
    body: dict[str, Any] = {"key": "k", "files": [one["id"]]}
    first = await ann.http.post("/api/rooms/lobby/messages", json=body)
    assert (await ann.http.post("/api/rooms/lobby/messages", json=body)).json() == first.json()
    answer = await ann.http.post("/api/rooms/lobby/messages", json=body | {"files": [two["id"]]})
    refused(answer, 409, "key_conflict")


async def test_only_its_uploader_may_post_a_file(ann: Uploader, bob: Uploader) -> None:
    info = await ann.uploads(b"mine")
    await ann.posts(info["id"])
    answer = await bob.http.post("/api/rooms/lobby/messages", json={"text": "mine!", "files": [info["id"]]})
    assert "not yours" in refused(answer, 404, "file_not_found")
    await ann.posts(info["id"], text="once more")


async def test_before_it_is_posted_a_file_is_for_its_uploader_alone(ann: Uploader, bob: Uploader) -> None:
    info = await ann.uploads(b"draft")
    assert (await ann.reads(info["id"])).status_code == 200
    refused(await bob.reads(info["id"]), 404, "file_not_found")
    await ann.posts(info["id"])
    assert (await bob.reads(info["id"])).content == b"draft"


async def test_without_a_session_no_file_is_read_and_none_is_taken(ann: Uploader, http: httpx2.AsyncClient) -> None:
    info = await ann.uploads(b"x")
    await ann.posts(info["id"])
    for path in ("name", "thumbnail"):
        refused(await http.get(f"/api/files/{info['id']}/{path}"), 401, "sign_in_needed")
    refused(await http.post("/api/files?name=a", content=b"x"), 401, "sign_in_needed")


async def test_a_deleted_message_takes_its_file_along(
    server: Running, ann: Uploader, bob: Uploader, tmp_path: Path
) -> None:
    info = await ann.uploads(picture(size=(900, 700)))
    assert len(blobs(tmp_path)) == 2
    seq = await ann.posts(info["id"])
    await ann.http.delete(f"/api/rooms/lobby/messages/{seq}")
    for reader in (ann, bob):
        refused(await reader.reads(info["id"]), 404, "file_not_found")
    await only_these_are_left(tmp_path, 0)
    await nothing_is_counted(server)


async def test_what_another_message_holds_stays_when_one_is_deleted(ann: Uploader, tmp_path: Path) -> None:
    kept, gone = await ann.uploads(b"kept"), await ann.uploads(b"gone")
    same = await ann.uploads(b"kept")
    first = await ann.posts(kept["id"], gone["id"])
    await ann.posts(kept["id"])
    second = await ann.posts(same["id"])
    assert len(blobs(tmp_path)) == 2
    for seq in (first, second):
        await ann.http.delete(f"/api/rooms/lobby/messages/{seq}")
    await only_these_are_left(tmp_path, 1)
    assert (await ann.reads(kept["id"])).content == b"kept"


async def test_an_upload_that_breaks_off_leaves_nothing(server: Running, ann: Uploader, tmp_path: Path) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield os.urandom(2_000_000)
        async with asyncio.timeout(PATIENCE_S):
            while not blobs(tmp_path):
                await asyncio.sleep(0.01)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await ann.sends(half())
    await only_these_are_left(tmp_path, 0)
    await nothing_is_counted(server)


@pytest.mark.parametrize("seed", range(3))
async def test_g22_a_file_of_an_acknowledged_message_survives_a_kill(tmp_path: Path, seed: int) -> None:
    data, contents = tmp_path / "data", [os.urandom(200_000 + seed), picture(size=(800, 800), color=(seed, 0, 0))]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(run_server(data, **QUICK))
        ann = await stack.enter_async_context(Uploader.comes(server.url))
        infos = [await ann.uploads(content) for content in contents]
        shown = [(await ann.reads(info["id"])).content for info in infos]
        others = [asyncio.create_task(ann.sends(os.urandom(3_000_000))) for _ in range(2)]
        await ann.posts(*[info["id"] for info in infos])
        await server.kill()
        await asyncio.gather(*others, return_exceptions=True)
        again = await stack.enter_async_context(run_server(data, **QUICK))
        async with httpx2.AsyncClient(base_url=again.url, headers=ann.http.headers) as http:
            for info, content in zip(infos, shown, strict=True):
                assert (await http.get(f"/api/files/{info['id']}/x")).content == content
    assert shown[0] == contents[0]
    assert not list((data / "files" / "part").iterdir())


# D50: what a browser is made to do with it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "a.html": b"<!doctype html>" + SCRIPT,
        "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        "a.xml": b"<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><a/>",
        "a.pdf": b"%PDF-1.7 /JavaScript",
        "a.png": SCRIPT,
    }.items(),
)
async def test_d50_what_could_run_is_saved_and_not_opened(ann: Uploader, name: str, content: bytes) -> None:
    answer = await ann.reads((await ann.uploads(content, name))["id"])
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    is_locked_up(answer)


@pytest.mark.parametrize("name", ['a".html', "a\r\nSet-Cookie: x=1.txt", "a;b=c.txt", "naïve ☃.txt", "a%0d%0ab.txt"])
async def test_c49_a_name_stays_in_its_header(ann: Uploader, name: str) -> None:
    """RFC 6266: plain letters as they are, the rest percent-encoded (RFC 8187)."""
    answer = await ann.reads((await ann.uploads(b"x", name))["id"])
    assert "set-cookie" not in answer.headers
    kind, _, parameter = answer.headers["content-disposition"].partition("; ")
    assert kind == "attachment"
    assert re.fullmatch(r"""filename="[^"]*"|filename\*=utf-8''[\w.%~+-]*""", parameter, re.ASCII | re.IGNORECASE)


@pytest.mark.parametrize(
    ("content", "kind"), [(picture(), "image/png"), (picture("JPEG"), "image/jpeg"), (MP4, "video/mp4")]
)
async def test_d50_pictures_and_films_may_be_shown(ann: Uploader, content: bytes, kind: str) -> None:
    answer = await ann.reads((await ann.uploads(content, "named.html"))["id"])
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == 'inline; filename="named.html"'
    is_locked_up(answer)


# D51: files that are two things ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [picture() + SCRIPT, picture("GIF", comment=SCRIPT), picture("JPEG", comment=SCRIPT), picture("WEBP") + SCRIPT],
)
async def test_d51_a_picture_is_made_anew_so_nothing_else_is_in_it(ann: Uploader, content: bytes) -> None:
    assert SCRIPT in content
    made = (await ann.reads((await ann.uploads(content))["id"])).content
    assert b"script" not in made
    assert opened(made).size == (40, 30)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_d51_a_picture_does_not_tell_where_it_was_taken_and_stands_upright(ann: Uploader, kind: str) -> None:
    content = with_secrets(kind)
    assert SECRET in content
    info = await ann.uploads(content)
    made = (await ann.reads(info["id"])).content
    assert SECRET not in made
    size = (40, 30) if kind == "GIF" else (30, 40)
    assert ((info["width"], info["height"]), opened(made).size, opened(made).format) == (size, size, kind)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
async def test_what_moves_goes_on_moving(ann: Uploader, kind: str) -> None:
    info = await ann.uploads(moving(kind, 7))
    made = opened((await ann.reads(info["id"])).content)
    assert getattr(made, "n_frames", 1) == 7
    assert (await ann.http.get(f"/api/files/{info['id']}/thumbnail")).headers["content-type"] == f"image/{kind.lower()}"


async def test_a_large_picture_has_a_smaller_one(ann: Uploader) -> None:
    info = await ann.uploads(picture(size=(1600, 1200)))
    small = await ann.http.get(f"/api/files/{info['id']}/thumbnail")
    assert (small.headers["content-type"], opened(small.content).size) == ("image/webp", (640, 480))
    film = await ann.uploads(MP4)
    assert (await ann.http.get(f"/api/files/{film['id']}/thumbnail")).content == MP4
    named = await ann.uploads(picture(size=(1600, 1200)), "thumbnail")
    assert opened((await ann.http.get(f"/api/files/{named['id']}/thumbnail")).content).size == (1600, 1200)


# D52: pictures that are bombs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (huge_png(30_000, 30_000), "picture_too_large"),
        (huge_png(5001, 5000), "picture_too_large"),
        (moving("GIF", 101), "picture_too_large"),
        (moving("GIF", 60, (1100, 1000)), "picture_too_large"),
        (text_bomb(), "bad_picture"),
        (huge_png(4000, 4000), "bad_picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "bad_picture"),
        (picture("JPEG")[:300], "bad_picture"),
    ],
    ids=["900 Mpx", "25 Mpx and a bit", "101 frames", "66 Mpx in frames", "text", "lies", "noise", "half"],
)
async def test_d52_a_bomb_is_refused_with_words_and_leaves_nothing(
    ann: Uploader, tmp_path: Path, content: bytes, code: str
) -> None:
    words = refused(await ann.sends(content, "bomb.png"), 422, code)
    assert words.endswith(".")
    assert blobs(tmp_path) == []


async def test_d52_while_pictures_are_made_others_wait_in_a_bounded_queue(
    server: Running, ann: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.files.pictures.WAITING_MAX", 0)
    refused(await ann.sends(picture()), 503, "overloaded")
    assert (await ann.sends(b"no picture")).status_code == 201


# D53: formats that nobody sends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["EPS", "TIFF", "ICO", "BMP", "PCX", "PPM", "TGA"])
async def test_d53_other_formats_are_files_and_not_pictures(ann: Uploader, kind: str) -> None:
    content = picture(kind)
    info = await ann.uploads(content, f"a.{kind.lower()}")
    assert info["type"] == "application/octet-stream"
    assert "width" not in info
    assert (await ann.reads(info["id"])).content == content


async def nothing_is_counted(server: Running) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while server.chat.files.blobs.total_bytes():
            await asyncio.sleep(0.01)
