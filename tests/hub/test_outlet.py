"""The portable outlet: everything in order, and an end that happens once."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from hubbub.hub.outlet import Batch, PortableOutlet, batch_of
from hubbub.tasks import Tasks

PATIENCE_S = 10.0


@pytest.mark.parametrize("first", range(5))
def test_a_batch_without_its_first_frames_is_the_batch_of_the_others(first: int) -> None:
    frames = ["short", "ä" * 100, "x" * 126, "y" * 70_000]
    rest, expected = Batch(frames).without(first), Batch(frames[first:])
    assert (rest.frames, rest.wire()) == (expected.frames, expected.wire())
    assert expected.size <= rest.size <= len(expected.wire())


class Line:
    """The network, as far as an outlet sees it. It takes a frame when it is open."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.waiting = 0
        self.drained = 0
        self.aborted = 0
        self.error: Exception | None = None
        self._is_open = True
        self._permits = asyncio.Semaphore(0)
        self.tasks = Tasks()
        self.outlet = PortableOutlet(
            self._send, spawn=self.tasks.spawn, on_drained=self._on_drained, on_abort=self._on_abort
        )

    def close(self) -> None:
        self._is_open = False

    def open(self) -> None:
        self._is_open = True
        self._permits.release()

    def let_one_pass(self) -> None:
        self._permits.release()

    async def _send(self, frame: str) -> None:
        self.waiting += 1
        try:
            if not self._is_open:
                await self._permits.acquire()
        finally:
            self.waiting -= 1
        if self.error:
            raise self.error
        self.sent.append(frame)

    def _on_drained(self) -> None:
        self.drained += 1

    def _on_abort(self) -> None:
        self.aborted += 1


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    await line.tasks.stop()


def test_the_size_of_a_batch_is_that_of_its_frames() -> None:
    assert (batch_of("one", "three").frames, batch_of("one", "three").size) == (("one", "three"), 8)
    assert batch_of().size == 0


async def test_frames_are_sent_in_order_and_then_it_is_drained(line: Line) -> None:
    line.outlet.write(batch_of("a", "b"))
    line.outlet.write(batch_of("c"))
    assert line.sent == []
    await until(lambda: line.drained == 1)
    assert line.sent == ["a", "b", "c"]
    line.outlet.write(batch_of("d"))
    await until(lambda: line.drained == 2)
    assert line.sent == ["a", "b", "c", "d"]
    assert line.aborted == 0


async def test_what_is_written_while_something_is_sent_comes_after_it(line: Line) -> None:
    line.close()
    line.outlet.write(batch_of("a"))
    await until(lambda: line.waiting == 1)
    for text in ("b", "c", "d"):
        line.outlet.write(batch_of(text))
    line.open()
    await until(lambda: line.drained == 1)
    assert line.sent == ["a", "b", "c", "d"]
    assert line.drained == 1


async def test_everything_counts_as_buffered_until_it_is_sent(line: Line) -> None:
    line.close()
    assert line.outlet.buffered() == 0
    line.outlet.write(batch_of("four", "seven!!"))
    line.outlet.write(batch_of("x"))
    await until(lambda: line.waiting == 1)
    assert line.outlet.buffered() == 12
    line.open()
    await until(lambda: line.drained == 1)
    assert line.outlet.buffered() == 0


async def test_an_empty_batch_changes_nothing_but_tells_that_it_is_drained(line: Line) -> None:
    line.outlet.write(batch_of())
    await until(lambda: line.drained == 1)
    assert line.sent == []


async def test_on_drained_may_write_more(line: Line) -> None:
    rest = ["b", "c"]

    def more() -> None:
        line.drained += 1
        if rest:
            line.outlet.write(batch_of(rest.pop(0)))

    line.outlet = PortableOutlet(
        line._send, spawn=line.tasks.spawn, on_drained=more, on_abort=lambda: pytest.fail("aborted")
    )
    line.outlet.write(batch_of("a"))
    await until(lambda: line.drained == 3)
    assert line.sent == ["a", "b", "c"]


async def test_it_says_since_when_nothing_has_moved(line: Line) -> None:
    loop = asyncio.get_running_loop()
    assert line.outlet.stalled_since() is None
    line.close()
    before = loop.time()
    line.outlet.write(batch_of("a", "b"))
    since = line.outlet.stalled_since()
    assert since is not None
    assert before <= since <= loop.time()
    await until(lambda: line.waiting == 1)
    line.outlet.write(batch_of("c"))
    assert line.outlet.stalled_since() == since
    while loop.time() == since:  # so that a later time can be told from an earlier one
        await asyncio.sleep(0)
    line.let_one_pass()
    await until(lambda: len(line.sent) == 1)
    moved = line.outlet.stalled_since()
    assert moved is not None
    assert moved > since
    line.open()
    await until(lambda: line.drained == 1)
    assert line.outlet.stalled_since() is None


async def test_an_end_comes_once_and_takes_what_waits_with_it(line: Line) -> None:
    line.close()
    line.outlet.write(batch_of("a", "b"))
    await until(lambda: line.waiting == 1)
    line.outlet.abort()
    line.outlet.abort()
    assert line.aborted == 1
    assert line.outlet.buffered() == 0
    assert line.outlet.stalled_since() is None
    line.open()
    line.outlet.write(batch_of("c"))
    await until(lambda: line.waiting == 0)
    assert line.outlet.buffered() == 0
    assert (line.sent, line.drained, line.aborted) == ([], 0, 1)


async def test_an_end_may_come_before_anything_was_written(line: Line) -> None:
    line.outlet.abort()
    line.outlet.write(batch_of("a"))
    assert (line.aborted, line.outlet.buffered(), line.outlet.stalled_since()) == (1, 0, None)


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), RuntimeError("closed already"), OSError()])
async def test_a_frame_that_cannot_be_sent_is_the_end(line: Line, error: Exception) -> None:
    line.outlet.write(batch_of("a"))
    await until(lambda: len(line.sent) == 1)
    line.error = error
    line.outlet.write(batch_of("b", "c"))
    await until(lambda: line.aborted == 1)
    line.outlet.write(batch_of("d"))
    line.outlet.abort()
    assert (line.sent, line.aborted, line.outlet.buffered()) == (["a"], 1, 0)
    assert line.outlet.stalled_since() is None
    assert not line.waiting


async def test_nothing_runs_while_nothing_waits(line: Line) -> None:
    alone = len(asyncio.all_tasks())
    line.outlet.write(batch_of("a"))
    assert len(asyncio.all_tasks()) == alone + 1
    await until(lambda: line.drained == 1)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == alone
