"""Group commit: one thread writes for everybody, many writes in one transaction.

The dialect's peculiarities come from outside: `Failures` translates what the database says.
"""

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from hubbub.counts import Histogram
from hubbub.errors import Unavailable
from hubbub.protocol import Envelope
from hubbub.store import Committed
from hubbub.store.prepared import Driver
from hubbub.store.transaction import SqlTransaction

BATCH_MAX = 250
"""The slower the disk, the more writes wait for it, and the more it is given at once. All that many take 25 ms."""
QUEUE_MAX = 10_000

log = logging.getLogger(__name__)


class Failures(Protocol):
    """Turns a database error into what the callers are told."""

    def __call__(self, error: DBAPIError) -> Unavailable: ...


class Write(NamedTuple):
    function: Callable[[Any], Any]
    result: "asyncio.Future[Any]"


class Done(NamedTuple):
    write: Write
    value: Any = None
    error: Exception | None = None


class Writer:
    """A thread with the only writing connection. `engine` begins no transactions by itself; `begin` is the statement
    for it. A failed commit that may have lost what the disk was given
    (`storage_failed`) ends all writing until the program is started again: after a failed flush nobody knows what
    the disk holds."""

    def __init__(
        self,
        engine: Engine,
        begin: str,
        failures: Failures,
        on_commit: Callable[[Sequence[Committed | Envelope]], None],
        batch_sizes: Histogram,
    ) -> None:
        self._engine = engine
        self._begin = begin
        self._failures = failures
        self._on_commit = on_commit
        self._batch_sizes = batch_sizes
        self._gathered: list[Write] = []
        """Handed in during this tick of the loop."""
        self._unfinished = 0
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="hubbub-writer", daemon=True)
        self._refusal: Unavailable | None = None
        self._trouble = ""
        """The code of the last failure, until a commit succeeds."""
        self._thread.start()

    async def write(self, function: Callable[[Any], Any]) -> Any:
        if self._refusal:
            raise self._refusal
        if self._unfinished >= QUEUE_MAX:
            raise Unavailable("Too many writes are waiting. Try again.", code="overloaded", retry_after_s=1.0)
        result: asyncio.Future[Any] = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(Write(function, result))
        self._unfinished += 1
        return await result

    def waiting(self) -> int:
        return self._unfinished

    async def stop(self) -> None:
        """Finishes what is queued, then ends the thread."""
        self._refusal = Unavailable("The store is closed.", retry_after_s=1.0)
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop just before

    def _hand_over(self) -> None:
        """Once for each tick: waking the thread costs as much as half a write, and it would wake to a single one."""
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._queue.put(gathered)

    # In the writer's thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._engine.connect() as connection:
            driver = Driver(connection)
            waiting: deque[Write] = deque()
            more = True
            while more or waiting:
                more = more and self._take(waiting)
                if batch := [waiting.popleft() for _ in range(min(len(waiting), BATCH_MAX))]:
                    self._commit(connection, driver, batch)

    def _take(self, waiting: deque[Write]) -> bool:
        """Takes what has been handed over, and waits for it when there is nothing else to do. False: there will be no
        more."""
        with suppress(queue.Empty):
            while (writes := self._queue.get(block=not waiting)) is not None:
                waiting.extend(writes)
            return False
        return True

    def _commit(self, connection: Connection, driver: Driver, batch: list[Write]) -> None:
        news: list[Committed | Envelope] = []
        try:
            if self._refusal and self._refusal.code == "storage_failed":
                raise self._refusal
            outcomes = self._all_at_once(connection, driver, batch, news)
            if outcomes is None:
                outcomes = self._one_by_one(connection, driver, batch, news)
            self._batch_sizes.observe(len(batch))
            self._trouble = ""
        except Exception as error:
            failure = self._failure(error)
            news, outcomes = [], [Done(write, error=failure) for write in batch]
        with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._finish, news, outcomes)

    def _all_at_once(
        self, connection: Connection, driver: Driver, batch: list[Write], news: list[Committed | Envelope]
    ) -> list[Done] | None:
        """Without a savepoint for each, which costs as much as a small write. None: one has failed half way, so
        nothing of this was kept."""
        outcomes = []
        try:
            with driver.transaction(self._begin):
                for write in batch:
                    transaction = SqlTransaction(connection, driver)
                    outcomes.append(self._try(write, transaction))
                    if outcomes[-1].error is None:
                        news.extend(transaction.news)
                    elif transaction.has_written:
                        raise _Undo
        except _Undo:
            news.clear()
            return None
        return outcomes

    def _one_by_one(
        self, connection: Connection, driver: Driver, batch: list[Write], news: list[Committed | Envelope]
    ) -> list[Done]:
        """Each in a savepoint, so that one that fails leaves no trace and takes no other with it."""
        outcomes = []
        with driver.transaction(self._begin):
            for write in batch:
                transaction = SqlTransaction(connection, driver)
                with suppress(_Undo), connection.begin_nested():
                    outcomes.append(self._try(write, transaction))
                    if outcomes[-1].error:
                        raise _Undo
                    news.extend(transaction.news)
        return outcomes

    def _try(self, write: Write, transaction: SqlTransaction) -> Done:
        """What the database itself refuses fails the whole batch, because it may have ended the transaction; what the
        function raises is its own affair."""
        try:
            return Done(write, write.function(transaction))
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise
            return Done(write, error=error)
        except Exception as error:
            return Done(write, error=error)

    def _failure(self, error: Exception) -> Exception:
        if not isinstance(error, DBAPIError):
            return error
        failure = self._failures(error)
        if failure.code != self._trouble:  # once, not for every batch of a full disk
            log.error("the database cannot write: %s", failure.words)
            self._trouble = failure.code
        if failure.code == "storage_failed":
            self._refusal = failure
        return failure

    # In the loop's thread ------------------------------------------------------------------------------------

    def _finish(self, news: list[Committed | Envelope], outcomes: list[Done]) -> None:
        """First the news, then the results."""
        self._unfinished -= len(outcomes)
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


class _Undo(Exception):
    """Ends a savepoint or a transaction without keeping what was done in it."""
