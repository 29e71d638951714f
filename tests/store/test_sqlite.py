"""What is particular to SQLite: files that cannot be opened, disks that fail, and how statements find their rows."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hubbub.core.models import LOBBY
from hubbub.errors import SetupError, Unavailable
from hubbub.protocol import Envelope, MessageDeleted, MessageEdited
from hubbub.store import Transaction
from hubbub.store.folder import lock
from hubbub.store.prepared import Driver
from hubbub.store.sqlite import SqliteStore, write_beside
from hubbub.testing.store_stage import PLANS, Opened, draft, found_plans, post
from tests.store.conftest import migrated, running, store_at


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


async def test_when_the_lobby_cannot_be_made_the_start_fails_and_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with running(path):
        pass
    with closing(sqlite3.connect(path)) as database:
        database.executescript("""
            DELETE FROM event; DELETE FROM search_mark; DELETE FROM room;
            CREATE TRIGGER full BEFORE INSERT ON room BEGIN SELECT RAISE(FAIL, 'no space'); END
        """)
    assert "no space" in await refusal(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER full")
    async with running(path) as opened:
        assert await opened.reads(lambda r: r.heads([LOBBY])) == {LOBBY: 1}


@pytest.mark.parametrize("folder", ["what?", "50%41", "a#b", "a b", "ä", "&x=y"])
async def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "hubbub.db"
    path.parent.mkdir()
    async with running(path) as opened:
        await opened.store.write(found_plans)
    assert os.listdir(tmp_path) == [folder]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT head FROM room WHERE id = ?", [PLANS]).fetchall() == [(3,)]


# Group commit ------------------------------------------------------------------------------------------------


class Handed:
    """In place of the writer's queue: counts what is put into it."""

    def __init__(self, queue: Any) -> None:
        self.get = queue.get
        self.sizes: list[int] = []
        self._put = queue.put

    def put(self, writes: Any) -> None:
        self.sizes.append(len(writes or ()))
        self._put(writes)


async def test_what_is_written_in_one_tick_wakes_the_writer_once(plans: Opened) -> None:
    writer = plans.store._writer  # type: ignore[attr-defined]
    handed = writer._queue = Handed(writer._queue)
    seqs = await asyncio.gather(*(plans.happens(post(f"m{n}")) for n in range(100)))
    assert [seq for [seq] in seqs] == list(range(4, 104))
    assert handed.sizes == [100]


async def test_savepoints_are_made_only_when_one_has_failed_half_way(plans: Opened) -> None:
    def refuse(tx: Transaction) -> None:
        assert tx.room(PLANS)
        raise RuntimeError("no")

    def fail(tx: Transaction) -> None:
        tx.append(post("never"))
        raise RuntimeError("half way")

    happened: list[str] = []
    event.listen(plans.store._write_engine, "savepoint", lambda *_: happened.append("savepoint"))  # type: ignore[attr-defined]
    outcomes = await plans.together(lambda tx: tx.append(post("a")).seq, refuse)
    assert [str(outcome) for outcome in outcomes] == ["4", "no"]
    assert happened == []
    outcomes = await plans.together(lambda tx: tx.append(post("b")).seq, fail, lambda tx: tx.append(post("c")).seq)
    assert [str(outcome) for outcome in outcomes] == ["5", "half way", "6"]
    assert len(happened) >= 3
    assert plans.announced() == [4, 5, 6]


async def test_what_nobody_foresaw_at_the_start_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("something odd")

    monkeypatch.setattr(SqliteStore, "_make_lobby", fail)
    assert await refusal(tmp_path / "hubbub.db") == f"Cannot open {tmp_path / 'hubbub.db'}: something odd"


async def test_what_is_said_well_at_the_start_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SetupError("The lobby has another owner.")

    monkeypatch.setattr(SqliteStore, "_make_lobby", fail)
    assert await refusal(tmp_path / "hubbub.db") == "The lobby has another owner."


def test_a_system_without_locks_goes_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert lock(tmp_path / "hubbub.db") is None


def test_beside_a_server_only_its_own_version_writes(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="There is no chat in"):
        write_beside(tmp_path / "hubbub.db", lambda tx: tx.touch())
    migrated(tmp_path / "hubbub.db", "0003")
    with pytest.raises(SetupError, match="is of another version of Hubbub"):
        write_beside(tmp_path / "hubbub.db", lambda tx: tx.touch())
    (tmp_path / "hubbub.db").write_bytes(b"no database, but long enough to look like one" * 50)
    with pytest.raises(SetupError, match="is damaged or is not a database"):
        write_beside(tmp_path / "hubbub.db", lambda tx: tx.touch())


# Writes that are not done ------------------------------------------------------------------------------------


async def test_when_too_many_writes_wait_the_next_is_refused(plans: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.store.writer.QUEUE_MAX", 0)
    with pytest.raises(Unavailable, match="Too many writes are waiting") as refused:
        await plans.store.write(lambda tx: tx.append(post("never")))
    assert refused.value.code == "overloaded"


async def test_what_waits_when_the_disk_fails_is_refused_too(plans: Opened) -> None:
    waiting = asyncio.ensure_future(plans.store.write(lambda tx: tx.append(post("never"))))
    await asyncio.sleep(0)  # it has been gathered, and not been handed over
    broken = Unavailable("The disk failed.", code="storage_failed")
    plans.store._writer._refusal = broken  # type: ignore[attr-defined]
    with pytest.raises(Unavailable) as refused:
        await waiting
    assert refused.value is broken
    assert await plans.reads(lambda r: r.heads([PLANS])) == {PLANS: 3}


async def test_an_announcement_that_fails_takes_no_answer_with_it(
    plans: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("nobody listens")

    plans.store.on_commit = fail
    assert await plans.store.write(lambda tx: tx.append(post("said")).seq) == 4
    assert "announcing a commit failed" in caplog.text


# Disks that fail ---------------------------------------------------------------------------------------------


async def test_a_commit_is_on_the_disk_and_erased_text_is_overwritten(plans: Opened) -> None:
    """WAL with synchronous=FULL: with NORMAL a power cut takes acknowledged commits away."""
    kept = {name: await plans.store.write(pragma(name)) for name in ("journal_mode", "synchronous", "secure_delete")}
    assert kept == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert await plans.store.write(pragma("foreign_keys")) == 1


async def test_a_full_disk_refuses_writes_until_there_is_space_again(
    plans: Opened, caplog: pytest.LogCaptureFixture
) -> None:
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
    assert [record.name for record in caplog.records] == ["hubbub.store.writer"]  # once, not for each refusal

    assert await plans.reads(lambda r: r.heads([PLANS])) == {PLANS: written[-1]}
    assert plans.announced() == written
    assert sum(isinstance(item, Envelope) for item in plans.news) == len(written)
    await plans.store.write(pragma("max_page_count=1000000"))
    assert await plans.store.write(write) == written[-1] + 1


async def test_after_a_failed_flush_nothing_is_written_until_the_program_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hubbub.db"
    async with running(path) as opened:
        await opened.store.write(found_plans)
        opened.news.clear()
        fails = [True]
        commit = Driver.commit

        def flush(driver: Driver) -> None:
            if fails and driver.cursor.connection.total_changes and fails.pop():
                driver.cursor.execute("ROLLBACK")  # as SQLite does by itself then
                cause = sqlite3.OperationalError("disk I/O error")
                cause.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
                raise OperationalError("COMMIT", None, cause)
            commit(driver)

        monkeypatch.setattr(Driver, "commit", flush)
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


async def test_a_stopped_store_leaves_the_database_and_no_other_copy_of_what_was_written(tmp_path: Path) -> None:
    for number in range(20):  # it depended on which of its threads ended last
        folder = tmp_path / str(number)
        folder.mkdir()
        async with running(folder / "hubbub.db") as opened:
            await opened.store.write(found_plans)
            await opened.happens(post("tea"))
            await asyncio.gather(*(opened.reads(lambda reader: reader.room(PLANS)) for _ in range(100)))
        assert sorted(os.listdir(folder)) == ["hubbub.db", "hubbub.db.lock"]


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
