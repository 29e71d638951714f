"""Reading for everybody in a few threads: reads that wait are done together, in one transaction.

A trip to a thread and back costs more than most reads, so those that come before a thread begins share one.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from hubbub.store.prepared import Driver
from hubbub.store.reader import SqlReader
from hubbub.store.writer import Failures

THREADS = 4
TOGETHER_MAX = 20
"""Reads done together: a short one waits for so many others at most."""
PATIENCE_S = 0.004
"""So long a patient read waits for others, when there was one just before it."""


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
        self._waiting: deque[Read] = deque()
        self._idle: list[threading.Lock] = []
        """A thread that has nothing to do waits for its lock here, the last busy one at the end. They wait for no
        common queue: Python's wakes two of them for each read."""
        self._called = False
        """Whether a thread was woken that has not come yet: it takes what comes meanwhile."""
        self._ends = False
        self._call_at = 0.0
        """When the next patient read may call a thread."""
        self._calls_later = False
        self._unfinished = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"hubbub-reader-{n}", daemon=True) for n in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    async def read(self, function: Callable[[SqlReader], Any], patient: bool = False) -> Any:
        """What the function returns; it sees everything that was committed before this call."""
        result: asyncio.Future[Any] = self._loop.create_future()
        self._unfinished += 1
        self._waiting.append(Read(function, result))
        if patient:
            self._call_in_time()
        else:
            self._call()
        return await result

    def waiting(self) -> int:
        return self._unfinished

    async def stop(self) -> None:
        """Finishes what is queued, then ends the threads."""
        self._ends = True
        with suppress(IndexError):
            while True:
                self._idle.pop().release()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop just before

    def _call_in_time(self) -> None:
        """Not more often than once in PATIENCE_S."""
        now = self._loop.time()
        if now >= self._call_at:
            self._call_at = now + PATIENCE_S
            self._call()
        elif not self._calls_later:
            self._calls_later = True
            self._loop.call_at(self._call_at, self._call_for_patient)

    def _call_for_patient(self) -> None:
        self._calls_later = False
        if self._waiting:
            self._call_in_time()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            driver = Driver(connection)
            reader = SqlReader(connection, driver)
            wake = threading.Lock()
            wake.acquire()
            while True:
                if reads := self._take():
                    outcomes = self._do(reader, driver, reads)
                    with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
                        self._loop.call_soon_threadsafe(self._finish, outcomes)
                elif self._ends:
                    return
                else:
                    self._rest(wake)

    # Whoever adds a read calls after it, and whoever goes to rest looks after that: so none is left lying.

    def _call(self) -> None:
        """Wakes a thread, unless one is on its way or all are busy: those take what waits before they rest."""
        if not self._called:
            with suppress(IndexError):
                wake = self._idle.pop()
                self._called = True
                wake.release()

    def _take(self) -> list[Read]:
        """Some of what waits. The rest is for another thread, if one has nothing to do."""
        self._called = False
        reads: list[Read] = []
        with suppress(IndexError):
            while len(reads) < TOGETHER_MAX:
                reads.append(self._waiting.popleft())
        if self._waiting:
            self._call()
        return reads

    def _rest(self, wake: threading.Lock) -> None:
        """Until this thread is called."""
        self._idle.append(wake)
        if self._waiting:
            self._call()
        if not self._ends:
            wake.acquire()

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
