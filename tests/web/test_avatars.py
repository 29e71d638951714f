"""The pictures of people: chosen among what they uploaded, kept as long as they are somebody's, gone afterwards."""

import httpx2
import pytest

from hubbub.testing.server import Running
from tests.web.pictures import picture
from tests.web.uploads import Uploader, is_locked_up, only_these_are_left, refused

WORDS = "four words make a password"


async def signs_up(person: Uploader, login: str) -> str:
    """Returns the id."""
    entry = (await person.http.post("/api/accounts", json={"login": login, "password": WORDS})).json()
    person.http.headers["Authorization"] = f"Bearer {entry['token']}"
    return str(entry["person"]["id"])


async def chooses(person: Uploader, file: str | None) -> httpx2.Response:
    return await person.http.put("/api/me/avatar", json={"file": file})


async def test_somebody_chooses_a_picture_that_others_see_and_takes_it_away(
    server: Running, ann: Uploader, bob: Uploader, http: httpx2.AsyncClient
) -> None:
    me = await signs_up(ann, "ann")
    info = await ann.uploads(picture(size=(900, 900)), "me.png")
    assert (await chooses(ann, info["id"])).json()["avatar"] == info["id"]
    assert (await bob.http.get(f"/api/people/{me}")).json()["avatar"] == info["id"]
    seen = await bob.http.get(f"/api/people/{me}/avatar")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
    is_locked_up(seen)
    refused(await bob.reads(info["id"]), 404, "file_not_found")  # only as a picture of hers
    refused(await http.get(f"/api/people/{me}/avatar"), 401, "sign_in_needed")
    assert (await chooses(ann, None)).json()["avatar"] is None
    refused(await bob.http.get(f"/api/people/{me}/avatar"), 404, "avatar_not_found")
    await only_these_are_left(server.chat.settings.data, 0)


async def test_another_picture_takes_the_place_of_the_one_before(server: Running, ann: Uploader, bob: Uploader) -> None:
    me = await signs_up(ann, "ann")
    first = await ann.uploads(picture(size=(90, 90)), "a.png")
    await chooses(ann, first["id"])
    second = await ann.uploads(picture("JPEG", size=(80, 80)), "b.jpg")
    await chooses(ann, second["id"])
    await only_these_are_left(server.chat.settings.data, 1)
    assert (await bob.http.get(f"/api/people/{me}/avatar")).headers["content-type"] == "image/jpeg"


async def test_a_picture_that_is_also_in_a_message_outlives_either(server: Running, ann: Uploader) -> None:
    await signs_up(ann, "ann")
    info = await ann.uploads(picture(size=(90, 90)), "a.png")
    seq = await ann.posts(info["id"])
    await chooses(ann, info["id"])
    assert (await ann.http.delete(f"/api/rooms/lobby/messages/{seq}")).is_success
    await only_these_are_left(server.chat.settings.data, 1)
    await ann.posts(info["id"])
    await chooses(ann, None)
    await only_these_are_left(server.chat.settings.data, 1)


async def test_it_is_swept_away_with_the_account_and_not_before(
    server: Running, ann: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signs_up(ann, "ann")
    info = await ann.uploads(picture(size=(90, 90)), "a.png")
    await chooses(ann, info["id"])
    later = server.chat._context.now() + 3 * 24 * 3600 * 1000
    swept = await server.chat.store.write(lambda tx: tx.sweep_files(later))
    assert swept == []
    assert (await ann.http.delete("/api/me", params={"messages": "keep"})).is_success
    await only_these_are_left(server.chat.settings.data, 0)


async def test_what_cannot_be_a_picture_is_said(ann: Uploader, bob: Uploader) -> None:
    refused(await chooses(bob, None), 403, "role_needed")
    await signs_up(ann, "ann")
    text = await ann.uploads(b"words", "a.txt")
    assert refused(await chooses(ann, text["id"]), 422, "not_a_picture").startswith("Choose a PNG")
    of_bob = await bob.uploads(picture(size=(90, 90)), "a.png")
    refused(await chooses(ann, of_bob["id"]), 404, "file_not_found")
    refused(await chooses(ann, "0" * 32), 404, "file_not_found")
