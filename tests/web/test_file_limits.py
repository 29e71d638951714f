"""Files over HTTP: names, bodies, ranges and how much of it all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from hubbub.settings import Settings
from hubbub.testing.server import Running, serve
from tests.web.uploads import MP4, PATIENCE_S, QUICK, Uploader, blobs, is_locked_up, refused

# D54, D55, D56: archives, names, bodies --------------------------------------------------------------------------


async def test_d54_a_packed_body_is_refused_and_an_archive_is_not_unpacked(ann: Uploader) -> None:
    answer = await ann.sends(b"\x1f\x8b", **{"Content-Encoding": "gzip"})
    refused(answer, 422, "invalid")
    assert (await ann.reads((await ann.uploads(b"PK\3\4../../x"))["id"])).content == b"PK\3\4../../x"


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../hubbub.db", "hubbub.db"), ("a\r\nX: y.txt", "aX_ y.txt"), ("\u202egpj.exe", "gpj.exe"), ("/", "file")],
)
async def test_d55_a_name_leads_nowhere(ann: Uploader, tmp_path: Path, name: str, kept: str) -> None:
    info = await ann.uploads(b"x", name)
    assert info["name"] == kept
    assert all(path.parent.parent == tmp_path / "files" for path in blobs(tmp_path))
    answer = await ann.http.get(f"/api/files/{info['id']}/..%2f..%2fhubbub.db")
    assert answer.status_code in (200, 404)
    assert b"SQLite" not in answer.content


@pytest.mark.parametrize("file", ["0" * 32, "f" * 64, "x", "..%2f..%2fhubbub.db", "part"])
async def test_d55_an_id_that_is_none_leads_nowhere(ann: Uploader, file: str) -> None:
    answer = await ann.reads(file)
    assert answer.status_code in (404, 422)
    assert b"SQLite" not in answer.content


async def test_d56_too_much_is_refused_as_soon_as_it_is_known(tmp_path: Path) -> None:
    sent = 0

    async def without_end() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)
            await asyncio.sleep(0)

    async with serve(Settings(data=tmp_path, file_max_bytes=1_000_000, **QUICK)) as server:
        async with Uploader.comes(server.url) as ann:
            assert "at most 1 MB" in refused(await ann.sends(bytes(1_000_001)), 413, "file_too_large")
            with suppress(httpx2.TransportError):  # it may be cut off while it is still sending
                refused(await ann.sends(without_end()), 413, "file_too_large")
            assert sent < 100_000_000
            assert (await ann.sends(bytes(1_000_000))).status_code == 201
        assert len(blobs(tmp_path)) == 1


async def test_d56_an_empty_file_is_refused(ann: Uploader) -> None:
    refused(await ann.sends(b""), 422, "empty_file")


# D57: ranges -----------------------------------------------------------------------------------------------------


async def test_d57_a_film_is_read_in_parts(ann: Uploader) -> None:
    file = (await ann.uploads(MP4, "film.mp4"))["id"]
    part = await ann.reads(file, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, MP4[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(MP4)}"
    assert part.headers["content-type"] == "video/mp4"
    is_locked_up(part)
    assert (await ann.reads(file, Range=f"bytes={len(MP4)}-")).status_code == 416


async def test_d57_many_ranges_are_not_put_together(ann: Uploader) -> None:
    file = (await ann.uploads(MP4))["id"]
    few = await ann.reads(file, Range="bytes=" + ",".join(f"{n}-{n}" for n in range(0, 10, 2)))
    assert (few.status_code, few.content.count(b"Content-Range")) == (206, 5)
    many = await ann.reads(file, Range="bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2000, 2)))
    assert (many.status_code, many.content) == (200, MP4)


# D58: how much ---------------------------------------------------------------------------------------------------


async def test_d58_a_person_has_a_quota_for_a_day(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, upload_day_max_bytes=1000, **QUICK)
    async with serve(settings) as server, Uploader.comes(server.url) as ann, Uploader.comes(server.url) as bob:
        await ann.uploads(bytes(700))
        answer = await ann.sends(bytes(400))
        assert "within 24 hours" in refused(answer, 429, "upload_quota")
        assert answer.headers["retry-after"] == "3600"

        async def in_parts() -> AsyncIterator[bytes]:
            yield bytes(400)

        refused(await ann.sends(in_parts()), 429, "upload_quota")
        await ann.uploads(bytes(300))
        await bob.uploads(bytes(700))


async def test_d58_the_server_has_a_total_also_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, files_total_max_bytes=1000, **QUICK)
    async with serve(settings) as server, Uploader.comes(server.url) as ann:
        await ann.posts((await ann.uploads(b"a" * 700))["id"])
        await ann.uploads(b"a" * 200)
    async with serve(settings) as server, Uploader.comes(server.url) as ann:
        assert "no more space" in refused(await ann.sends(b"b" * 200), 507, "no_space")
        await ann.uploads(b"b" * 100)
        assert server.chat.files.blobs.total_bytes() == 1000
        assert list((tmp_path / "files" / "part").iterdir()) == []


async def test_d58_few_uploads_of_one_person_at_once(server: Running, ann: Uploader, bob: Uploader) -> None:
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        await go_on.wait()

    sending = [asyncio.create_task(ann.sends(slowly())) for _ in range(4)]
    async with asyncio.timeout(PATIENCE_S):
        while sum(server.chat.files._uploading.values()) < 4:
            await asyncio.sleep(0.01)
    refused(await ann.sends(b"the fifth"), 429, "rate_limited")
    await bob.uploads(b"another's")
    go_on.set()
    assert [answer.status_code for answer in await asyncio.gather(*sending)] == [201] * 4
    await ann.uploads(b"the fifth")


async def test_d58_nobody_uploads_where_files_are_switched_off(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, file_max_bytes=0, **QUICK)
    async with serve(settings) as server, Uploader.comes(server.url) as ann:
        refused(await ann.sends(b"x"), 413, "file_too_large")


async def test_a_full_disk_is_said_and_nothing_is_left(
    server: Running, ann: Uploader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("hubbub.files.blobs._append", full)
        assert "disk is full" in refused(await ann.sends(b"x"), 507, "no_space")
    with monkeypatch.context() as patched:
        patched.setattr("hubbub.files.blobs._place", full)
        refused(await ann.sends(b"x"), 507, "no_space")
    assert blobs(tmp_path) == []
    await ann.uploads(b"x")
