"""Files in rooms that are not for everybody: who may read a room may read its files, and who may post in it attaches.

Everybody tries every route in `test_matrix.py`; here is what happens when somebody comes, leaves or is removed."""

from typing import Any

import httpx2
import pytest

from hubbub.core.models import Author, FileInfo, Role
from hubbub.protocol import MemberLeft, MessagePosted
from hubbub.testing.server import Running
from tests.web.pictures import picture
from tests.web.uploads import Uploader, only_these_are_left, refused

MISSING = "0" * 32


async def trust(server: Running, person: Uploader, role: Role = "member") -> Author:
    """As with an account: with this role in the whole place."""
    me = (await person.http.get("/api/me")).json()
    await server.chat.store.write(lambda tx: tx.set_role(me["id"], role))
    return Author(id=me["id"], name=me["name"])


async def opens_room(person: Uploader, **about: Any) -> str:
    answer = await person.http.post("/api/rooms", json={"name": "Ours", "kind": "private", **about})
    assert answer.status_code == 201, answer.text
    person.room = answer.json()["id"]
    return person.room


async def sees_no_trace_of(person: Uploader, file: str) -> None:
    """The answers are those for a file that was never there, byte for byte."""
    for path in ("a.png", "thumbnail"):
        answer = await person.http.get(f"/api/files/{file}/{path}")
        nowhere = await person.http.get(f"/api/files/{MISSING}/{path}")
        refused(answer, 404, "file_not_found")
        assert (answer.status_code, answer.content) == (nowhere.status_code, nowhere.content)


async def sees(person: Uploader, file: str) -> None:
    for path in ("a.png", "thumbnail"):
        assert (await person.http.get(f"/api/files/{file}/{path}")).status_code == 200


@pytest.fixture
async def file(server: Running, ann: Uploader, bob: Uploader) -> str:
    """A picture in a private room of Ann's, and Bob outside."""
    for person in (ann, bob):
        await trust(server, person)
    await opens_room(ann)
    info = await ann.uploads(picture(size=(900, 900)), "a.png")
    await ann.posts(info["id"])
    return str(info["id"])


async def adds(server: Running, ann: Uploader, bob: Uploader) -> Author:
    author = await trust(server, bob)
    answer = await ann.http.put(f"/api/rooms/{ann.room}/members/{author.id}")
    assert answer.is_success, answer.text
    bob.room = ann.room
    return author


async def test_b26_a_file_of_a_private_room_is_for_whoever_is_in_it_at_that_moment(
    server: Running, ann: Uploader, bob: Uploader, file: str
) -> None:
    await sees_no_trace_of(bob, file)
    await adds(server, ann, bob)
    await sees(bob, file)
    assert (await bob.http.delete(f"/api/rooms/{ann.room}/membership")).is_success
    await sees_no_trace_of(bob, file)
    await sees(ann, file)


async def test_whoever_was_removed_reads_no_file_any_more_not_even_their_own(
    server: Running, ann: Uploader, bob: Uploader, file: str
) -> None:
    author = await adds(server, ann, bob)
    own = (await bob.uploads(picture(size=(800, 800)), "a.png"))["id"]
    await bob.posts(own)
    for one in (file, own):
        await sees(bob, one)
    about: dict[str, Any] = {"room": ann.room, "seq": 0, "at": 1, "by": await trust(server, ann)}
    await server.chat.store.write(lambda tx: tx.append(MemberLeft(**about, person=author)))
    for one in (file, own):
        await sees_no_trace_of(bob, one)
        await sees(ann, one)


async def test_owners_of_the_place_do_not_read_files_of_rooms_they_are_not_in(
    server: Running, bob: Uploader, file: str
) -> None:
    await trust(server, bob, "owner")
    await sees_no_trace_of(bob, file)


async def test_a_room_that_becomes_private_takes_its_files_along(server: Running, ann: Uploader, bob: Uploader) -> None:
    await trust(server, ann)
    room = await opens_room(ann, kind="public")
    info = await ann.uploads(picture(), "a.png")
    await ann.posts(info["id"])
    await sees(bob, info["id"])
    answer = await ann.http.patch(f"/api/rooms/{room}/settings", json={"kind": "private"})
    assert answer.is_success, answer.text
    await sees_no_trace_of(bob, info["id"])
    await sees(ann, info["id"])


async def test_a_file_that_is_in_a_public_room_too_is_for_everybody(ann: Uploader, bob: Uploader, file: str) -> None:
    await sees_no_trace_of(bob, file)
    ann.room = "lobby"
    seq = await ann.posts(file)
    await sees(bob, file)
    assert (await ann.http.delete(f"/api/rooms/lobby/messages/{seq}")).is_success
    await sees_no_trace_of(bob, file)
    await sees(ann, file)


async def test_a_file_of_a_conversation_is_for_those_in_it(server: Running, ann: Uploader, bob: Uploader) -> None:
    await trust(server, ann)
    friend = await trust(server, bob)
    talk = await ann.http.post("/api/direct", json={"people": [friend.id]})
    assert talk.is_success, talk.text
    ann.room = talk.json()["id"]
    info = await ann.uploads(picture(), "a.png")
    await ann.posts(info["id"])
    for person in (ann, bob):
        await sees(person, info["id"])
    async with Uploader.comes(server.url) as cleo:
        await trust(server, cleo, "owner")
        await sees_no_trace_of(cleo, info["id"])


async def test_outside_a_room_nobody_attaches_to_it(ann: Uploader, bob: Uploader, file: str) -> None:
    info = await bob.uploads(b"x")
    body = {"text": "", "files": [info["id"]]}
    refused(await bob.http.post(f"/api/rooms/{ann.room}/messages", json=body), 404, "room_not_found")
    await sees(bob, info["id"])


async def test_where_only_moderators_post_only_they_attach(server: Running, ann: Uploader, bob: Uploader) -> None:
    for person in (ann, bob):
        await trust(server, person)
    bob.room = await opens_room(ann, kind="public")
    assert (await ann.http.patch(f"/api/rooms/{ann.room}/settings", json={"announcement": True})).is_success
    assert (await bob.http.put(f"/api/rooms/{ann.room}/membership")).is_success
    mine = await bob.uploads(b"mine")
    for files in ([mine["id"]], [MISSING]):
        answer = await bob.http.post(f"/api/rooms/{ann.room}/messages", json={"text": "", "files": files})
        refused(answer, 403, "role_needed")
    info = await ann.uploads(picture(), "a.png")
    await ann.posts(info["id"])
    await sees(bob, info["id"])


async def test_without_a_session_there_is_no_file_of_a_private_room(http: httpx2.AsyncClient, file: str) -> None:
    for one in (file, MISSING):
        refused(await http.get(f"/api/files/{one}/a.png"), 401, "sign_in_needed")


async def test_whoever_is_banned_from_a_room_reads_none_of_its_files_until_the_ban_ends(
    server: Running, ann: Uploader, bob: Uploader
) -> None:
    author = await trust(server, bob)
    await trust(server, ann)
    await opens_room(ann, name="Open", kind="public")
    info = await ann.uploads(picture(size=(900, 900)), "a.png")
    await ann.posts(info["id"])
    await sees(bob, info["id"])
    assert (await ann.http.put(f"/api/people/{author.id}/ban", json={"room": ann.room})).is_success
    await sees_no_trace_of(bob, info["id"])
    assert (await ann.http.delete(f"/api/people/{author.id}/ban", params={"room": ann.room})).is_success
    await sees(bob, info["id"])


async def test_what_a_room_does_not_keep_takes_its_files_along(server: Running, ann: Uploader) -> None:
    author = await trust(server, ann, "owner")
    info = await ann.uploads(picture(size=(900, 900)), "a.png")
    found = FileInfo.model_validate(info)
    old = {"room": "lobby", "seq": 0, "at": 1_700_000_000_000, "by": author, "text": "old", "files": [found]}
    await server.chat.store.write(lambda tx: tx.append(MessagePosted.model_validate(old)))
    await sees(ann, info["id"])
    await only_these_are_left(server.chat.settings.data, 2)
    assert (await ann.http.put("/api/rooms/lobby/retention", json={"days": 30})).is_success
    await only_these_are_left(server.chat.settings.data, 0)
    await sees_no_trace_of(ann, info["id"])


async def test_whoever_has_everything_erased_leaves_no_file(server: Running, ann: Uploader, bob: Uploader) -> None:
    info = await ann.uploads(picture(size=(900, 900)), "a.png")
    await ann.posts(info["id"])
    mine = (await ann.http.get("/api/me/export")).json()
    assert mine["messages"][0]["files"] == [info]
    assert (await ann.http.delete("/api/me", params={"messages": "erase"})).is_success
    await only_these_are_left(server.chat.settings.data, 0)
    await sees_no_trace_of(bob, info["id"])
