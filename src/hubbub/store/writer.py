"""Group commit: one thread writes for everybody, many writes in one transaction.

The dialect's peculiarities come from outside: `Failures` translates what the database says.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from hubbub.counts import Histogram
from hubbub.errors import Unavailable
from hubbub.protocol import Envelope
from hubbub.store import Committed
from hubbub.store.transaction import SqlTransaction

BATCH_MAX = 100
QUEUE_MAX = 10_000

log = logging.getLogger(__name__)


class Failures(Protocol):
    """Turns a database error into what the callers are told."""

    def __call__(self, error: DBAPIError) -> Unavailable: ...


class Write(NamedTuple):
    function: Callable[[Any], Any]
    result: "asyncio.Future[Any]"


class Writer:
    """A thread with the only writing connection. A failed commit that may have lost what the disk was given
    (`storage_failed`) ends all writing until the program is started again: after a failed flush nobody knows what
    the disk holds."""

    def __init__(
        self,
        engine: Engine,
        failures: Failures,
        on_commit: Callable[[Sequence[Committed | Envelope]], None],
        batch_sizes: Histogram,
    ) -> None:
        self._engine = engine
        self._failures = failures
        self._on_commit = on_commit
        self._batch_sizes = batch_sizes
        self._queue: queue.Queue[Write | None] = queue.Queue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="hubbub-writer", daemon=True)
        self._refusal: Unavailable | None = None
        self._thread.start()

    async def write(self, function: Callable[[Any], Any]) -> Any:
        if self._refusal:
            raise self._refusal
        if self._queue.qsize() >= QUEUE_MAX:
            raise Unavailable("Too many writes are waiting. Try again.", code="overloaded", retry_after_s=1.0)
        result: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(Write(function, result))
        return await result

    def waiting(self) -> int:
        return self._queue.qsize()

    async def stop(self) -> None:
        """Finishes what is queued, then ends the thread."""
        self._refusal = Unavailable("The store is closed.", retry_after_s=1.0)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop just before

    def _run(self) -> None:
        with self._engine.connect() as connection:
            running = True
            while running:
                batch, running = self._next_batch()
                if batch:
                    self._commit(connection, batch)

    def _next_batch(self) -> tuple[list[Write], bool]:
        """Waits for a write, then takes those that wait behind it. False: there will be no more."""
        item = self._queue.get()
        batch: list[Write] = []
        while item is not None:
            batch.append(item)
            if len(batch) == BATCH_MAX:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _commit(self, connection: Connection, batch: list[Write]) -> None:
        news: list[Committed | Envelope] = []
        outcomes: list[tuple[Write, Any, Exception | None]] = []
        try:
            if self._refusal and self._refusal.code == "storage_failed":
                raise self._refusal
            with connection.begin():
                for write in batch:
                    outcomes.append(self._try(connection, write, news))
            self._batch_sizes.observe(len(batch))
        except Exception as error:
            failure = self._failure(error)
            news, outcomes = [], [(write, None, failure) for write in batch]
        with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._finish, news, outcomes)

    def _try(
        self, connection: Connection, write: Write, news: list[Committed | Envelope]
    ) -> tuple[Write, Any, Exception | None]:
        """Runs one function in a savepoint. What the database itself refuses fails the whole batch, because it may
        have ended the transaction; what the function raises is its own affair."""
        transaction = SqlTransaction(connection)
        connection.exec_driver_sql("SAVEPOINT one")
        try:
            value = write.function(transaction)
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise
            outcome: tuple[Write, Any, Exception | None] = (write, None, error)
        except Exception as error:
            outcome = (write, None, error)
        else:
            connection.exec_driver_sql("RELEASE one")
            news.extend(transaction.news)
            return (write, value, None)
        connection.exec_driver_sql("ROLLBACK TO one")
        connection.exec_driver_sql("RELEASE one")
        return outcome

    def _failure(self, error: Exception) -> Exception:
        if not isinstance(error, DBAPIError):
            return error
        failure = self._failures(error)
        log.error("the database cannot write: %s", failure.words)
        if failure.code == "storage_failed":
            self._refusal = failure
        return failure

    def _finish(self, news: list[Committed | Envelope], outcomes: list[tuple[Write, Any, Exception | None]]) -> None:
        """In the loop's thread: first the news, then the results."""
        if news:
            try:
                self._on_commit(news)
            except Exception:
                log.exception("announcing a commit failed; the sweep will heal it")
        for write, value, error in outcomes:
            if write.result.done():
                continue
            if error is None:
                write.result.set_result(value)
            else:
                write.result.set_exception(error)
