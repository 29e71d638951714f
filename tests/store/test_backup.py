"""Copies of a database: whole, of one moment, and never in the place of something else by mistake."""

import asyncio
import hashlib
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hubbub.errors import SetupError
from hubbub.protocol import MessagesErased
from hubbub.store import backup
from hubbub.store.backup import back_up, restore
from hubbub.store.backup_files import files_of, missing_files
from hubbub.store.folder import blob_path, lock
from hubbub.testing.store_files import message_with, stored, uploaded
from hubbub.testing.store_stage import PLANS, Opened, draft, found_plans, post
from tests.store.conftest import migrated, running
from tests.store.test_sqlite import DAMAGES

ASIDE = ".before"


def quietly(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


def copied(database: Path, target: Path, **options: bool) -> Path:
    back_up(database, target, **({"replace": False} | options), progress=quietly)
    return target


def put_back(source: Path, database: Path, *, replace: bool = False) -> Path | None:
    return restore(source, database, epoch="new", aside=ASIDE, replace=replace, progress=quietly)


def read(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
async def chat(data: Path) -> Path:
    """A database whose server has ended; there is one room beside the lobby."""
    async with running(data / "hubbub.db") as opened:
        await opened.store.write(found_plans)
    return data / "hubbub.db"


# Backing up ------------------------------------------------------------------------------------------------------


async def test_a_copy_made_while_others_write_is_the_state_of_one_moment(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time, with a commit between each two: what came after the beginning is not in it."""
    monkeypatch.setattr(backup, "PAGES_AT_ONCE", 1)
    loop = asyncio.get_running_loop()
    async with running(data / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        for number in range(20):
            await opened.happens(post(f"before {number} {'x' * 2000}"))
        written: list[int] = []

        def write_one(done: int, total: int) -> None:
            writing = asyncio.run_coroutine_threadsafe(opened.happens(post(f"after {done} of {total}")), loop)
            written.extend(writing.result(20))

        copy = tmp_path / "copy.db"
        await asyncio.to_thread(back_up, data / "hubbub.db", copy, replace=False, progress=write_one)
        assert len(written) > 10
        assert await opened.happens(post("and on")) == [written[-1] + 1]
    assert read(copy, f"SELECT count(*), max(seq) FROM event WHERE room = '{PLANS}'") == [(23, 23)]
    assert read(copy, "SELECT count(*) FROM message WHERE text LIKE 'after%'") == [(0,)]
    assert read(copy, "PRAGMA integrity_check") == [("ok",)]


def test_a_copy_is_one_file_for_its_owners_eyes(tmp_path: Path, chat: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    assert names(tmp_path) == {"data", "copy.db"}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert read(copy, "PRAGMA journal_mode") == [("delete",)]


async def test_what_a_crash_left_in_the_log_beside_the_database_is_in_the_copy(tmp_path: Path, data: Path) -> None:
    async with running(data / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for name in ("hubbub.db", "hubbub.db-wal"):
            (crashed / name).write_bytes((data / name).read_bytes())
    assert (crashed / "hubbub.db-wal").stat().st_size > 0
    copy = copied(crashed / "hubbub.db", tmp_path / "copy.db")
    assert read(copy, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(3,)]


def test_a_file_that_is_there_is_replaced_only_when_asked_for(tmp_path: Path, chat: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(SetupError, match="--force"):
        copied(chat, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"
    copied(chat, tmp_path / "copy.db", replace=True)
    assert read(tmp_path / "copy.db", "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["hubbub.db", "hubbub.db-wal", "hubbub.db-shm", "hubbub.db.lock", "../data/hubbub.db"])
def test_the_chats_own_files_are_never_replaced(chat: Path, name: str) -> None:
    before = chat.read_bytes()
    with pytest.raises(SetupError, match="belongs to the running chat"):
        copied(chat, chat.parent / name, replace=True)
    assert chat.read_bytes() == before


@pytest.mark.parametrize("target", ["nowhere/copy.db", "/proc/copy.db", "data", "/dev/null/copy.db"])
def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path, chat: Path, target: str) -> None:
    with pytest.raises(SetupError) as refused:
        copied(chat, tmp_path / target)
    assert str(tmp_path / target) in refused.value.words
    assert len(refused.value.words.splitlines()) == 1


def test_a_folder_without_a_chat_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="There is no chat in"):
        copied(tmp_path / "hubbub.db", tmp_path / "copy.db")


@pytest.mark.parametrize("damage", DAMAGES)
def test_of_a_damaged_database_there_is_no_backup(tmp_path: Path, chat: Path, damage: str) -> None:
    DAMAGES[damage](chat)
    with pytest.raises(SetupError) as refused:
        copied(chat, tmp_path / "copy.db")
    assert len(refused.value.words.splitlines()) == 1
    assert names(tmp_path) == {"data"}


# Restoring -------------------------------------------------------------------------------------------------------


async def test_a_backup_in_an_empty_folder_is_the_same_chat_with_a_new_epoch(tmp_path: Path, chat: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    restored = tmp_path / "other" / "hubbub.db"
    restored.parent.mkdir()
    assert put_back(copy, restored) is None
    assert names(restored.parent) == {"hubbub.db", "hubbub.db.lock"}
    async with running(restored) as opened:
        assert await opened.reads(lambda r: r.epoch()) == "new"
        assert await opened.happens(post("on and on")) == [4]
    assert read(copy, "SELECT value FROM meta WHERE key = 'epoch'") == [("epoch",)]


async def test_a_chat_that_has_not_kept_everything_is_copied_and_comes_back(tmp_path: Path, data: Path) -> None:
    async with running(data / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        seqs = [seq for [seq] in [await opened.happens(post(f"m{n}")) for n in range(4)]]
        await opened.happens(draft(MessagesErased, up_to=seqs[1]))
    source = copied(data / "hubbub.db", tmp_path / "copy.db")
    put_back(source, data / "hubbub.db", replace=True)
    async with running(data / "hubbub.db") as opened:
        assert await opened.reads(lambda r: r.heads([PLANS])) == {PLANS: seqs[-1] + 1}


def test_a_database_of_an_older_version_is_copied_and_comes_back(tmp_path: Path, data: Path) -> None:
    migrated(data / "hubbub.db", "0003")
    with closing(sqlite3.connect(data / "hubbub.db")) as database, database:
        database.execute("INSERT INTO meta VALUES ('epoch', 'old')")
    source = copied(data / "hubbub.db", tmp_path / "copy.db")
    put_back(source, data / "hubbub.db", replace=True)
    assert read(data / "hubbub.db", "SELECT version_num FROM alembic_version") == [("0003",)]
    assert read(data / "hubbub.db", "SELECT value FROM meta WHERE key = 'epoch'") == [("new",)]


def test_a_database_in_which_something_does_not_agree_is_no_backup(tmp_path: Path, chat: Path) -> None:
    break_a_rule(chat)
    with pytest.raises(SetupError, match="is damaged: row 1 missing from index odds"):
        copied(chat, tmp_path / "copy.db")
    assert names(tmp_path) == {"data"}


def break_a_rule(path: Path) -> None:
    """A database can be read to its end and not be whole."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript("""
            CREATE TABLE odd (x); CREATE INDEX odds ON odd (x) WHERE x > 0; INSERT INTO odd VALUES (-1);
            PRAGMA writable_schema = 1;
            UPDATE sqlite_master SET sql = 'CREATE INDEX odds ON odd (x)' WHERE name = 'odds';
        """)


async def test_where_a_file_has_one_name_only_the_old_data_are_kept_beside_too(
    tmp_path: Path, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    source = copied(chat, tmp_path / "copy.db")
    monkeypatch.setattr("os.link", no_links)
    aside = put_back(source, chat, replace=True)
    assert aside
    assert read(aside, "SELECT count(*) FROM room") == read(chat, "SELECT count(*) FROM room") == [(2,)]


async def test_what_was_there_is_kept_beside_when_its_place_is_taken_on_purpose(tmp_path: Path, chat: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    async with running(chat) as opened:
        await opened.happens(post("later"))
    with pytest.raises(SetupError, match="--force"):
        put_back(copy, chat)
    assert read(chat, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(4,)]
    kept = put_back(copy, chat, replace=True)
    assert kept == chat.with_name("hubbub.db.before")
    assert read(chat, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(3,)]
    assert read(kept, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(4,)]


async def test_the_log_that_a_crash_left_goes_with_the_old_database(tmp_path: Path, chat: Path, data: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    async with running(chat) as opened:
        await opened.happens(post("later"))
        left = {name: (data / name).read_bytes() for name in ("hubbub.db", "hubbub.db-wal")}
    for name, content in left.items():
        (data / name).write_bytes(content)
    kept = put_back(copy, chat, replace=True)
    assert kept
    assert read(chat, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(3,)]
    assert read(kept, f"SELECT head FROM room WHERE id = '{PLANS}'") == [(4,)]


async def test_a_damaged_database_can_be_replaced_and_is_kept_as_it_is(tmp_path: Path, chat: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    DAMAGES["a text"](chat)
    DAMAGES["a text"](chat.with_name("hubbub.db-wal"))
    kept = put_back(copy, chat, replace=True)
    assert kept
    for file in (kept, kept.with_name(kept.name + "-wal")):
        assert file.read_text().startswith("This is not a database.")
    async with running(chat) as opened:
        assert await opened.happens(post("on")) == [4]


BAD = {
    "a text": lambda file: file.write_text("not a database " * 500),
    "nothing": lambda file: file.write_bytes(b""),
    "half of it": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "another program's": lambda file: (file.unlink(), run(file, "CREATE TABLE room (number INTEGER)")),
    "a newer one": lambda file: run(file, "UPDATE alembic_version SET version_num = '9999'"),
    "one without an epoch": lambda file: run(file, "DELETE FROM meta"),
    "one with a gap": lambda file: run(file, f"DELETE FROM event WHERE room = '{PLANS}' AND seq = 2"),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "none": lambda file: file.unlink(),
}


def run(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_whole_backup_is_named_and_the_old_data_stay_as_they_are(
    tmp_path: Path, chat: Path, bad: str
) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    BAD[bad](copy)
    before = {name: (chat.parent / name).read_bytes() for name in names(chat.parent)}
    with pytest.raises(SetupError) as refused:
        put_back(copy, chat, replace=True)
    assert str(copy) in refused.value.words
    assert len(refused.value.words.splitlines()) == 1
    assert {name: (chat.parent / name).read_bytes() for name in names(chat.parent)} == before


async def test_nothing_is_restored_under_a_running_server(tmp_path: Path, data: Path, plans: Opened) -> None:
    copy = copied(tmp_path / "hubbub.db", tmp_path / "copy.db")
    with pytest.raises(SetupError, match=r"Another hubbub uses .* \(process \d+\)"):
        put_back(copy, tmp_path / "hubbub.db", replace=True)
    assert await plans.happens(post("undisturbed")) == [4]


def test_while_it_restores_no_server_starts(tmp_path: Path, chat: Path) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    refused: list[str] = []

    def try_to_start(done: int, total: int) -> None:
        with pytest.raises(SetupError) as error:
            lock(chat)
        refused.append(error.value.words)

    restore(copy, chat, epoch="new", aside=ASIDE, replace=True, progress=try_to_start)
    assert refused


def test_the_database_is_no_backup_of_itself(chat: Path) -> None:
    with pytest.raises(SetupError, match="is the database of this chat itself"):
        put_back(chat, chat, replace=True)


def test_a_disk_that_fails_while_restoring_leaves_the_old_data(
    tmp_path: Path, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(chat, tmp_path / "copy.db")
    before = chat.read_bytes()

    def fails(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(backup, "flush", fails)
    with pytest.raises(SetupError, match="Input/output error"):
        put_back(copy, chat, replace=True)
    assert chat.read_bytes() == before
    assert not [name for name in names(chat.parent) if ".part" in name or ASIDE in name]


# Uploaded files --------------------------------------------------------------------------------------------------


def blob_in(files: Path, content: bytes) -> Path:
    path = blob_path(files, hashlib.sha256(content).hexdigest())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def with_files(data: Path, *contents: bytes) -> list[Path]:
    """A chat in which each of these files is in a message."""
    async with running(data / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        for number, content in enumerate(contents):
            file = stored(number, content=hashlib.sha256(content).hexdigest())
            await opened.store.write(uploaded(file))
            await opened.happens(message_with(file))
    return [blob_in(data / "files", content) for content in contents]


def contents(files: Path) -> set[bytes]:
    return {blob.read_bytes() for blob in files.rglob("*") if blob.is_file()}


async def test_a_copy_has_the_files_that_messages_hold_and_no_others(tmp_path: Path, data: Path) -> None:
    await with_files(data, b"one", b"two")
    blob_in(data / "files", b"in no message")
    blob_in(tmp_path / "copy.db.files", b"of a message that is deleted now")
    copied(data / "hubbub.db", tmp_path / "copy.db")
    assert contents(tmp_path / "copy.db.files") == {b"one", b"two"}


async def test_a_file_that_is_missing_or_damaged_keeps_no_copy_from_being_made(tmp_path: Path, data: Path) -> None:
    missing, damaged, _ = await with_files(data, b"missing", b"damaged", b"whole")
    missing.unlink()
    damaged.write_bytes(b"something else")
    copy = copied(data / "hubbub.db", tmp_path / "copy.db")
    assert contents(files_of(copy)) == {b"whole"}
    assert missing_files(copy, files_of(copy)) == 2


async def test_restoring_brings_the_files_back_and_keeps_those_that_were_there(tmp_path: Path, data: Path) -> None:
    await with_files(data, b"one", b"two")
    copy = copied(data / "hubbub.db", tmp_path / "copy.db")
    other = tmp_path / "other"
    other.mkdir()
    await with_files(other, b"three")
    assert put_back(copy, other / "hubbub.db", replace=True) == other / "hubbub.db.before"
    assert contents(other / "files") == {b"one", b"two", b"three"}
    assert contents(other / "files.before") == {b"three"}
    assert missing_files(other / "hubbub.db", other / "files") == 0


async def test_files_that_cannot_be_copied_leave_no_copy(tmp_path: Path, data: Path) -> None:
    await with_files(data, b"one")
    (tmp_path / "copy.db.files").write_text("a file where the folder should be")
    with pytest.raises(SetupError, match=r"Cannot write .*copy\.db\.files"):
        copied(data / "hubbub.db", tmp_path / "copy.db")
    assert names(tmp_path) == {"data", "copy.db.files"}
