"""Reads that share a trip to a thread, on a database of their own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from hubbub.errors import Unavailable
from hubbub.store.prepared import Driver
from hubbub.store.readers import THREADS, TOGETHER_MAX, Readers


def failure_of(error: object) -> Unavailable:
    return Unavailable("The disk failed.")


def query(words: str) -> Any:
    return lambda reader: reader._connection.execute(text(words)).scalar_one()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'some.db'}", connect_args={"check_same_thread": False})


@pytest.fixture
async def readers(engine: Engine) -> AsyncIterator[Readers]:
    opened = Readers(engine, failure_of)
    yield opened
    await opened.stop()


class Clock:
    """A loop of which a test says what time it is."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._now = 100.0
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, work: Callable[[], None]) -> None:
        self.later.append((when, work))

    def strikes(self) -> None:
        """It is time for the next."""
        self._now, work = self.later.pop(0)
        work()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Transactions."""
    begun: list[str] = []
    begin = Driver.begin
    monkeypatch.setattr(Driver, "begin", lambda driver, words: (begun.append(words), begin(driver, words)))
    return begun


async def test_each_gets_its_own_answer_or_its_own_error(readers: Readers) -> None:
    def fails(reader: Any) -> None:
        raise LookupError("its own affair")

    reads = [query(f"SELECT {n}") for n in range(50)] + [fails, query("SELECT x FROM nothing"), query("SELECT 'last'")]
    results = await asyncio.gather(*map(readers.read, reads), return_exceptions=True)
    assert results[:50] == list(range(50))
    assert isinstance(results[50], LookupError)
    assert isinstance(results[51], Unavailable)
    assert results[52] == "last"


async def test_what_waits_is_read_together_in_one_transaction(readers: Readers, begun: list[str]) -> None:
    busy, go_on = threading.Semaphore(0), threading.Event()

    def blocks(reader: Any) -> None:
        busy.release()
        go_on.wait()

    blocking = []
    for _ in range(THREADS):  # one by one: who comes together is read together
        blocking.append(asyncio.create_task(readers.read(blocks)))
        await asyncio.to_thread(busy.acquire)
    waiting = [asyncio.create_task(readers.read(query(f"SELECT {n}"))) for n in range(10 * TOGETHER_MAX)]
    await asyncio.sleep(0)  # they are in the queue
    go_on.set()
    assert await asyncio.gather(*waiting) == list(range(10 * TOGETHER_MAX))
    await asyncio.gather(*blocking)
    assert len(begun) == THREADS + 10


async def test_patient_reads_wait_for_one_another_and_share_a_transaction(
    readers: Readers, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(asyncio.get_running_loop())
    monkeypatch.setattr(readers, "_loop", clock)
    assert await readers.read(query("SELECT 'the first goes at once'"), patient=True)
    some = []
    for n in range(5):
        some.append(asyncio.create_task(readers.read(query(f"SELECT {n}"), patient=True)))
        await asyncio.sleep(0)
    assert len(begun) == len(clock.later) == 1
    clock.strikes()
    assert await asyncio.gather(*some) == list(range(5))
    assert len(begun) == 2


async def test_a_read_that_is_not_patient_takes_those_along_that_are(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.store.readers.PATIENCE_S", 3600.0)
    assert await readers.read(query("SELECT 1"), patient=True)
    patient = asyncio.create_task(readers.read(query("SELECT 'patient'"), patient=True))
    await asyncio.sleep(0)
    assert await readers.read(query("SELECT 'now'")) == "now"
    assert await patient == "patient"


async def test_a_read_that_takes_long_keeps_nobody_waiting_who_comes_after_it(readers: Readers) -> None:
    busy, go_on = threading.Event(), threading.Event()

    def blocks(reader: Any) -> None:
        busy.set()
        go_on.wait()

    blocking = asyncio.create_task(readers.read(blocks))
    await asyncio.to_thread(busy.wait)
    assert await readers.read(query("SELECT 1")) == 1
    assert not blocking.done()
    go_on.set()
    await blocking


async def test_a_thread_that_cannot_begin_goes_on_afterwards(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[Exception] = [
        *[OperationalError("BEGIN", None, Exception("disk I/O error"))] * THREADS,
        *[RuntimeError("a bug")] * THREADS,
    ]

    begin = Driver.begin

    def sometimes(driver: Driver, words: str) -> None:
        if broken:
            raise broken.pop()
        begin(driver, words)

    monkeypatch.setattr(Driver, "begin", sometimes)
    for kind in [RuntimeError] * THREADS + [Unavailable] * THREADS:
        with pytest.raises(kind):
            await readers.read(query("SELECT 1"))
    assert await asyncio.gather(*[readers.read(query("SELECT 1")) for _ in range(THREADS * 2)]) == [1] * THREADS * 2


async def test_one_who_has_given_up_harms_nobody(readers: Readers) -> None:
    go_on = threading.Event()
    impatient = asyncio.create_task(readers.read(lambda reader: go_on.wait()))
    await asyncio.sleep(0)
    impatient.cancel()
    go_on.set()
    assert await readers.read(query("SELECT 'there'")) == "there"


async def test_stopping_finishes_what_waits(engine: Engine) -> None:
    readers = Readers(engine, failure_of)
    reads = [asyncio.create_task(readers.read(query(f"SELECT {n}"))) for n in range(30)]
    await asyncio.sleep(0)
    await readers.stop()
    assert [read.result() for read in reads] == list(range(30))
