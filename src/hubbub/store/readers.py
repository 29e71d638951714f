"""Reading for everybody in a few threads: reads that wait are done together, in one transaction.

A trip to a thread and back costs more than most reads, so under load many share one.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from hubbub.store.prepared import Driver
from hubbub.store.reader import SqlReader
from hubbub.store.writer import Failures

THREADS = 4
TOGETHER_MAX = 20
"""Reads done together: a short one waits for so many others at most."""


class Read(NamedTuple):
    function: Callable[[SqlReader], Any]
    result: "asyncio.Future[Any]"


Outcome = tuple[Read, Any, Exception | None]


class Readers:
    """Threads with a connection each. `engine` begins no transactions by itself. `failures` says what a database error
    means."""

    def __init__(self, engine: Engine, failures: Failures) -> None:
        self._engine = engine
        self._failures = failures
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Read | None] = SimpleQueue()
        self._unfinished = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"hubbub-reader-{n}", daemon=True) for n in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    async def read(self, function: Callable[[SqlReader], Any]) -> Any:
        """What the function returns; it sees everything that was committed before this call."""
        result: asyncio.Future[Any] = self._loop.create_future()
        self._unfinished += 1
        self._queue.put(Read(function, result))
        return await result

    def waiting(self) -> int:
        return self._unfinished

    async def stop(self) -> None:
        """Finishes what is queued, then ends the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop just before

    def _run(self) -> None:
        with self._engine.connect() as connection:
            driver = Driver(connection)
            reader = SqlReader(connection, driver)
            while (first := self._queue.get()) is not None:
                reads = self._with_others(first)
                outcomes = self._do(reader, driver, reads)
                with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
                    self._loop.call_soon_threadsafe(self._finish, outcomes)

    def _with_others(self, first: Read) -> list[Read]:
        """This thread's share of what waits."""
        reads = [first]
        share = min(TOGETHER_MAX, self._queue.qsize() // THREADS)
        with suppress(Empty):
            while len(reads) <= share:
                if (read := self._queue.get_nowait()) is None:
                    self._queue.put(None)  # an end, meant for any of the threads
                    break
                reads.append(read)
        return reads

    def _do(self, reader: SqlReader, driver: Driver, reads: list[Read]) -> list[Outcome]:
        """In one snapshot, which begins after all of them were asked for."""
        outcomes: list[Outcome] = []
        try:
            with driver.transaction():
                outcomes.extend(self._try(reader, read) for read in reads)
        except Exception as error:  # it could not even begin; a thread that ended here would leave others waiting
            failure = self._failures(error) if isinstance(error, DBAPIError) else error
            outcomes = [(read, None, failure) for read in reads]
        return outcomes

    def _try(self, reader: SqlReader, read: Read) -> Outcome:
        try:
            return read, read.function(reader), None
        except DBAPIError as error:
            return read, None, self._failures(error)
        except Exception as error:
            return read, None, error

    def _finish(self, outcomes: list[Outcome]) -> None:
        """In the loop's thread."""
        self._unfinished -= len(outcomes)
        for read, value, error in outcomes:
            if read.result.done():
                continue
            if error is None:
                read.result.set_result(value)
            else:
                read.result.set_exception(error)
