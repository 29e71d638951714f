"""Copies of a chat: made while a server writes to it, and put in its place.

A copy is one file that has the database, complete on the disk before it has its name, and beside it, if people have
uploaded any, a folder with their files: see `hubbub.store.backup_files`. Every mistake is a SetupError of one line,
and leaves what was there before as it was.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from hubbub.errors import SetupError
from hubbub.store.backup_files import copy_what_is_named, copy_what_is_there, files_of, prune
from hubbub.store.folder import FILES, flush, lock, lock_file
from hubbub.store.migrate import revisions

GAPS = """
SELECT room.id, room.head, {floor}, count(event.seq), coalesce(max(event.seq), 0), coalesce(min(event.seq), 0)
FROM room LEFT JOIN event ON event.room = room.id GROUP BY room.id
HAVING count(event.seq) <> room.head - {floor} OR coalesce(max(event.seq), 0) <> room.head
    OR min(event.seq) IS NOT {floor} + 1
"""
PAGES_AT_ONCE = 1000
"""Copied between two calls of `progress`."""
PATIENCE_S = 10.0
"""For a database that another program has locked."""
BESIDE = ("-wal", "-shm", "-journal")
"""Files that belong to a database while it is used, or after a crash."""

Progress = Callable[[int, int], None]
"""Is given how many pages are done, and how many there are."""


def back_up(database: Path, target: Path, *, replace: bool, progress: Progress) -> int:
    """Copies the state of this moment; whoever writes goes on. Returns the size in bytes, without uploaded files."""
    if not database.is_file():
        raise SetupError(
            f"There is no chat in {database.parent}: it has no {database.name}. Name its folder by --data."
        )
    own = [database, lock_file(database), *(database.with_name(database.name + end) for end in BESIDE)]
    if target.resolve() in [file.resolve() for file in own]:
        raise SetupError(f"{target} belongs to the running chat. Choose another file for the backup.")
    if target.is_dir():
        raise SetupError(f"{target} is a folder. Name a file in it.")
    if target.exists() and not replace:
        raise SetupError(f"{target} is there already. Choose another name, or replace it with --force.")
    files = database.with_name(FILES)
    copy_what_is_there(files, files_of(target))
    with _new_file(target) as copy:
        _copy(database, copy, progress)
        _check(copy, f"the copy of {database}")
        copy_what_is_named(copy, files, files_of(target))
        prune(copy, files_of(target))
        return copy.stat().st_size


def restore(source: Path, database: Path, *, epoch: str, aside: str, replace: bool, progress: Progress) -> Path | None:
    """Puts a copy in the place of the database, as a new log: its `epoch` tells clients that what they remember is of
    another one. The old database is kept under the name that `aside` adds to it, and returned."""
    if not source.is_file():
        raise SetupError(f"There is no file {source}.")
    if database.exists() and source.samefile(database):
        raise SetupError(f"{source} is the database of this chat itself. Name a backup.")
    _check(source, str(source))
    held = lock(database)
    try:
        if database.exists() and not replace:
            raise SetupError(
                f"There is a chat in {database.parent} already. With --force the backup takes its place; "
                "what is there now is kept beside it."
            )
        files = database.with_name(FILES)
        with _new_file(database, keep=lambda: _set_aside(database, aside)) as copy:
            _copy(source, copy, progress)
            if database.exists():
                copy_what_is_there(files, files.with_name(files.name + aside))
            copy_what_is_named(copy, files_of(source), files)
            _begin_anew(copy, epoch)
            return database.with_name(database.name + aside) if database.exists() else None
    finally:
        if held:
            held.close()


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)
    connection.isolation_level = None
    return connection


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Within one read transaction: without it, each write meanwhile would make SQLite begin again."""
    try:
        with closing(read_only(source)) as old, closing(sqlite3.connect(target)) as new:
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
            old.backup(new, pages=PAGES_AT_ONCE, progress=lambda _, left, total: progress(total - left, total))
            new.execute("PRAGMA journal_mode=DELETE")  # in one file, which can also be read where nobody can write
    except sqlite3.Error as error:
        raise SetupError(f"Cannot copy {source} to {target.parent}: {error}.") from None


def gaps_in(database: sqlite3.Connection) -> list[tuple[str, int, int, int, int, int]]:
    """The rooms whose log is not whole: with head, floor, the number of events, the last and the first.
    Databases of versions that kept everything have no floors."""
    columns = {row[1] for row in database.execute("PRAGMA table_info(room)")}
    return database.execute(GAPS.format(floor="room.floor" if "floor" in columns else "0")).fetchall()


def _check(file: Path, name: str) -> None:
    """Whether it is a whole database of Hubbub's, of a version that this program knows."""
    try:
        with closing(read_only(file)) as database:
            [complaint, *_] = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
            [version] = database.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
            [epoch] = database.execute("SELECT count(*) FROM meta WHERE key = 'epoch'").fetchone()
            gaps = gaps_in(database)
    except sqlite3.Error as error:
        raise SetupError(f"{name} is not a backup of Hubbub's, or is damaged: {error}.") from None
    if complaint != "ok":
        raise SetupError(f"{name} is damaged: {complaint}.")
    if version not in revisions():
        raise SetupError(f"{name} was made by a newer version of Hubbub. Install that version or a later one.")
    if gaps or not epoch:
        raise SetupError(
            f"{name} is damaged: " + (f"events of the room {gaps[0][0]} are missing." if gaps else "no epoch.")
        )


def _begin_anew(copy: Path, epoch: str) -> None:
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", [epoch])


@contextmanager
def _new_file(target: Path, keep: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """A file to write to, which has the target's name when all of it is on the disk; nothing is left of it otherwise.
    `keep` is called just before. Only its owner may read it: there are people's words in it."""
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield part
        flush(part)
        keep()
        part.replace(target)
        flush(target.parent)
    except OSError as error:
        raise SetupError(f"Cannot write {target}: {error.strerror}.") from None
    finally:
        for end in ("", *BESIDE):
            with suppress(OSError):
                part.with_name(part.name + end).unlink()


def _set_aside(database: Path, aside: str) -> None:
    """What belongs to the old database is kept with it, and goes first: the new one must never stand beside its log."""
    files = [database.with_name(database.name + end) for end in ("", *BESIDE)]
    there = [file for file in files if file.exists()]
    for file in there:
        _second_name(file, file.with_name(file.name.replace(database.name, database.name + aside)))
    for file in there:
        if file != database:
            file.unlink(missing_ok=True)


def _second_name(file: Path, other: Path) -> None:
    """So there is a database at every moment; where the file system has no second names, it is renamed."""
    try:
        os.link(file, other)
    except OSError:
        file.replace(other)
