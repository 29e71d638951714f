"""Copies of the database: backups made under load, and the same chat as the version before this one would have it."""

import asyncio
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine

from hubbub.store.migrate import revisions, upgrade
from hubbub.testing.evidence import Broken, Verdict, judge
from hubbub.testing.faulty_server import STARTING_POINTS
from hubbub.testing.process import run_server, tell
from hubbub.testing.torture.arena import DATABASE, READS_ALL, SETTINGS, Arena, Backup
from hubbub.testing.torture.auditor import Auditor

BACKUPS_MAX = 3
"""Kept and judged, the newest ones: each is as much work in the end as the whole run."""
UPGRADES = 3
STATEMENTS_MAX = 25
"""About so many are run from the start to the first connection."""


async def back_up(arena: Arena, chance: random.Random) -> None:
    """`hubbub backup`, while people write. What is in it, `judge_backup` says in the end."""
    asked_at = time.monotonic()
    file = arena.folder / f"backup-{secrets.token_hex(4)}.db"
    await _hubbub("backup", str(file), "--data", str(arena.data))
    arena.backups.append(Backup(file, asked_at))
    for old in arena.backups[:-BACKUPS_MAX]:
        old.file.unlink()
    del arena.backups[:-BACKUPS_MAX]


async def judge_backup(backup: Backup, histories: list[Path], auditor: Auditor) -> Verdict:
    """Restores it into a second server, where everybody who knows the first one is reset, and compares it with what
    people knew when it was asked for."""
    data = backup.file.with_suffix("")
    broken: list[Broken] = []
    try:
        await _hubbub("restore", str(backup.file), "--data", str(data))
        await _hubbub("doctor", "--data", str(data))
        async with run_server(data, **SETTINGS | READS_ALL) as server:
            auditor.url = server.url
            if not await auditor.is_reset_everywhere():
                broken.append(Broken("b", "G18", "who came to a restored backup was not reset", ""))
            logs, found = await auditor.reads_everything()
    except AssertionError as error:
        return Verdict([Broken("a", "G18", f"a backup is of no use: {error}", "")])
    verdict = judge(logs, histories, backup.asked_at)
    found += verdict.broken
    verdict.broken = broken + [each._replace(promise="G18", words=f"in a backup: {each.words}") for each in found]
    return verdict


async def interrupt_upgrades(arena: Arena, chance: random.Random) -> None:
    """The server finds a database of the version before, and is killed at a statement of the upgrade, some times."""
    if code := await arena.stop():
        raise AssertionError(f"SIGTERM ended the server with {code}, not with 0")
    await asyncio.to_thread(make_older, arena.data / DATABASE, revisions()[1])
    for _ in range(UPGRADES):
        await arena.dies_at_start(f"{chance.choice(STARTING_POINTS)}:{chance.randint(1, STATEMENTS_MAX)}")
    await arena.start()


def make_older(database: Path, revision: str) -> None:
    """The same chat in the schema of this revision, in the place of a database that nobody uses. What only newer
    schemas can say is lost."""
    old = database.with_name("older.db")
    engine = create_engine(URL.create("sqlite", database=str(old)))
    with engine.connect() as connection:
        upgrade(connection, to=revision)
    engine.dispose()
    with closing(sqlite3.connect(old)) as copy, copy:
        copy.execute("ATTACH ? AS new", [str(database)])
        for table in _tables(copy, "main") & _tables(copy, "new") - {"alembic_version"}:
            same = ", ".join(sorted(_columns(copy, "main", table) & _columns(copy, "new", table)))
            copy.execute(f"INSERT INTO main.{table} ({same}) SELECT {same} FROM new.{table}")
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    old.replace(database)
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the power may be cut next
    finally:
        os.close(folder)


def _tables(database: sqlite3.Connection, schema: str) -> set[str]:
    return {row[0] for row in database.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")}


def _columns(database: sqlite3.Connection, schema: str, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA {schema}.table_info({table})")}


async def _hubbub(*arguments: str) -> None:
    """A command of the program. Raises AssertionError with what it said when it does not end with 0."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "hubbub", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    finally:
        tell(process, signal.SIGKILL)
        await process.wait()
    if process.returncode:
        raise AssertionError(f"hubbub {arguments[0]} ended with {process.returncode}: {output.decode().strip()}")
