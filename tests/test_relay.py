"""The relay between a bus that misbehaves and a hub that must not notice."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from hubbub.bus.local import LocalBus
from hubbub.core.models import Place
from hubbub.hub.hub import Connection, Hub
from hubbub.protocol import Envelope, MessagePosted
from hubbub.relay import Relay
from hubbub.store import StoredFrame
from hubbub.tasks import Tasks
from tests.hub.rig import ANN, ListOutlet

T = TypeVar("T")


def frame(seq: int) -> str:
    event = MessagePosted(room="lobby", seq=seq, at=seq, by=ANN.author, text=f"text {seq}")
    return event.model_dump_json(exclude_none=True)


class Log:
    """As much of a store as the relay uses: the frames of one room."""

    def __init__(self, events: int) -> None:
        self.frames = [StoredFrame(seq, frame(seq)) for seq in range(1, events + 1)]
        self.reads = 0

    async def read(self, function: Callable[[Any], T]) -> T:
        self.reads += 1
        snapshot = LogReader(list(self.frames))
        await asyncio.sleep(0)
        return function(snapshot)


class LogReader:
    def __init__(self, frames: Sequence[StoredFrame]) -> None:
        self.frames = frames

    def frames_after(self, room: str, seq: int, limit: int) -> list[StoredFrame]:
        return [stored for stored in self.frames if stored.seq > seq][:limit]

    def newest_frames(self, room: str, limit: int) -> list[StoredFrame]:
        return list(self.frames[-limit:])

    def heads(self, rooms: list[str]) -> dict[str, int]:
        return {room: len(self.frames) for room in rooms}


class Rig:
    def __init__(self, events: int = 3, sweep_interval_s: float = 3600) -> None:
        self.log = Log(events)
        self.bus = LocalBus()
        self.tasks = Tasks()
        self.told: list[Envelope] = []
        self.typing: list[Envelope] = []
        self.places: list[Place] = []
        self.hub = Hub(
            new_pace=lambda: asyncio.get_running_loop().call_soon,
            on_behind=lambda connection, room: None,
            plain_of=lambda text: None,
            buffer_limit=10**6,
            ring_size=8,
            replay_limit=100,
        )
        self.relay = Relay(
            self.log,  # type: ignore[arg-type]
            self.bus,
            self.hub,
            spawn=self.tasks.spawn,
            on_person=self.told.append,
            on_typing=self.typing.append,
            on_place=self.places.append,
            ring_size=8,
            sweep_interval_s=sweep_interval_s,
        )
        self.outlet = ListOutlet()

    async def listen(self) -> None:
        await self.relay.open("lobby")
        connection = Connection(ANN, self.outlet)
        connection.ready = True
        self.hub.connect(connection)
        self.hub.enter(connection, "lobby", None)

    def commit(self) -> Envelope:
        """An event gets into the log; what the bus does with its envelope is the test's business."""
        seq = len(self.log.frames) + 1
        self.log.frames.append(StoredFrame(seq, frame(seq)))
        return Envelope(room="lobby", seq=seq, frame=frame(seq))

    async def heard(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.outlet.frames) < count:
                await asyncio.sleep(0)
        return self.outlet.frames


async def test_events_in_order_need_no_look_into_the_store() -> None:
    rig = Rig()
    await rig.listen()
    reads = rig.log.reads
    for _ in range(3):
        rig.bus.publish(rig.commit())
    assert await rig.heard(3) == [frame(4), frame(5), frame(6)]
    assert rig.log.reads == reads


async def test_a_lost_ring_is_healed_by_the_next_one() -> None:
    rig = Rig()
    await rig.listen()
    rig.commit()
    rig.bus.publish(rig.commit())
    assert await rig.heard(2) == [frame(4), frame(5)]


async def test_a_lost_last_ring_is_healed_by_the_sweep() -> None:
    rig = Rig(sweep_interval_s=0.001)
    await rig.listen()
    rig.commit()
    rig.tasks.spawn(rig.relay.sweep())
    assert await rig.heard(1) == [frame(4)]
    await rig.tasks.stop()


@pytest.mark.parametrize("seed", range(20))
async def test_loss_repetition_and_disorder_on_the_bus_are_never_seen(seed: int) -> None:
    chance = random.Random(seed)
    rig = Rig(sweep_interval_s=0.001)
    await rig.listen()
    rig.tasks.spawn(rig.relay.sweep())
    waiting: list[Envelope] = []
    for _ in range(60):
        envelope = rig.commit()
        waiting += [envelope] * chance.choice([0, 1, 1, 2])
        chance.shuffle(waiting)
        while waiting and chance.random() < 0.7:
            rig.bus.publish(waiting.pop())
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    assert await rig.heard(60) == [frame(seq) for seq in range(4, 64)]
    await rig.tasks.stop()


async def test_what_happens_while_a_room_is_being_opened_is_not_lost() -> None:
    rig = Rig()
    opening = asyncio.create_task(rig.listen())
    while not rig.log.reads:
        await asyncio.sleep(0)
    rig.bus.publish(rig.commit())
    await opening
    async with asyncio.timeout(10):
        while rig.hub.head("lobby") != 4:
            await asyncio.sleep(0)


async def test_who_types_is_handed_on_and_is_not_a_frame() -> None:
    rig = Rig()
    await rig.listen()
    envelopes = [Envelope(room="lobby", typing=ANN.author, stopped=stopped, frame="") for stopped in (False, True)]
    for envelope in envelopes:
        rig.bus.publish(envelope)
    await asyncio.sleep(0)
    assert (rig.typing, rig.told, rig.outlet.frames) == (envelopes, [], [])


async def test_opening_can_wait_for_a_position_that_the_bus_has_not_told_yet() -> None:
    rig = Rig()
    await rig.relay.open("lobby")
    rig.commit()
    await rig.relay.open("lobby", at_least=4)
    assert rig.hub.head("lobby") == 4


async def test_rooms_that_nobody_here_listens_to_are_left_alone() -> None:
    rig = Rig()
    rig.bus.publish(rig.commit())
    assert rig.hub.rooms() == []
    assert rig.log.reads == 0


async def test_envelopes_for_a_person_reach_all_their_connections_and_nobody_else() -> None:
    rig = Rig()
    await rig.listen()
    rig.bus.publish(Envelope(person=ANN.id, frame="for ann"))
    rig.bus.publish(Envelope(person="guest-9", frame="for somebody else"))
    assert await rig.heard(1) == ["for ann"]


async def test_another_place_and_people_who_must_go_are_told_to_whom_it_concerns() -> None:
    rig = Rig()
    await rig.listen()
    place = Place(name="Tea house")
    gone = Envelope(person=ANN.id, ends="banned", frame="")
    rig.bus.publish(Envelope(place=place, frame=""))
    rig.bus.publish(gone)
    assert (rig.places, rig.told, rig.outlet.frames) == ([place], [gone], [])


async def test_what_the_log_does_not_have_any_more_is_skipped() -> None:
    rig = Rig()
    await rig.listen()
    for _ in range(3):
        rig.commit()
    del rig.log.frames[:5]
    rig.relay._heal_soon("lobby")
    while rig.hub.head("lobby") != 6:
        await asyncio.sleep(0)
    assert rig.hub.load().behind == 1
    assert rig.outlet.frames == []


async def test_after_an_erasure_that_no_event_tells_nothing_is_given_from_the_ring() -> None:
    rig = Rig()
    await rig.listen()
    assert rig.hub._feeds["lobby"].ring
    rig.bus.publish(Envelope(room="lobby", erases=True, frame=""))
    assert not rig.hub._feeds["lobby"].ring
    rig.bus.publish(rig.commit())
    assert rig.hub.head("lobby") == 4
