"""Search over HTTP and the socket: whom it answers, and that nothing that is written in it breaks it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.testing.people import Guest
from hubbub.testing.server import Running


@pytest.fixture
async def ann(server: Running) -> AsyncIterator[Guest]:
    async with Guest.arrives(server.url, "Ann") as ann:
        yield ann


async def search(http: httpx2.AsyncClient, guest: Guest, text: str, **params: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {guest.token}"}
    return await http.get("/api/search", headers=headers, params={"text": text, **params})


async def test_a_message_is_found_as_soon_as_it_is_acknowledged(http: httpx2.AsyncClient, ann: Guest) -> None:
    seq = await ann.says("the kettle is on")
    answer = await search(http, ann, "kettle")
    assert answer.status_code == 200
    [hit] = answer.json()["hits"]
    assert (hit["message"]["room"], hit["message"]["seq"], hit["room_name"]) == ("lobby", seq, "Lobby")
    assert hit["message"]["author"] == {"id": ann.me["id"], "name": "Ann"}
    assert hit["snippet"] == [
        {"text": "the ", "found": False},
        {"text": "kettle", "found": True},
        {"text": " is on", "found": False},
    ]
    assert (await ann.does("search", text="kettle"))["hits"][0]["message"]["seq"] == seq


async def test_pages_rooms_and_people(server: Running, http: httpx2.AsyncClient, ann: Guest) -> None:
    async with Guest.arrives(server.url, "Bob Ito") as bob:
        room = (await ann.does("create", name="Tea time"))["id"]
        await ann.says("tea by Ann", room=room)
        await bob.says("tea by Bob")
        first = (await search(http, ann, "tea", limit=1)).json()
        assert [hit["room_name"] for hit in first["hits"]] == ["Lobby"]
        second = (await search(http, ann, "tea", limit=1, before=first["before"])).json()
        assert [hit["room_name"] for hit in second["hits"]] == ["Tea time"]
        assert "before" not in second
        for text, who, texts in [
            ("tea", bob, ["tea by Bob"]),  # he is not in the other room
            ('tea in:"tea TIME"', bob, ["tea by Ann"]),  # but everybody may read it
            (f"tea in:{room}", ann, ["tea by Ann"]),
            ("from:bob", ann, ["tea by Bob"]),
            ('from:"bob i" from:ann', ann, ["tea by Bob", "tea by Ann"]),
            ("tea from:me", bob, ["tea by Bob"]),
        ]:
            hits = (await search(http, who, text)).json()["hits"]
            assert [hit["message"]["text"] for hit in hits] == texts, text
        assert [h["room_name"] for h in (await search(http, ann, "tea", room=room)).json()["hits"]] == ["Tea time"]


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"text": ""}, 422, "empty_search"),
        ({"text": "before:then"}, 422, "bad_search"),
        ({"text": "in:nowhere tea"}, 404, "room_not_found"),
        ({"text": "tea", "room": "nowhere"}, 404, "room_not_found"),
        ({"text": "from:nobody"}, 404, "person_not_found"),
        ({"text": "x" * 401}, 422, "invalid"),
        ({"text": "tea", "before": "yesterday"}, 422, "invalid"),
        ({"text": "tea", "limit": 0}, 422, "invalid"),
        ({"text": "tea", "utc_offset_min": 900}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
async def test_a_mistake_is_explained(
    http: httpx2.AsyncClient, ann: Guest, params: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {ann.token}"}
    answer = await http.get("/api/search", headers=headers, params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["words"]


async def test_without_a_session_nothing_is_found(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/api/search", params={"text": "tea"})).status_code == 401


async def test_a_name_that_too_many_have_has_to_be_longer(
    server: Running, http: httpx2.AsyncClient, ann: Guest
) -> None:
    def add(tx: Any) -> None:
        for number in range(101):
            tx.add_person("guest", f"guest-{number + 10}", f"Zed {number}", 1)

    await server.chat.store.write(add)
    answer = await search(http, ann, "from:zed")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_search")
    assert (await search(http, ann, 'from:"zed 77"')).status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(max_size=80) | st.sampled_from(['"', "-", "in:", "from:me", "*", "tea", "NEAR(", "OR", "%", "_"]))
)
async def test_29_no_text_breaks_it(http: httpx2.AsyncClient, ann: Guest, parts: list[str]) -> None:
    answer = await search(http, ann, " ".join(parts)[:400])
    assert answer.status_code in (200, 404, 422), answer.text
    assert answer.status_code == 200 or answer.json()["words"]
