"""How SQLite finds what a reader asks for, by the tables and indexes that the migrations make."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Select, create_engine, event, func, insert, select
from sqlalchemy.dialects import sqlite

from hubbub.core.models import LOBBY
from hubbub.protocol import Event, MemberJoined, MessageDeleted, MessageEdited, MessagePosted, RoomCreated
from hubbub.store import Reader, Transaction, index, search, tables
from hubbub.testing.store_stage import ANN, AT, PLANS, Opened, draft
from tests.store.conftest import migrated, running

LARGE = 30_000
SMALL = 500
OTHERS = 300
"""So many other people and rooms there are."""

LOOKS: dict[str, Callable[..., object]] = {
    "newest": lambda r, room, seq: r.history(room),
    "before": lambda r, room, seq: r.history(room, before=seq),
    "after": lambda r, room, seq: r.history(room, after=seq),
    "around": lambda r, room, seq: r.history(room, around=seq),
    "message": lambda r, room, seq: r.message(room, seq),
    "posted with a key": lambda r, room, seq: r.posted_with(room, person(seq), f"k{seq}"),
    "pins": lambda r, room, seq: r.pins(room),
    "unread": lambda r, room, seq: r.unread(room, ANN.id, seq),
    "frames after": lambda r, room, seq: r.frames_after(room, seq, 100),
    "newest frames": lambda r, room, seq: r.newest_frames(room, 100),
    "summary": lambda r, room, seq: r.summary(room, ANN.id),
    "members": lambda r, room, seq: r.members(room, after=person(7), limit=50),
    "membership": lambda r, room, seq: r.membership(room, person(7)),
    "heads": lambda r, room, seq: r.heads([room, LOBBY]),
    "room": lambda r, room, seq: r.room(room),
    "room by name": lambda r, room, seq: r.room_named("Room 7"),
    "rooms of a person": lambda r, room, seq: r.rooms_of(ANN.id),
    "directory": lambda r, room, seq: r.directory(ANN.id, after="room-1", limit=50),
    "person": lambda r, room, seq: r.person(ANN.id),
    "owners": lambda r, room, seq: r.owner_count(room),
    "heir": lambda r, room, seq: r.heir(room, ANN.id),
    "private rooms by name": lambda r, room, seq: r.private_rooms_named(ANN.id, "Room 7"),
    "conversation": lambda r, room, seq: r.conversation("a" * 64),
    "others": lambda r, room, seq: r.others_in(["room-7"], ANN.id),
    "invite": lambda r, room, seq: r.invite("a" * 64, AT),
    "invites": lambda r, room, seq: r.invites(room, AT),
    "session": lambda r, room, seq: r.session("a" * 64),
    "signed in": lambda r, room, seq: r.signed_in(ANN.id, "a" * 16),
    "sessions": lambda r, room, seq: r.sessions_of(ANN.id),
    "account": lambda r, room, seq: r.account(ANN.id),
    "account by login": lambda r, room, seq: r.account_called("ann"),
    "account by address": lambda r, room, seq: r.account_called("ann@chat.example"),
    "profile": lambda r, room, seq: r.profile(ANN.id),
    "people": lambda r, room, seq: r.people(after=None, limit=50),
    "people with a role": lambda r, room, seq: r.people_with_role("owner"),
    "a name": lambda r, room, seq: r.is_a_members_name("Ann", ""),
    "link": lambda r, room, seq: r.link("owner", "a" * 64, 0),
    "file": lambda r, room, seq: r.file("f" * 32),
    "rooms with a file": lambda r, room, seq: r.rooms_with("f" * 32),
    "uploaded since": lambda r, room, seq: r.uploaded_since(ANN.id, AT),
    "epoch": lambda r, room, seq: r.epoch(),
}


def person(number: int) -> str:
    return f"guest-{1000 + number % OTHERS}"


def messages(room: str, count: int) -> list[dict[str, object]]:
    """Rows from seq 4 on; every fifth is a reply, twenty in all are pinned."""
    plain = {"room": room, "at": AT, "text": "text", "html": None, "edited_at": None, "deleted": False}
    return [
        plain
        | {"seq": seq, "author": person(seq), "key": f"k{seq}", "pinned": seq % (count // 20) == 0}
        | {"reply_to": seq - 1 if seq % 5 == 0 and seq > 4 else None}
        for seq in range(4, count + 1)
    ]


def events(room: str, count: int) -> list[dict[str, object]]:
    about = {"room": room, "type": "message.posted", "at": AT, "by": ANN.id, "frame": "{}"}
    return [about | {"seq": seq, "message": None} for seq in range(4, count + 1)]


def fill(tx: Transaction) -> None:
    """Puts many messages into PLANS and some into "small", and makes many other people and rooms."""
    run = tx._connection.execute  # type: ignore[attr-defined]
    tx.append(draft(RoomCreated, room="small", name="Small"))
    tx.append(draft(MemberJoined, room="small", person=ANN))
    for n in range(OTHERS):
        tx.add_person("guest", person(n), f"Guest {n}", AT)
        tx.append(draft(RoomCreated, room=f"room-{n}", name=f"Room {n}"))
    for room, count in ((PLANS, LARGE), ("small", SMALL)):
        run(insert(tables.message), messages(room, count))
        run(insert(tables.event), events(room, count))
        run(tables.room.update().where(tables.room.c.id == room).values(head=count))
        members = [{"room": room, "person": person(n), "joined_at": AT, "read": 0} for n in range(OTHERS)]
        run(insert(tables.membership), members)
    run(
        insert(tables.membership),
        [{"room": f"room-{n}", "person": ANN.id, "joined_at": AT, "read": 0} for n in range(OTHERS)],
    )


@pytest.fixture
async def large(plans: Opened) -> Opened:
    await plans.store.write(fill)
    return plans


async def test_every_statement_finds_its_rows_by_an_index(tmp_path: Path, large: Opened) -> None:
    statements: dict[str, Any] = {}

    @event.listens_for(large.store._read_engine, "before_cursor_execute")  # type: ignore[attr-defined]
    def _keep(connection: Any, cursor: Any, statement: str, binds: Any, context: Any, many: bool) -> None:
        statements[statement] = binds

    for look in LOOKS.values():
        await large.reads(partial(look, room=PLANS, seq=LARGE // 2))
    assert any("FROM reaction" in statement for statement in statements)
    assert any("ORDER BY message.seq DESC" in statement for statement in statements)

    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:

        def plan(statement: str, binds: Any = ()) -> list[str]:
            return [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", binds)]

        def scans(steps: list[str]) -> list[str]:
            return [step for step in steps if re.match(rf"SCAN ({'|'.join(tables.metadata.tables)})\b", step)]

        assert scans(plan("SELECT * FROM message WHERE text = 'text'"))
        for statement, binds in statements.items():
            steps = plan(statement, binds)
            assert scans(steps) == [], statement
            bounded = "FROM reaction" in statement or "ORDER BY room.last_at" in statement
            assert bounded or not any("TEMP B-TREE" in step for step in steps), statement


def cost(work: Callable[[Any], object]) -> Callable[[Any], int]:
    """Tells how many instructions of SQLite's virtual machine the work takes: the same on every machine."""

    def measure(reader: Any) -> int:
        instructions = [0]

        def count() -> None:
            instructions[0] += 1

        driver = reader._connection.connection.driver_connection
        driver.set_progress_handler(count, 1)
        try:
            work(reader)
        finally:
            driver.set_progress_handler(None, 0)
        return instructions[0]

    return measure


async def test_search_finds_its_rows_by_an_index(tmp_path: Path, large: Opened) -> None:
    statements = {name: value for name, value in vars(index).items() if name.isupper() and isinstance(value, Select)}
    assert {"BLOCKS", "WITH_TERM", "WITH_BEGINNING", "NOT_INDEXED"} <= statements.keys()
    statements |= {"NAMED": search.NAMED, "ROOMS_OF": search.ROOMS_OF}
    for name in ("NEXT_NEW", "NEXT_OLD", "STRETCH"):
        statements[name] = getattr(index, name).statement
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        for name, statement in statements.items():
            words = re.sub(r"__\[POSTCOMPILE_\w+\]", "?, ?", str(statement.compile(dialect=sqlite.dialect())))
            steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {words}", [1] * words.count("?"))]
            scanned = [step for step in steps if step.startswith("SCAN") and "COVERING INDEX" not in step]
            assert set(scanned) <= {"SCAN search_mark"}, name  # a row for each room
            assert not any("TEMP B-TREE" in step for step in steps), name


async def test_reading_costs_the_same_in_a_small_room_and_anywhere_in_a_large_one(large: Opened) -> None:
    def count_all(reader: Reader, room: str) -> None:
        statement = select(func.count()).where(tables.message.c.room == room, tables.message.c.text != "")
        reader._connection.execute(statement)  # type: ignore[attr-defined]

    count_small = await large.reads(cost(partial(count_all, room="small")))
    assert await large.reads(cost(partial(count_all, room=PLANS))) > 10 * count_small
    for name, look in LOOKS.items():
        small = await large.reads(cost(partial(look, room="small", seq=SMALL // 2)))
        for seq in (LARGE // 100, LARGE // 2, LARGE - 200):
            costs = await large.reads(cost(partial(look, room=PLANS, seq=seq)))
            assert 0 < costs <= 1.2 * small, (name, seq)


def appending(event: Event) -> Callable[[Transaction], Event]:
    return lambda tx: tx.append(event)


async def test_writing_costs_the_same_in_a_small_room_and_in_a_large_one(large: Opened) -> None:
    async def costs(room: str) -> list[int]:
        written = draft(MessagePosted, room=room, text="one")
        seq = (await large.store.write(lambda tx: tx.append(written))).seq
        edited = draft(MessageEdited, room=room, message=seq, text="two")
        deleted = draft(MessageDeleted, room=room, message=seq)
        return [
            await large.store.write(cost(lambda tx, event=event: tx.append(event)))
            for event in (written, edited, deleted)
        ]

    for small, in_large in zip(await costs("small"), await costs(PLANS), strict=True):
        assert 0 < in_large <= 1.2 * small


# Migrations --------------------------------------------------------------------------------------------------


async def test_the_migrations_make_exactly_the_tables_of_the_program(tmp_path: Path) -> None:
    """What makes a new database of the tables alone right."""
    migrated(tmp_path / "hubbub.db", "0001")
    migrated(tmp_path / "hubbub.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'hubbub.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()
    async with running(tmp_path / "new.db"):
        pass
    by_migrations, by_tables = schema(tmp_path / "hubbub.db"), schema(tmp_path / "new.db")
    for made in (by_migrations, by_tables):
        del made["alembic_version"]  # Alembic's own
    assert by_migrations == by_tables


def schema(path: Path) -> dict[str, list[str]]:
    """The definition of each table and index, its parts in alphabetical order: later columns stand at the end."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: _parts(" ".join(sql.split())) for name, sql in rows}


def _parts(sql: str) -> list[str]:
    begin, end = sql.index("("), sql.rindex(")")
    columns = re.split(r",(?![^(]*\))", sql[begin + 1 : end])  # not at commas within brackets
    return [sql[:begin], *sorted(column.strip() for column in columns), sql[end:]]
