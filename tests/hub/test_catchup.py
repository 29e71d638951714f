"""Catching up from the store: at the pace of the reader, each event once, and an end when there is nobody to serve."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest

from hubbub.core.models import RoomSummary
from hubbub.errors import Unavailable
from hubbub.hub.catchup import PAGE, CatchUp
from hubbub.hub.hub import Connection, Hub
from hubbub.hub.outlet import Batch
from hubbub.store import StoredFrame
from hubbub.tasks import Tasks
from tests.hub.rig import ANN, BOB, reset, summary

T = TypeVar("T")
PATIENCE_S = 10.0
LIMIT = 1000
LOW_WATER = 250
REPLAY_LIMIT = 10_000


class Outlet:
    """Keeps what it is given. A slow one counts it as buffered until `drain`."""

    send_now = None

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.slow = False
        self.waiting = 0
        self.aborted = False

    def write(self, batch: Batch) -> None:
        self.frames.extend(batch.frames)
        self.waiting += batch.size if self.slow else 0

    def buffered(self) -> int:
        return self.waiting

    def stalled_since(self) -> float | None:
        return None

    def abort(self) -> None:
        self.aborted = True


class Log:
    """As much of a store as catching up uses. Reading waits while it is `held`."""

    def __init__(self, events: int) -> None:
        self.frames = [StoredFrame(seq, f"e{seq}") for seq in range(1, events + 1)]
        self.reads: list[int] = []
        self.error: Exception | None = None
        self.free = asyncio.Event()
        self.free.set()

    async def read(self, function: Callable[[Any], T]) -> T:
        value = function(self)
        await self.free.wait()
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return value

    def frames_after(self, room: str, seq: int, limit: int) -> list[StoredFrame]:
        self.reads.append(seq)
        return self.frames[seq : seq + limit]

    def summary(self, room: str, person: str) -> RoomSummary:
        assert (room, person) == ("lobby", ANN.id)
        return summary(len(self.frames))


class Rig:
    def __init__(self, events: int) -> None:
        self.log = Log(events)
        self.tasks = Tasks()
        self.catch_up = CatchUp(
            self.log,  # type: ignore[arg-type]
            spawn=self.tasks.spawn,
            low_water=LOW_WATER,
            cut=lambda connection, reason: connection.outlet.abort(),
        )
        self.hub = self.catch_up.hub = Hub(
            new_pace=lambda: asyncio.get_running_loop().call_soon,
            on_behind=self.catch_up.start,
            plain_of=lambda frame: f"plain {frame}",
            buffer_limit=LIMIT,
            ring_size=4,
            replay_limit=REPLAY_LIMIT,
        )
        self.hub.open("lobby", events, self.log.frames[-4:])

    def join(self, cursor: int, *, slow: bool = False, plain: bool = False) -> tuple[Connection, Outlet]:
        outlet = Outlet()
        outlet.slow = slow
        connection = Connection(ANN if not plain else BOB, outlet, plain=plain)
        self.hub.connect(connection)
        self.hub.enter(connection, "lobby", cursor)
        return connection, outlet

    def happen(self) -> None:
        seq = len(self.log.frames) + 1
        self.log.frames.append(StoredFrame(seq, f"e{seq}"))
        self.hub.deliver("lobby", seq, f"e{seq}", f"plain e{seq}")

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0)

    async def rest(self) -> None:
        """Until no task is catching up any more."""
        await self.until(lambda: not self.tasks._running)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig(events=3 * PAGE)
    yield rig
    await rig.tasks.stop()


def events(first: int, last: int) -> list[str]:
    return [f"e{seq}" for seq in range(first, last + 1)]


async def test_one_who_is_behind_is_given_everything_in_pages_and_goes_live(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=50)
    await rig.until(lambda: "lobby" in connection.live)
    rig.happen()
    await rig.until(lambda: len(outlet.frames) == 3 * PAGE - 49)
    assert outlet.frames == events(51, 3 * PAGE + 1)
    assert rig.log.reads == [50, 50 + PAGE, 50 + 2 * PAGE]
    await rig.rest()


async def test_what_happens_meanwhile_is_neither_lost_nor_doubled(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=0)
    while "lobby" not in connection.live:
        rig.happen()
        await asyncio.sleep(0)
    rig.happen()
    await rig.until(lambda: len(outlet.frames) >= len(rig.log.frames))
    assert outlet.frames == events(1, len(rig.log.frames))


async def test_a_slow_reader_gets_only_what_it_has_space_for_until_it_has_drained(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=0, slow=True)
    rounds = 0
    while "lobby" not in connection.live:
        await rig.rest()
        assert outlet.waiting <= LIMIT
        outlet.waiting = 0
        rig.catch_up.drained(connection)
        rounds += 1
    assert rounds > 2
    assert outlet.frames == events(1, 3 * PAGE)


async def test_a_full_outlet_is_left_alone(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=3 * PAGE)
    rig.hub.leave(connection, "lobby")
    outlet.waiting = LOW_WATER + 1
    rig.hub.enter(connection, "lobby", 0)
    await rig.rest()
    assert (rig.log.reads, outlet.frames) == ([], [])
    outlet.waiting = LOW_WATER
    rig.catch_up.drained(connection)
    await rig.rest()
    assert outlet.frames == events(1, 3 * PAGE)


async def test_one_task_serves_a_connection_in_a_room_however_often_it_is_asked(rig: Rig) -> None:
    rig.log.free.clear()
    connection, outlet = rig.join(cursor=0)
    for _ in range(5):
        rig.catch_up.start(connection, "lobby")
        rig.catch_up.drained(connection)
        await asyncio.sleep(0)
    assert len(rig.tasks._running) == 1
    rig.log.free.set()
    await rig.rest()
    assert outlet.frames == events(1, 3 * PAGE)


async def test_one_who_leaves_meanwhile_is_given_nothing_more(rig: Rig) -> None:
    rig.log.free.clear()
    connection, outlet = rig.join(cursor=0)
    await rig.until(lambda: bool(rig.log.reads))
    rig.hub.disconnect(connection)
    rig.log.free.set()
    await rig.rest()
    assert outlet.frames == []
    rig.catch_up.drained(connection)
    assert not rig.tasks._running


async def test_one_who_comes_again_with_another_cursor_is_served_from_there(rig: Rig) -> None:
    rig.log.free.clear()
    connection, outlet = rig.join(cursor=0)
    await rig.until(lambda: bool(rig.log.reads))
    rig.hub.leave(connection, "lobby")
    rig.hub.enter(connection, "lobby", 2 * PAGE)
    rig.log.free.set()
    await rig.rest()
    assert outlet.frames == events(2 * PAGE + 1, 3 * PAGE)


async def test_one_who_is_too_far_behind_is_given_the_room_as_it_is_now_and_goes_live(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=-1)
    await rig.until(lambda: "lobby" in connection.live)
    rig.happen()
    await rig.until(lambda: len(outlet.frames) == 2)
    assert outlet.frames == [reset(3 * PAGE, head=3 * PAGE), f"e{3 * PAGE + 1}"]
    assert rig.log.reads == []


async def test_one_who_becomes_too_slow_is_reset_when_there_is_space_again(rig: Rig) -> None:
    connection, outlet = rig.join(cursor=3 * PAGE)
    outlet.waiting = LIMIT
    for _ in range(REPLAY_LIMIT + 1):
        rig.happen()
        await asyncio.sleep(0)
    await rig.rest()
    assert outlet.frames == []
    outlet.waiting = 0
    rig.catch_up.drained(connection)
    await rig.rest()
    head = 3 * PAGE + REPLAY_LIMIT + 1
    assert outlet.frames == [reset(head, head=head)]
    assert connection.live == {"lobby"}


async def test_one_who_leaves_while_the_summary_is_read_is_given_nothing(rig: Rig) -> None:
    rig.log.free.clear()
    connection, outlet = rig.join(cursor=-1)
    await asyncio.sleep(0)
    rig.hub.disconnect(connection)
    rig.log.free.set()
    await rig.rest()
    assert outlet.frames == []


async def test_plain_connections_are_given_lines(rig: Rig) -> None:
    _, outlet = rig.join(cursor=3 * PAGE - 10, plain=True)
    await rig.rest()
    assert outlet.frames == [f"plain {event}" for event in events(3 * PAGE - 9, 3 * PAGE)]


async def test_when_the_store_cannot_be_read_the_connection_is_cut_and_may_come_back(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.log.error = Unavailable("The database is busy.")
    connection, outlet = rig.join(cursor=0)
    await rig.rest()
    assert outlet.aborted
    assert not [record for record in caplog.records if record.exc_info]
    rig.hub.disconnect(connection)
    rig.log.error = None
    _, again = rig.join(cursor=0)
    await rig.rest()
    assert again.frames == events(1, 3 * PAGE)
