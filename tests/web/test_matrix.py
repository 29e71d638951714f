"""Who may do what: everybody tries every command and every route, in rooms of each kind (threats 21 to 26).

A command or a route that is not in the tables of `attempts.py` fails here. What outsiders get of a room that is not
public is, byte for byte, what they get of a room that is not there; and in all that they ever get is not a word of it.
"""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub.app import create_app
from hubbub.core.models import Author, Invite, RoomKind
from hubbub.core.policy import PERMISSIONS
from hubbub.protocol import AnyCommand
from hubbub.service.context import token_hash
from hubbub.settings import Settings
from hubbub.testing.people import Json, Refused
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.web.attempts import ATTEMPTS, CASES_OF_OTHERS, LEFT_OUT, PAGES, REFUSED, ROUTES, SOCKETS, judged, page_status
from tests.web.cells import CANARY, CODE, KINDS, MISSING, STATUS, WHO, Cell, Ear, Stage, Who, contents_of, make_cell

COMMANDS = {command.model_fields["type"].default for command in get_args(get_args(AnyCommand)[0])}
MANY = 10**9
SIGNED_IN = [who for who in WHO if who.place]
CELLS = {
    "commands": len(SIGNED_IN) * len(ATTEMPTS),
    "routes": len(WHO) * len(ROUTES),
    "pages": len(WHO) * len(PAGES),
}


def cells_of(what: str) -> list[str]:
    return [f"{kind}-{CELLS[what]}-cells" for kind in KINDS]


class Theatre:
    """A running server, and the people who are needed."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.people: dict[str, Ear] = {}
        self.numbers = iter(range(1, MANY))
        self.outside: list[str] = []
        """All bytes that outsiders got by HTTP."""

    async def opens(self) -> None:
        names = [*(who.name for who in SIGNED_IN), "Keeper", "Second", "Friend"]
        for name in names:
            person, token = await self.server.chat.people.arrive(name)
            self.people[name] = Ear(self.server.url, token, person.model_dump())
        self.stage = Stage(*(self.author(name) for name in ("Keeper", "Second", "Friend")))

        def change(tx: Any) -> None:
            for who in SIGNED_IN:
                tx.set_role(self.author(who.name).id, who.place)
            tx.set_role(self.stage.keeper.id, "owner")
            invite = Invite(id="f" * 16, room=None, by=self.stage.keeper, created_at=1, expires_at=None, uses_left=None)
            tx.add_invite(invite, token_hash(CODE))

        await self.server.chat.store.write(change)
        for kind in KINDS:
            self.has_bytes(contents_of(kind))
        for who in SIGNED_IN:
            await self.people[who.name].returns()

    def has_bytes(self, contents: bytes) -> None:
        """As after an upload: each cell has rows in the database that name them."""
        path = self.server.chat.files.blobs.path(hashlib.sha256(contents).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)

    async def closes(self) -> None:
        for person in self.people.values():
            await person.drops()

    def author(self, name: str) -> Author:
        return Author(id=self.people[name].me["id"], name=name)

    async def cells(self, who: Who, kind: RoomKind, count: int) -> list[Cell]:
        """So many new rooms. Whoever is nobody is taken for an author who has come and gone."""
        me = self.author(who.name) if who.place else self.stage.friend

        def change(tx: Any) -> list[Cell]:
            return [make_cell(tx, self.stage, me, who, kind, next(self.numbers)) for _ in range(count)]

        cells: list[Cell] = await self.server.chat.store.write(change)
        return cells

    def headers(self, who: Who) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[who.name].token}"} if who.place else {}


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with serve(Settings.model_validate({"data": tmp_path, **UNLIMITED})) as server:
        theatre = Theatre(server)
        await theatre.opens()
        yield theatre
        await theatre.closes()


def is_outside(who: Who, kind: str) -> bool:
    return kind != "public" and who.room is None


# Nothing is missing in the tables ----------------------------------------------------------------------------


def test_every_command_and_every_rule_is_tried() -> None:
    assert {attempt.command for attempt in ATTEMPTS} | LEFT_OUT == COMMANDS
    tried = {rule for attempt in ATTEMPTS for rule in attempt.rules}
    assert tried | CASES_OF_OTHERS == PERMISSIONS.keys()


def test_every_route_is_tried(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path))
    paths = app.openapi()["paths"].items()
    assert {f"{method.upper()} {path}" for path, found in paths for method in found} == ROUTES.keys()
    assert hidden(app) == PAGES.keys() | SOCKETS


def hidden(router: Any) -> set[str]:
    """Routes that the description of the API leaves out."""
    found: set[str] = set()
    for route in router.routes:
        if not hasattr(route, "methods"):
            found.add(route.path)
        elif not route.include_in_schema:
            path = route.path.replace(":path", "")
            found |= {f"{method} {path}" for method in route.methods if method != "HEAD"}
    return found


def test_a_route_that_is_missing_would_be_noticed() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/back-door", include_in_schema=False)(lambda: None)
    assert hidden(app) == {"GET /back-door"}


# Commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=cells_of("commands"))
async def test_b23_everybody_tries_every_command(theatre: Theatre, kind: RoomKind) -> None:
    wrong = []
    for who in SIGNED_IN:
        me = theatre.people[who.name]
        cells = await theatre.cells(who, kind, len(ATTEMPTS))
        for attempt, cell in zip(ATTEMPTS, cells, strict=True):
            wanted = judged(attempt.rules, who, kind, attempt.ends)
            fields = attempt.fields(cell, theatre.stage)
            answer = await outcome(me, attempt.command, fields)
            if answer["code"] != wanted:
                wrong.append((who.name, attempt.command, fields, wanted, answer))
            if is_outside(who, kind) and "room" in fields:
                missing = await outcome(me, attempt.command, fields | {"room": MISSING})
                assert missing == answer, (who.name, attempt.command)
    assert wrong == []
    heard = {who: "".join(theatre.people[who.name].heard) for who in SIGNED_IN}
    for who in SIGNED_IN:
        assert (CANARY in heard[who]) == (kind != "public" and who.room is not None), who


async def outcome(me: Ear, command: str, fields: Json) -> Json:
    try:
        await me.does(command, **fields)
    except Refused as error:
        return {name: error.problem.get(name) for name in ("code", "words")}
    return {"code": "ok"}


async def test_whoever_is_not_signed_in_gets_no_socket(theatre: Theatre) -> None:
    async with connect(theatre.server.url.replace("http", "ws", 1) + "/ws") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


# Routes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=cells_of("routes"))
async def test_b21_everybody_tries_every_route_of_the_api(theatre: Theatre, kind: RoomKind) -> None:
    wrong, inside = [], ""
    async with httpx2.AsyncClient(base_url=theatre.server.url, timeout=60.0) as http:
        for who in WHO:
            cells = await theatre.cells(who, kind, len(ROUTES))
            for (name, route), cell in zip(ROUTES.items(), cells, strict=True):
                wanted = judged(route.rules, who, kind, route.ends)
                answer = await asked(http, theatre, who, name, cell)
                code = "ok" if answer.is_success else answer.json().get("code")
                status = 200 if answer.is_success else answer.status_code
                if (status, code) != (STATUS.get(wanted, 403), wanted):
                    wrong.append((who.name, name, wanted, answer.text[:200]))
                if is_outside(who, kind):
                    theatre.outside.append(answer.text)
                    if wanted in ("room_not_found", "file_not_found"):
                        nowhere = cell._replace(room=MISSING, file=MISSING)
                        missing = await asked(http, theatre, who, name, nowhere)
                        assert (missing.status_code, missing.text) == (answer.status_code, answer.text)
                else:
                    inside += answer.text
    assert wrong == []
    assert (CANARY in inside) == (kind != "public")
    assert CANARY not in "".join(theatre.outside)


async def asked(http: httpx2.AsyncClient, theatre: Theatre, who: Who, name: str, cell: Cell) -> httpx2.Response:
    method, path = name.split(" ")
    there = {"room": cell.room, "message": cell.mine, "emoji": "👍", "invite": cell.invite}
    there |= {"file": cell.file, "name": "a.txt", "session": "0" * 16, "passkey": "0"}
    person = theatre.stage.second if path.endswith("}/role") and "{room}" in path else theatre.stage.friend
    route, headers = ROUTES[name], theatre.headers(who)
    body, query = route.body(cell, theatre.stage), route.query(cell, theatre.stage)
    return await http.request(
        method,
        path.format(**there, person=person.id),
        params=query,
        json=body if method in ("POST", "PUT", "PATCH") else None,
        headers=headers,
    )


# The page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=cells_of("pages"))
async def test_everybody_tries_every_page(theatre: Theatre, kind: RoomKind) -> None:
    async with httpx2.AsyncClient(
        base_url=theatre.server.url, headers={"Origin": theatre.server.url}, timeout=60.0
    ) as browser:
        await try_every_page(theatre, browser, kind)


async def try_every_page(theatre: Theatre, browser: httpx2.AsyncClient, kind: RoomKind) -> None:
    wrong, inside = [], ""
    for who in WHO:
        cells = await theatre.cells(who, kind, len(PAGES))
        for (name, rule), cell in zip(PAGES.items(), cells, strict=True):
            method, path = name.split(" ")
            there = {"room": cell.room, "seq": cell.others, "code": CODE, "digest": "x", "name": "main.js"}
            there |= {"invite": CODE}
            answer = await opened(browser, theatre, who, method, path.format(**there))
            wanted = 404 if path.startswith("/static/") else page_status(rule, who, kind)
            if answer.status_code != wanted and not (rule == REFUSED and 400 <= answer.status_code < 500):
                wrong.append((who.name, name, wanted, answer.status_code))
            if is_outside(who, kind):
                theatre.outside.append(answer.text)
                if answer.status_code == 404:
                    missing = await opened(browser, theatre, who, method, path.format(**there | {"room": MISSING}))
                    assert (missing.status_code, missing.text) == (404, answer.text)
            else:
                inside += answer.text
    assert wrong == []
    assert (CANARY in inside) == (kind != "public")
    assert CANARY not in "".join(theatre.outside)


async def opened(browser: httpx2.AsyncClient, theatre: Theatre, who: Who, method: str, path: str) -> httpx2.Response:
    """Without the cookie of the time before."""
    browser.cookies.clear()
    form = {"text": "x"} if method == "POST" else None
    return await browser.request(method, path, data=form, headers=theatre.headers(who))
