"""The store in one SQLite file: opening, pragmas, and what SQLite's errors mean."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import URL, Connection, Engine, FromClause, create_engine, event, insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hubbub.core.models import LOBBY, SERVER
from hubbub.counts import WRITES, Histogram
from hubbub.errors import HubbubError, SetupError, Unavailable
from hubbub.protocol import Envelope, RoomCreated
from hubbub.store import Committed, Reader, StoreLoad, Transaction
from hubbub.store.checkpoints import Checkpoints
from hubbub.store.folder import lock
from hubbub.store.indexer import Indexer
from hubbub.store.migrate import NewerDatabase, is_current, upgrade
from hubbub.store.packed import BLOCK_MAX
from hubbub.store.readers import Readers
from hubbub.store.tables import meta
from hubbub.store.transaction import SqlTransaction
from hubbub.store.writer import Writer
from hubbub.tasks import Tasks

T = TypeVar("T")
BUSY_TIMEOUT_MS = 5000
BEGIN_WRITE = "BEGIN IMMEDIATE"
"""Waits for the lock first: a transaction that began by reading could not have it after somebody else's commit."""
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an acknowledgement must survive a power cut: NORMAL loses some
    "wal_autocheckpoint=4000",  # pages, 16 MB: with the usual 1000 a third of all flushes is for moving pages over
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "secure_delete=ON",  # an erased text leaves no trace in free pages
)


class SqliteStore:
    """Implements `hubbub.store.Store`. `now` gives milliseconds, `new_epoch` a random id for a new log; messages are
    indexed for search in blocks of `block_size`."""

    def __init__(
        self, path: Path, *, now: Callable[[], int], new_epoch: Callable[[], str], block_size: int = BLOCK_MAX
    ) -> None:
        self.path = path
        self.on_commit: Callable[[Sequence[Committed | Envelope]], None] = lambda news: None
        self._now = now
        self._new_epoch = new_epoch
        self._tasks = Tasks()
        self._block_size = block_size
        self._lock: IO[str] | None = None
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._batch_sizes = Histogram(WRITES)

    async def start(self) -> None:
        self._lock = lock(self.path)
        try:
            await asyncio.to_thread(self._prepare)
        except Exception as error:
            self._unlock()
            raise _setup_error(self.path, error) from error
        self._read_engine = _engine(self.path)
        self._write_engine = _engine(self.path)
        self._readers = Readers(self._read_engine, failure_of)
        self._writer = Writer(self._write_engine, BEGIN_WRITE, failure_of, self._committed, self._batch_sizes)
        self._indexer = Indexer(self.read, self.write, self._block_size)
        self._checkpoints = Checkpoints(self._read_engine)
        self._tasks.spawn(self._indexer.run())
        self._tasks.spawn(self._checkpoints.run())

    async def stop(self) -> None:
        await self._tasks.stop()
        writer, readers = self._writer, self._readers
        self._writer = self._readers = None
        if readers:
            await readers.stop()
        if writer:  # the last: only a connection that is alone moves the -wal file into the database and removes it
            await writer.stop()
        self._unlock()

    def load(self) -> StoreLoad:
        writer, readers = self._writer, self._readers
        return StoreLoad(writer.waiting() if writer else 0, readers.waiting() if readers else 0, self._batch_sizes)

    async def read(self, function: Callable[[Reader], T], *, patient: bool = False) -> T:
        if self._readers is None:
            raise Unavailable("The store is closed.", retry_after_s=1.0)
        value: T = await self._readers.read(function, patient)
        return value

    async def write(self, function: Callable[[Transaction], T]) -> T:
        if self._writer is None:
            raise Unavailable("The store is closed.", retry_after_s=1.0)
        value: T = await self._writer.write(function)
        return value

    def _committed(self, news: Sequence[Committed | Envelope]) -> None:
        self._indexer.heard(news)
        self._checkpoints.heard(news)
        self.on_commit(news)

    def _prepare(self) -> None:
        engine = _engine(self.path, BEGIN_WRITE)
        try:
            with engine.connect() as connection:
                upgrade(connection)
                connection.commit()
                with connection.begin():
                    if connection.execute(meta.select().where(meta.c.key == "epoch")).first() is None:
                        connection.execute(insert(meta), {"key": "epoch", "value": self._new_epoch()})
                    self._make_lobby(SqlTransaction(connection))
        finally:
            engine.dispose()

    def _make_lobby(self, transaction: Transaction) -> None:
        if transaction.room(LOBBY) is None:
            transaction.append(RoomCreated(room=LOBBY, seq=0, at=self._now(), by=SERVER, name="Lobby"))

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def failure_of(error: DBAPIError) -> Unavailable:
    """What SQLite's result code (https://www.sqlite.org/rescode.html) means for somebody who wanted to write."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return Unavailable("The disk is full. Nothing was saved.", code="storage_full", retry_after_s=30.0)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("The database is busy. Try again.", retry_after_s=5.0)
    return Unavailable(
        f"The disk failed ({error.orig}). The server refuses to write until it is restarted.",
        code="storage_failed",
        retry_after_s=60.0,
    )


def write_beside(path: Path, function: Callable[[Transaction], T]) -> T:
    """Writes into a chat's database, beside a running server, which is told nothing of it.
    Raises SetupError when there is no database, or it is another version's."""
    if not path.exists():
        raise SetupError(f"There is no chat in {path.parent}. Name its folder with --data.")
    engine = _engine(path, BEGIN_WRITE)
    try:
        with engine.connect() as connection, connection.begin():
            if not is_current(connection):
                raise SetupError(f"{path} is of another version of Hubbub. Start the server once with this version.")
            return function(SqlTransaction(connection))
    except DBAPIError as error:
        raise _setup_error(path, error) from error
    finally:
        engine.dispose()


class _WithHints(SQLiteCompiler):
    """SQLAlchemy leaves the hints of `with_hint` out for SQLite."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def _engine(path: Path, begin: str = "") -> Engine:
    """SQLAlchemy begins transactions by `begin`; without, they are for `Driver.transaction`. Python's driver itself
    keeps out of it."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        hide_parameters=True,  # an error that is logged must not repeat what somebody wrote
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    engine.dialect.statement_compiler = _WithHints

    @event.listens_for(engine, "connect")
    def _prepare_connection(connection: Any, _record: Any) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    if begin:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _setup_error(path: Path, error: Exception) -> HubbubError:
    if isinstance(error, HubbubError):
        return error
    if isinstance(error, NewerDatabase):
        return SetupError(f"{path} was made by a newer version of Hubbub. Install that version or a later one.")
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return SetupError(f"{path} is damaged or is not a database ({error.orig}). Restore it from a backup.")
        return SetupError(f"Cannot open {path}: {error.orig}.")
    return SetupError(f"Cannot open {path}: {error}")
