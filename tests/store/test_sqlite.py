"""What is particular to SQLite: files that cannot be opened, disks that fail, and how statements find their rows."""

import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, func, insert, select
from sqlalchemy.exc import OperationalError

from hubbub.core.models import LOBBY
from hubbub.errors import SetupError, Unavailable
from hubbub.protocol import Envelope, MemberJoined, MessageDeleted, MessageEdited, RoomCreated
from hubbub.store import Reader, Transaction, tables
from hubbub.store.sqlite import SqliteStore
from hubbub.testing.store_contract import ANN, AT, PLANS, Opened, draft, found_plans, post


def store_at(path: Path) -> SqliteStore:
    return SqliteStore(path, now=lambda: AT, new_epoch=lambda: "epoch")


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Opened]:
    opened = Opened(store_at(path))
    await opened.store.start()
    try:
        yield opened
    finally:
        await opened.store.stop()


@pytest.fixture
async def plans(tmp_path: Path) -> AsyncIterator[Opened]:
    """Ann and Bob in a room of their own, whose log ends at 3."""
    async with running(tmp_path / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        opened.news.clear()
        yield opened


async def refusal(path: Path) -> str:
    """The words with which a store refuses to start; always one line."""
    store = store_at(path)
    with pytest.raises(SetupError) as refused:
        await store.start()
    await store.stop()
    assert len(refused.value.words.splitlines()) == 1
    return refused.value.words


def pragma(words: str) -> Callable[[Transaction], Any]:
    """For `store.write`: a pragma on the connection that writes."""
    return lambda tx: tx._connection.exec_driver_sql(f"PRAGMA {words}").scalar()  # type: ignore[attr-defined]


# What cannot be opened ---------------------------------------------------------------------------------------


def overwrite(path: Path, start: int, end: int | None = None) -> None:
    content = bytearray(path.read_bytes())
    end = len(content) if end is None else end
    content[start:end] = b"\xa5" * (end - start)
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a text": lambda path: path.write_text("This is not a database.\n" * 500),
    "a short text": lambda path: path.write_text("no"),
    "a damaged header": lambda path: overwrite(path, 0, 100),
    "a damaged schema": lambda path: overwrite(path, 100, 4096),
    "damaged pages": lambda path: overwrite(path, 4096),
    "half a file": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "hubbub.db"
    async with running(path) as opened:
        await opened.store.write(found_plans)
    async with running(path):
        pass
    DAMAGES[damage](path)
    before = path.read_bytes()
    words = await refusal(path)
    assert str(path) in words
    assert "damaged or is not a database" in words
    assert path.read_bytes() == before


async def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    path.mkdir()
    assert str(path) in await refusal(path)


async def test_the_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE room (number INTEGER)")
        database.commit()
    assert str(path) in await refusal(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("room",)]


@pytest.mark.parametrize("folder", ["/dev/null/data", "/proc"])
async def test_a_folder_in_which_nobody_can_write_is_named(folder: str) -> None:
    words = await refusal(Path(folder, "hubbub.db"))
    assert words.startswith(f"Cannot write in {folder}: ")
    assert "--data" in words


async def test_a_newer_database_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with running(path):
        pass
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    words = await refusal(path)
    assert str(path) in words
    assert "newer version" in words
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


async def test_a_database_is_used_by_one_program_at_a_time(tmp_path: Path, plans: Opened) -> None:
    path = tmp_path / "hubbub.db"
    assert "Another hubbub uses" in await refusal(path)
    assert await plans.happens(post("undisturbed")) == [4]
    assert "Another hubbub uses" in await refusal(path)
    await plans.store.stop()
    async with running(path) as opened:
        assert await opened.happens(post("my turn")) == [5]


async def test_after_a_refusal_the_same_store_can_start(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    path.write_text("not a database")
    store = store_at(path)
    with pytest.raises(SetupError):
        await store.start()
    path.unlink()
    await store.start()
    assert await store.read(lambda r: r.heads([LOBBY])) == {LOBBY: 1}
    await store.stop()


@pytest.mark.parametrize("folder", ["what?", "50%41", "a#b", "a b", "ä", "&x=y"])
async def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "hubbub.db"
    path.parent.mkdir()
    async with running(path) as opened:
        await opened.store.write(found_plans)
    assert os.listdir(tmp_path) == [folder]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT head FROM room WHERE id = ?", [PLANS]).fetchall() == [(3,)]


# Disks that fail ---------------------------------------------------------------------------------------------


async def test_a_commit_is_on_the_disk_and_erased_text_is_overwritten(plans: Opened) -> None:
    """WAL with synchronous=FULL: with NORMAL a power cut takes acknowledged commits away."""
    kept = {name: await plans.store.write(pragma(name)) for name in ("journal_mode", "synchronous", "secure_delete")}
    assert kept == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert await plans.store.write(pragma("foreign_keys")) == 1


async def test_a_full_disk_refuses_writes_until_there_is_space_again(plans: Opened) -> None:
    def write(tx: Transaction) -> int:
        seq = tx.append(post("much " * 1500)).seq
        tx.announce(Envelope(room=PLANS, frame="along with it"))
        return seq

    pages = await plans.store.write(pragma("page_count"))
    await plans.store.write(pragma(f"max_page_count={pages + 20}"))
    written: list[int] = []

    async def write_on() -> None:
        for _ in range(100):
            written.append(await plans.store.write(write))

    with pytest.raises(Unavailable) as refused:
        await write_on()
    assert (refused.value.code, refused.value.retry) == ("storage_full", True)
    assert refused.value.retry_after_s
    assert written == list(range(4, 4 + len(written)))
    assert written
    outcomes = await plans.together(write, write)
    assert [getattr(outcome, "code", outcome) for outcome in outcomes] == ["storage_full"] * 2

    assert await plans.reads(lambda r: r.heads([PLANS])) == {PLANS: written[-1]}
    assert plans.announced() == written
    assert sum(isinstance(item, Envelope) for item in plans.news) == len(written)
    await plans.store.write(pragma("max_page_count=1000000"))
    assert await plans.store.write(write) == written[-1] + 1


async def test_after_a_failed_flush_nothing_is_written_until_the_program_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with running(path) as opened:
        await opened.store.write(found_plans)
        opened.news.clear()
        fails = [True]

        @event.listens_for(opened.store._write_engine, "commit")  # type: ignore[attr-defined]
        def _flush(connection: Any) -> None:
            if fails.pop():
                cause = sqlite3.OperationalError("disk I/O error")
                cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
                raise OperationalError("COMMIT", None, cause)

        for _ in range(2):
            with pytest.raises(Unavailable) as refused:
                await opened.happens(post("who knows"))
            assert refused.value.code == "storage_failed"
        assert fails == []
        assert opened.news == []
        assert await opened.reads(lambda r: r.heads([PLANS])) == {PLANS: 3}
    async with running(path) as again:
        assert await again.happens(post("now it is certain")) == [4]


async def test_a_database_that_somebody_else_locks_is_busy_and_then_works_again(tmp_path: Path, plans: Opened) -> None:
    await plans.store.write(pragma("busy_timeout=0"))
    with closing(sqlite3.connect(tmp_path / "hubbub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refused:
            await plans.happens(post("not now"))
        assert (refused.value.code, refused.value.retry) == ("unavailable", True)
        other.execute("ROLLBACK")
    assert await plans.happens(post("now")) == [4]


async def test_a_deleted_text_is_nowhere_in_the_files(tmp_path: Path) -> None:
    def files() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))

    canary = "canary-2718281828"
    async with running(tmp_path / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        [seq] = await opened.happens(post(f"*{canary}*", html=f"<p><em>{canary}</em></p>"))
        await opened.happens(post("another " * 900), draft(MessageEdited, message=seq, text=f"{canary} " * 500))
    assert canary.encode() in files()
    async with running(tmp_path / "hubbub.db") as opened:
        await opened.happens(draft(MessageDeleted, message=seq))
    assert canary.encode() not in files()
    assert b"another another" in files()


# How statements find their rows ------------------------------------------------------------------------------

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
    "session": lambda r, room, seq: r.session("a" * 64),
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
    return [about | {"seq": seq, "message": seq} for seq in range(4, count + 1)]


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
        del statements["BEGIN"]
        for statement, binds in statements.items():
            steps = plan(statement, binds)
            assert scans(steps) == [], statement
            bounded = "FROM reaction" in statement or "ORDER BY room.last_at" in statement
            assert bounded or not any("TEMP B-TREE" in step for step in steps), statement


async def test_reading_costs_the_same_in_a_small_room_and_anywhere_in_a_large_one(large: Opened) -> None:
    """The cost in instructions of SQLite's virtual machine, which is the same on every machine."""

    def cost(look: Callable[[Reader], object]) -> Callable[[Reader], int]:
        def measure(reader: Reader) -> int:
            instructions = [0]

            def count() -> None:
                instructions[0] += 1

            driver = reader._connection.connection.driver_connection  # type: ignore[attr-defined]
            driver.set_progress_handler(count, 1)
            try:
                look(reader)
            finally:
                driver.set_progress_handler(None, 0)
            return instructions[0]

        return measure

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


# Migrations --------------------------------------------------------------------------------------------------


async def test_the_migrations_make_exactly_the_tables_of_the_program(tmp_path: Path) -> None:
    async with running(tmp_path / "hubbub.db"):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'hubbub.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    tables.metadata.create_all(fresh)
    fresh.dispose()
    migrated = schema(tmp_path / "hubbub.db")
    del migrated["alembic_version"]
    assert migrated == schema(tmp_path / "fresh.db")


def schema(path: Path) -> dict[str, list[str]]:
    """The definition of each table and index, its lines in alphabetical order."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(line.strip(" ,\t") for line in sql.splitlines()) for name, sql in rows}
