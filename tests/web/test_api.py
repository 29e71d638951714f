"""The HTTP interface: the same verbs, the same words for what goes wrong."""

from typing import Any

import httpx2
import pytest

from hubbub.testing.people import Guest
from hubbub.testing.server import Running


@pytest.fixture
async def ann(http: httpx2.AsyncClient) -> dict[str, str]:
    answer = await http.post("/api/guests", json={"name": "Ann"})
    assert answer.status_code == 201
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_every_verb_works_over_http_and_is_heard_on_the_socket(
    server: Running, http: httpx2.AsyncClient, ann: dict[str, str]
) -> None:
    async def call(method: str, path: str, **options: Any) -> Any:
        answer = await http.request(method, f"/api{path}", headers=ann, **options)
        assert answer.status_code in (200, 201), answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    async with Guest.arrives(server.url, "Bob") as bob:
        seq = (await call("POST", "/rooms/lobby/messages", json={"text": "by http", "key": "k"}))["seq"]
        assert (await bob.hears("by http"))["seq"] == seq
        message = f"/rooms/lobby/messages/{seq}"
        await call("PATCH", message, json={"text": "edited"})
        await call("PUT", f"{message}/reactions/👍")
        await call("PUT", f"{message}/pin")
        await bob.hears_of("message.pinned", message=seq)
        [shown] = (await call("GET", "/rooms/lobby/messages", params={"around": seq, "limit": 1}))["messages"]
        assert (shown["text"], shown["pinned"], shown["reactions"][0]["emoji"]) == ("edited", True, "👍")
        assert [m["seq"] for m in (await call("GET", "/rooms/lobby/pins"))["messages"]] == [seq]
        await call("DELETE", f"{message}/reactions/👍")
        await call("DELETE", f"{message}/pin")
        await call("DELETE", message)
        await bob.hears_of("message.deleted", message=seq)

        room = (await call("POST", "/rooms", json={"name": "Tea"}))["id"]
        await call("PATCH", f"/rooms/{room}", json={"name": "Tea time"})
        assert [r["name"] for r in (await call("GET", "/rooms"))["rooms"]] == ["Lobby", "Tea time"]
        assert (await call("GET", f"/rooms/{room}/members"))["count"] == 1
        assert (await call("GET", f"/rooms/{room}/here"))["count"] == 0
        await call("DELETE", f"/rooms/{room}/membership")
        await call("PUT", f"/rooms/{room}/membership")
        await call("POST", f"/rooms/{room}/typing")
        assert (await call("PUT", f"/rooms/{room}/read", json={"seq": 2}))["read"] >= 2
        assert (await call("PUT", f"/rooms/{room}/unread", json={"seq": 1}))["read"] == 0
        await call("POST", f"/rooms/{room}/archive")
        assert (await call("PATCH", "/me", json={"name": "Anna"}))["name"] == "Anna"
        assert (await call("GET", "/me"))["name"] == "Anna"


async def test_the_emoji_table_may_be_cached(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/api/emoji")
    assert ["👍", "thumbs up"] in answer.json()
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/rooms/nowhere/messages", None, 404, "room_not_found"),
        ("GET", "/rooms/NO%20ROOM/messages", None, 422, "invalid"),
        ("GET", "/rooms/lobby/messages?before=1&after=2", None, 422, "invalid"),
        ("GET", "/rooms/lobby/messages?limit=1000", None, 422, "invalid"),
        ("POST", "/rooms/lobby/messages", {"text": "x" * 8001}, 422, "invalid"),
        ("POST", "/rooms/lobby/messages", {"text": "hi", "author": "Bob"}, 422, "invalid"),
        ("POST", "/rooms/lobby/messages", {"text": "hi", "reply_to": 999}, 404, "message_not_found"),
        ("PATCH", "/rooms/lobby/messages/999", {"text": "hi"}, 404, "message_not_found"),
        ("PATCH", "/rooms/lobby", {"name": "Mine"}, 403, "lobby_stays"),
        ("POST", "/rooms", {"name": "lobby"}, 409, "name_taken"),
        ("PATCH", "/me", {"name": "Client #7"}, 409, "name_taken"),
        ("PATCH", "/me", {"name": "a\u202eb"}, 422, "bad_name"),
    ],
)
async def test_what_goes_wrong_is_said_in_one_form(
    http: httpx2.AsyncClient, ann: dict[str, str], method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = await http.request(method, f"/api{path}", headers=ann, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["words"]


async def test_without_a_session_nothing_is_answered(http: httpx2.AsyncClient) -> None:
    for path in ("/me", "/rooms", "/rooms/lobby/messages", "/rooms/nowhere/messages"):
        answer = await http.get(f"/api{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


async def test_07_a_foreign_page_cannot_change_anything_with_the_cookie(
    server: Running, http: httpx2.AsyncClient, ann: dict[str, str]
) -> None:
    cookie = {"Cookie": f"hubbub_session={ann['Authorization'].removeprefix('Bearer ')}"}
    own = await http.post("/api/rooms/lobby/messages", headers=cookie | {"Origin": server.url}, json={"text": "a"})
    assert own.status_code == 201
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await http.post("/api/rooms/lobby/messages", headers=cookie | foreign, json={"text": "b"})
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_07_a_body_that_does_not_say_it_is_json_is_refused(
    http: httpx2.AsyncClient, ann: dict[str, str], content_type: str | None
) -> None:
    headers = ann | ({"Content-Type": content_type} if content_type else {})
    answer = await http.post("/api/rooms/lobby/messages", headers=headers, content=b'{"text":"hi"}')
    assert answer.status_code == 422


@pytest.mark.parametrize("body", [b"{", b'{"text":"\xff"}', b"\xff\xfe{"])
async def test_a_body_that_is_not_json_in_utf_8_is_refused_in_the_usual_words(
    http: httpx2.AsyncClient, ann: dict[str, str], body: bytes
) -> None:
    headers = ann | {"Content-Type": "application/json"}
    answer = await http.post("/api/rooms/lobby/messages", headers=headers, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["words"].startswith("body")


async def test_guests_can_be_unwelcome(tmp_path: Any) -> None:
    from hubbub.settings import Settings
    from hubbub.testing.server import serve

    async with serve(Settings(data=tmp_path, guests=False)) as server, httpx2.AsyncClient() as http:
        answer = await http.post(f"{server.url}/api/guests", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "no_guests")
