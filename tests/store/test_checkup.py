"""What a check-up finds in a folder, and that it never ends in anything but findings."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from hubbub.protocol import MessageDeleted, MessageEdited
from hubbub.store import checkup
from hubbub.store.checkup import Finding, Level, check_up
from hubbub.store.folder import lock
from hubbub.store.migrate import revisions
from hubbub.testing.store_files import message_with, stored, uploaded
from hubbub.testing.store_stage import PLANS, Opened, a_conversation, draft, found_plans, post
from tests.store.conftest import migrated, running
from tests.store.test_backup import blob_in, break_a_rule, with_files
from tests.store.test_sqlite import DAMAGES


@pytest.fixture
async def chat(tmp_path: Path) -> Path:
    """A database in which much has happened, whose server has ended."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    async with running(folder / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        await opened.happens(*a_conversation())
        [seq] = await opened.happens(post("to be deleted"))
        await opened.happens(draft(MessageEdited, message=seq, text="changed"))
        await opened.happens(draft(MessageDeleted, message=seq))
    return folder / "hubbub.db"


def findings(path: Path, *, quick: bool = False) -> list[Finding]:
    found = list(check_up(path, quick=quick))
    assert all(len(f.words.splitlines()) == 1 for f in found)
    assert all(bool(f.advice) == (f.level is not Level.FINE) for f in found), "each finding says what to do"
    return found


def worst(path: Path, *, quick: bool = False) -> list[str]:
    return [f.words for f in findings(path, quick=quick) if f.level is not Level.FINE]


@pytest.mark.parametrize("quick", [False, True])
def test_nothing_is_wrong_with_a_chat_that_was_used_as_it_should(chat: Path, quick: bool) -> None:
    before = chat.read_bytes()
    assert worst(chat, quick=quick) == []
    assert chat.read_bytes() == before


async def test_it_looks_at_a_chat_whose_server_runs_and_writes(tmp_path: Path, plans: Opened) -> None:
    os.chmod(tmp_path, 0o700)
    path = tmp_path / "hubbub.db"
    looking = check_up(path, quick=False)
    found = [next(looking), next(looking)]
    assert found[1].words == f"A server is running on it (process {os.getpid()})."
    assert await plans.happens(post("meanwhile")) == [4]
    found += list(looking)
    assert {finding.level for finding in found} == {Level.FINE}


class Damage(NamedTuple):
    statements: str
    words: str


DAMAGED = {
    "an event is missing": Damage(f"DELETE FROM event WHERE room = '{PLANS}' AND seq = 2", f"log of the room {PLANS}"),
    "the last event is missing": Damage(
        f"DELETE FROM event WHERE room = '{PLANS}' AND seq = (SELECT head FROM room WHERE id = '{PLANS}')",
        f"log of the room {PLANS}",
    ),
    "the head is wrong": Damage("UPDATE room SET head = head + 5 WHERE id = 'lobby'", "end at 6"),
    "a whole log is missing": Damage("DELETE FROM event WHERE room = 'lobby'", "log of the room lobby has 0 events"),
    "a message is missing": Damage(
        "DELETE FROM reaction; DELETE FROM message WHERE seq = (SELECT min(seq) FROM message)", f"room {PLANS} has"
    ),
    "a member too many": Damage("DELETE FROM event WHERE type = 'member.joined'", "members, and by its log"),
    "a text was changed": Damage("UPDATE message SET text = 'forged' WHERE NOT deleted", "their last event says"),
    "a deleted text is left": Damage(
        "UPDATE event SET frame = json_set(frame, '$.text', 'left') WHERE message IN "
        "(SELECT seq FROM message WHERE deleted)",
        "still has the texts of 2 messages",
    ),
    "nobody said it": Damage("UPDATE message SET author = 'guest-999'", "names a row of person that is not there"),
    "no epoch": Damage("DELETE FROM meta", "no epoch"),
    "another version": Damage("UPDATE alembic_version SET version_num = '9999'", "newer version"),
    "no version": Damage("DELETE FROM alembic_version", "newer version"),
    "no tables": Damage("DROP TABLE alembic_version", "cannot be read to its end: no such table"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_does_not_agree_is_found(chat: Path, kind: str) -> None:
    with closing(sqlite3.connect(chat)) as database:
        database.executescript(DAMAGED[kind].statements)
        database.commit()
    assert any(DAMAGED[kind].words in words for words in worst(chat)), worst(chat)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("quick", [False, True])
def test_a_file_that_is_broken_is_a_finding_and_left_as_it_is(chat: Path, damage: str, quick: bool) -> None:
    DAMAGES[damage](chat)
    before = chat.read_bytes()
    found = [f for f in findings(chat, quick=quick) if f.level is Level.PROBLEM]
    assert "hubbub restore" in found[-1].advice
    assert chat.read_bytes() == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.write_text(""), "is not a folder"),
        (lambda folder: folder.mkdir(), "There is no hubbub.db in"),
        (lambda folder: (folder / "hubbub.db").mkdir(parents=True), "There is no hubbub.db in"),
        (lambda folder: (folder.mkdir(), (folder / "hubbub.db").touch()), "cannot be read to its end"),
    ],
    ids=["nothing", "a file", "an empty folder", "a folder as database", "an empty database"],
)
def test_where_there_is_no_chat_that_is_said(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "data")
    assert words in worst(tmp_path / "data" / "hubbub.db")[-1]


def test_files_that_nothing_uses_are_named(chat: Path) -> None:
    (chat.parent / "notes.txt").touch()
    (chat.parent / "hubbub.db-wal").touch()
    assert worst(chat) == ["Nothing of Hubbub's uses these files: notes.txt."]


def test_a_folder_into_which_others_may_look_is_named(chat: Path) -> None:
    chat.parent.chmod(0o755)
    [words] = worst(chat)
    assert words == f"Other users of this machine may look into {chat.parent}."


def test_a_file_of_another_user_is_named(chat: Path) -> None:
    """Of whoever may give files away; nobody else can have such a folder but by root's doing."""
    if os.getuid() != 0:
        pytest.skip("only root can give files away: run the tests as root")
    os.chown(chat, 12345, -1)
    [words] = worst(chat)
    assert words == f"{chat} belongs to another user than its folder."


def test_a_disk_that_is_almost_full_is_named(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "LOW_SPACE_BYTES", 10**18)
    assert "are free on the disk" in worst(chat)[0]
    assert findings(chat)[0].level is Level.WARNING
    monkeypatch.setattr(checkup, "NO_SPACE_BYTES", 10**18)
    assert findings(chat)[0].level is Level.PROBLEM


def test_it_does_not_take_the_lock_away_from_a_server_that_starts_after_it(chat: Path) -> None:
    findings(chat)
    held = lock(chat)
    assert held
    held.close()


def test_a_database_that_another_program_has_locked_is_a_finding(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.store.backup.PATIENCE_S", 0.05)
    with closing(sqlite3.connect(chat, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        [words] = worst(chat)
        assert "locked" in words
        assert "end that" in findings(chat)[-1].advice


async def test_files_that_are_missing_or_left_over_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    whole, missing = await with_files(folder, b"whole", b"missing")
    path = folder / "hubbub.db"
    assert worst(path) == []
    missing.unlink()
    left = blob_in(folder / "files", b"left over")
    assert worst(path) == [
        f"Uploaded files that messages hold are missing in {folder}/files: 1, one of them {missing.name}.",
        f"Files in {folder}/files belong to nothing in the database: 1, one of them {left.name}.",
    ]
    assert worst(path, quick=True) == []
    assert whole.exists()


async def test_the_names_of_files_that_are_left_in_the_log_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    await with_files(folder)
    path = folder / "hubbub.db"
    async with running(path) as opened:
        await opened.store.write(uploaded(stored(1)))
        [seq] = await opened.happens(message_with(stored(1), text=""))
        [frame] = await opened.reads(lambda r: r.newest_frames(PLANS, 1))
        await opened.happens(draft(MessageDeleted, message=seq))
    assert worst(path) == []
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE event SET frame = ? WHERE room = ? AND seq = ?", (frame.frame, PLANS, seq))
        database.commit()
    assert any("still has the texts of 1 messages" in words for words in worst(path))


def test_a_database_of_an_older_version_is_only_older(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)
    migrated(tmp_path / "hubbub.db", "0003")
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database, database:
        database.execute("INSERT INTO meta VALUES ('epoch', 'old')")
    [words] = worst(tmp_path / "hubbub.db")
    assert words == f"The schema is 0003; the next start makes {revisions()[0]} of it."


def test_a_file_in_which_something_does_not_agree_is_named(chat: Path) -> None:
    break_a_rule(chat)
    assert "The file is damaged: row 1 missing from index odds." in worst(chat)


def test_a_folder_in_which_one_may_not_read_is_named(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may always
    assert f"You may not read and write in {chat.parent}." in worst(chat)


def test_a_file_that_cannot_be_opened_is_for_its_owner_to_look_at(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> sqlite3.Connection:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    monkeypatch.setattr(checkup, "read_only", refused)
    found = findings(chat)[-1]
    assert (found.level, found.advice) == (Level.PROBLEM, "Run this as the user who runs the server.")
