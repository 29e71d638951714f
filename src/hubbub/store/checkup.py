"""Looks through a data folder for what is wrong with it, or soon will be. Changes nothing."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from hubbub.store.backup import BESIDE, gaps_in, read_only
from hubbub.store.folder import FILES, blob_path, holder_of, lock_file
from hubbub.store.migrate import revisions

LOW_SPACE_BYTES = 500_000_000
NO_SPACE_BYTES = 20_000_000
SHOWN_MAX = 10
"""Of one kind of damage."""
RESTORE = "Stop the server and restore the last backup: hubbub restore FILE --force."

BELOW_FLOORS = """
SELECT room.id, count(*) FROM room JOIN message ON message.room = room.id AND message.seq <= room.floor GROUP BY room.id
"""
MESSAGES = """
SELECT room.id, (SELECT count(*) FROM event WHERE room = room.id AND type = 'message.posted'),
    (SELECT count(*) FROM message WHERE room = room.id)
FROM room
"""
MEMBERS = """
SELECT room.id, (SELECT coalesce(sum(CASE type WHEN 'member.joined' THEN 1 WHEN 'member.left' THEN -1 ELSE 0 END), 0)
    FROM event WHERE room = room.id), (SELECT count(*) FROM membership WHERE room = room.id)
FROM room WHERE floor = 0
"""
LEFT_OVER_TEXTS = """
SELECT message.room, count(*) FROM message
WHERE message.deleted AND (message.text <> ''
    OR EXISTS (SELECT 1 FROM event WHERE event.room = message.room AND event.seq = message.seq
        AND json_extract(event.frame, '$.text') <> '')
    OR EXISTS (SELECT 1 FROM event INDEXED BY ix_event_message
        WHERE event.room = message.room AND event.message = message.seq AND event.message IS NOT NULL
        AND json_extract(event.frame, '$.text') <> '')
    OR EXISTS (SELECT 1 FROM event WHERE event.room = message.room AND event.seq = message.seq
        AND json_extract(event.frame, '$.files') IS NOT NULL))
GROUP BY message.room
"""
KNOWN_FILES = "SELECT sha256, unused_since IS NULL FROM file UNION ALL SELECT thumbnail, unused_since IS NULL FROM file"
TEXTS_THAT_DIFFER = """
SELECT message.room, count(*) FROM message
WHERE NOT message.deleted AND text IS NOT coalesce(
    (SELECT json_extract(event.frame, '$.text') FROM event INDEXED BY ix_event_message
        WHERE event.room = message.room AND event.message = message.seq AND event.message IS NOT NULL
        ORDER BY event.seq DESC LIMIT 1),
    (SELECT json_extract(event.frame, '$.text') FROM event
        WHERE event.room = message.room AND event.seq = message.seq))
GROUP BY message.room
"""


class Level(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    level: Level
    words: str
    advice: str = ""


def check_up(path: Path, *, quick: bool) -> Iterator[Finding]:
    """Findings about the database and its folder, as they are found. `quick` leaves out what reads the whole file."""
    folder = path.parent
    if not folder.is_dir():
        kind = "is not a folder" if folder.exists() else "does not exist"
        yield _problem(f"{folder} {kind}.", "Name the chat's folder by --data; `hubbub` makes a new one.")
        return
    yield from _folder(path)
    yield from _space(path)
    holder = holder_of(path)
    yield _fine(f"A server is running on it (process {holder})." if holder else "No server is running on it.")
    if not path.is_file():
        yield _problem(
            f"There is no {path.name} in {folder}.", "Name the chat's folder by --data, or restore a backup."
        )
    else:
        yield from _database(path, quick)


# The folder ------------------------------------------------------------------------------------------------------


def _folder(path: Path) -> Iterator[Finding]:
    folder = path.parent
    known = {path.name, lock_file(path).name, FILES, *(path.name + end for end in BESIDE)}
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in known) if _may_read(folder) else []
    if others:
        names = ", ".join(others[:SHOWN_MAX]) + (" …" if len(others) > SHOWN_MAX else "")
        yield _warning(f"Nothing of Hubbub's uses these files: {names}.", "Move them away if you do not need them.")
    owner = folder.stat().st_uid
    for name in sorted(known):
        file = folder / name
        if not file.exists():
            continue
        if file.stat().st_uid != owner:
            advice = f"Give it to the owner of the folder: chown --reference={folder} {file}"
            yield _problem(f"{file} belongs to another user than its folder.", advice)
    if not _may_read(folder) or not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.R_OK)):
        yield _problem(f"You may not read and write in {folder}.", "Run this as the user who runs the server.")
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IXGRP & ~stat.S_IXOTH:
        advice = f"If others use this machine: chmod 700 {folder}"
        yield _warning(f"Other users of this machine may look into {folder}.", advice)


def _may_read(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def _space(path: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(path.parent).free
    size = path.stat().st_size if path.exists() else 0
    words = f"{free / 1e6:,.0f} MB are free on the disk; the database has {size / 1e6:,.1f} MB."
    if free < NO_SPACE_BYTES:
        yield _problem(words, "Free some space now: without it nothing can be posted.")
    elif free < max(LOW_SPACE_BYTES, size):
        yield _warning(words, "Free some space: a backup needs as much as the database.")
    else:
        yield _fine(words)


# The database ----------------------------------------------------------------------------------------------------


def _database(path: Path, quick: bool) -> Iterator[Finding]:
    try:
        with closing(read_only(path)) as database:
            database.execute("BEGIN")  # one state, however much is written meanwhile
            yield from _version(database)
            yield from _pages(database, quick)
            yield from _log(database)
            if not quick and _version_of(database) == revisions()[0]:  # an older one has other tables
                yield from _projections(database)
                yield from _files(path, path.with_name(FILES))
    except sqlite3.Error as error:
        yield _problem(f"{path} cannot be read to its end: {error}.", _advice_for(error))


def _version(database: sqlite3.Connection) -> Iterator[Finding]:
    version, known = _version_of(database), revisions()
    if version not in known:
        advice = "Run the newest Hubbub that has ever been run on it, or a later one."
        yield _problem(f"The schema {version} is of a newer version of Hubbub.", advice)
    elif version != known[0]:
        yield _warning(f"The schema is {version}; the next start makes {known[0]} of it.", "Make a backup before.")
    else:
        yield _fine(f"The schema is {version}, the newest.")
    if not database.execute("SELECT 1 FROM meta WHERE key = 'epoch' AND value <> ''").fetchone():
        yield _problem("The log has no epoch.", "Start the server once: it makes one.")


def _version_of(database: sqlite3.Connection) -> str:
    [version] = database.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
    return str(version)


def _pages(database: sqlite3.Connection, quick: bool) -> Iterator[Finding]:
    check = "quick_check" if quick else "integrity_check"
    complaints = [str(row[0]) for row in database.execute(f"PRAGMA {check}({SHOWN_MAX})") if row[0] != "ok"]
    for words in complaints:
        yield _problem(f"The file is damaged: {' '.join(words.split())}.", RESTORE)
    orphans = database.execute("PRAGMA foreign_key_check").fetchmany(SHOWN_MAX)
    for table, _, parent, _ in orphans:
        yield _problem(f"A row of {table} names a row of {parent} that is not there.", RESTORE)
    if not complaints and not orphans:
        yield _fine("The file is whole." if not quick else "The file looks whole.")


def _log(database: sqlite3.Connection) -> Iterator[Finding]:
    damaged = gaps_in(database)[:SHOWN_MAX]
    for room, head, floor, count, last, first in damaged:
        should = f"it should begin at {floor + 1} and end at {head}"
        words = f"The log of the room {room} has {count} events, from {first} to {last}; {should}."
        yield _problem(words, RESTORE)
    if not damaged:
        [rooms] = database.execute("SELECT count(*) FROM room").fetchone()
        [events] = database.execute("SELECT count(*) FROM event").fetchone()
        yield _fine(f"{events:,} events in {rooms:,} rooms, without a gap.")


def _projections(database: sqlite3.Connection) -> Iterator[Finding]:
    wrong = [
        f"The room {room} has {there} {kind}, and by its log {logged}."
        for kind, query in (("messages", MESSAGES), ("members", MEMBERS))
        for room, logged, there in database.execute(query)
        if logged != there
    ]
    wrong += [
        f"In the room {room} {count} messages are not what their last event says."
        for room, count in database.execute(TEXTS_THAT_DIFFER)
    ]
    wrong += [
        f"In the room {room} the log still has the texts of {count} messages that were deleted."
        for room, count in database.execute(LEFT_OVER_TEXTS)
    ]
    wrong += [
        f"In the room {room} {count} messages are left of those that it does not keep."
        for room, count in database.execute(BELOW_FLOORS)
    ]
    for words in wrong[:SHOWN_MAX]:
        yield _problem(words, RESTORE)
    if not wrong:
        yield _fine("Messages and members are what the log says.")


def _files(path: Path, folder: Path) -> Iterator[Finding]:
    """The database knows of files before they are there and after they are gone: so it is asked in between."""
    there = {blob.name for blob in folder.glob("??/*")}
    with closing(read_only(path)) as database:
        rows = [row for row in database.execute(KNOWN_FILES) if row[0]]
    known, held = {sha256 for sha256, _ in rows}, {sha256 for sha256, is_held in rows if is_held}
    missing = sorted(sha256 for sha256 in held - there if not blob_path(folder, sha256).exists())
    left_over = sorted(sha256 for sha256 in there - known if blob_path(folder, sha256).exists())
    if missing:
        words = f"Uploaded files that messages hold are missing in {folder}: {len(missing)}, one of them {missing[0]}."
        yield _problem(words, "Copy what is missing from the folder of a backup, the one that ends in .files.")
    if left_over:
        words = f"Files in {folder} belong to nothing in the database: {len(left_over)}, one of them {left_over[0]}."
        yield _warning(words, "Remove them, unless you mean to put another database here.")
    if not missing and not left_over:
        yield _fine(f"{len(there):,} uploaded files and pictures, none missing, none left over.")


def _advice_for(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "Another program has locked it: end that, and ask again."
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY):
        return "Run this as the user who runs the server."
    return RESTORE


def _fine(words: str) -> Finding:
    return Finding(Level.FINE, words)


def _warning(words: str, advice: str) -> Finding:
    return Finding(Level.WARNING, words, advice)


def _problem(words: str, advice: str) -> Finding:
    return Finding(Level.PROBLEM, words, advice)
