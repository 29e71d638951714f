"""The hub alone: plain calls, outlets that are lists."""

from collections.abc import Callable

import pytest

from hubbub.core.models import Person, RoomSummary
from hubbub.hub.hub import Connection, Hub, Soon
from hubbub.hub.outlet import Batch
from hubbub.protocol import Reset
from hubbub.store import StoredFrame

ANN = Person(id="guest-1", name="Ann", kind="guest", created_at=1)
BOB = Person(id="guest-2", name="Bob", kind="guest", created_at=2)


def summary(head: int) -> RoomSummary:
    return RoomSummary(id="lobby", name="Lobby", archived=False, head=head, last_at=1, joined=True, unread=2)


def reset(seq: int, head: int) -> str:
    """The frame."""
    return Reset(room="lobby", seq=seq, summary=summary(head)).model_dump_json(exclude_none=True)


class ListOutlet:
    """Keeps what it is given; `stuck` characters pretend to wait for a slow reader."""

    send_now = None

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.writes = 0
        self.stuck = 0

    def write(self, batch: Batch) -> None:
        if batch.frames:
            self.writes += 1
        self.frames.extend(batch.frames)

    def buffered(self) -> int:
        return self.stuck

    def stalled_since(self) -> float | None:
        return None

    def abort(self) -> None:
        raise AssertionError("nobody should be cut here")


class Rig:
    """A hub whose loop ticks when the test says so, with a log to catch up from."""

    def __init__(
        self,
        ring_size: int = 4,
        replay_limit: int = 50,
        buffer_limit: int = 1000,
        new_pace: Callable[[], Soon] | None = None,
    ) -> None:
        self.soon: list[Callable[[], None]] = []
        self.behind: list[tuple[Connection, str]] = []
        self.log: list[StoredFrame] = []
        self.hub = Hub(
            new_pace=new_pace or (lambda: self.soon.append),
            on_behind=lambda connection, room: self.behind.append((connection, room)),
            plain_of=lambda frame: f"plain {frame}",
            buffer_limit=buffer_limit,
            ring_size=ring_size,
            replay_limit=replay_limit,
        )

    def open(self, events: int) -> None:
        self.log = [StoredFrame(seq, f"e{seq}") for seq in range(1, events + 1)]
        self.hub.open("lobby", events, self.log[-4:])

    def happen(self, count: int = 1, erases: bool = False) -> None:
        for _ in range(count):
            seq = len(self.log) + 1
            self.log.append(StoredFrame(seq, f"e{seq}"))
            self.hub.deliver("lobby", seq, f"e{seq}", f"plain e{seq}", erases=erases)

    def tick(self) -> None:
        soon, self.soon[:] = list(self.soon), []
        for work in soon:
            work()

    def join(
        self,
        cursor: int | None = None,
        person: Person = ANN,
        plain: bool = False,
        summary: RoomSummary | None = None,
    ) -> tuple[Connection, ListOutlet]:
        outlet = ListOutlet()
        connection = Connection(person, outlet, plain=plain)
        self.hub.connect(connection)
        self.hub.enter(connection, "lobby", cursor, summary)
        return connection, outlet

    def serve_the_log(self) -> None:
        """Does what CatchUp does."""
        while self.behind:
            connection, room = self.behind.pop()
            while (cursor := connection.behind.get(room)) is not None:
                if self.hub.is_too_far_behind(connection, room):
                    self.hub.reset(connection, room, summary(len(self.log)))
                    continue
                before = (cursor, connection.outlet.buffered())
                self.hub.replay(connection, room, [s for s in self.log if s.seq > cursor])
                if (connection.behind.get(room), connection.outlet.buffered()) == before:
                    return
        self.behind.clear()


def events(first: int, last: int) -> list[str]:
    return [f"e{seq}" for seq in range(first, last + 1)]


def test_everybody_live_gets_each_event_once_and_in_order() -> None:
    rig = Rig()
    rig.open(3)
    _, ann = rig.join()
    _, bob = rig.join(person=BOB)
    rig.happen(2)
    rig.tick()
    rig.happen(1)
    rig.tick()
    assert ann.frames == bob.frames == events(4, 6)


def test_the_events_of_one_tick_are_one_write() -> None:
    rig = Rig()
    rig.open(0)
    _, ann = rig.join()
    rig.happen(5)
    assert ann.frames == []
    rig.tick()
    assert ann.writes == 1
    assert ann.frames == events(1, 5)


def test_a_cursor_within_the_ring_is_served_at_once() -> None:
    rig = Rig()
    rig.open(10)
    connection, ann = rig.join(cursor=7)
    assert ann.frames == events(8, 10)
    assert connection.live == {"lobby"}
    assert rig.behind == []


def test_a_cursor_before_the_ring_is_served_from_the_store() -> None:
    rig = Rig()
    rig.open(10)
    connection, ann = rig.join(cursor=2)
    assert rig.behind == [(connection, "lobby")]
    rig.happen(3)
    rig.tick()
    assert ann.frames == []
    rig.serve_the_log()
    rig.happen()
    rig.tick()
    assert ann.frames == events(3, 14)


def test_entering_in_the_middle_of_a_tick_neither_loses_nor_doubles() -> None:
    rig = Rig()
    rig.open(5)
    rig.join(person=BOB)
    rig.happen(2)
    _, ann = rig.join(cursor=4)
    rig.happen()
    rig.tick()
    assert ann.frames == events(5, 8)


def test_the_store_may_be_ahead_of_what_was_delivered() -> None:
    rig = Rig()
    rig.open(10)
    connection, ann = rig.join(cursor=2)
    ahead = [*rig.log, StoredFrame(11, "e11")]
    rig.hub.replay(connection, "lobby", [s for s in ahead if s.seq > 2])
    assert ann.frames == events(3, 10)
    rig.happen()
    rig.tick()
    assert ann.frames == events(3, 11)


@pytest.mark.parametrize("cursor", [-1, 3])
def test_an_impossible_or_too_old_cursor_is_reset_to_the_head(cursor: int) -> None:
    rig = Rig(replay_limit=5)
    rig.open(10)
    connection, ann = rig.join(cursor=cursor)
    assert (ann.frames, rig.behind) == ([], [(connection, "lobby")])
    rig.happen()
    rig.tick()
    rig.serve_the_log()
    rig.happen()
    rig.tick()
    assert ann.frames == [reset(11, head=11), "e12"]


@pytest.mark.parametrize("cursor", [-1, 3])
def test_whoever_brings_a_summary_is_reset_at_once_and_gets_what_happened_since(cursor: int) -> None:
    rig = Rig(replay_limit=5)
    rig.open(10)
    _, ann = rig.join(cursor=cursor, summary=summary(8))
    assert ann.frames == [reset(8, head=8), "e9", "e10"]
    assert rig.behind == []


def test_a_summary_is_not_needed_by_one_who_is_not_too_far_behind() -> None:
    rig = Rig(replay_limit=5)
    rig.open(10)
    _, ann = rig.join(cursor=7, summary=summary(10))
    assert ann.frames == events(8, 10)


def test_a_reset_does_not_skip_events_that_the_store_has_and_this_node_has_not_delivered_yet() -> None:
    rig = Rig()
    rig.open(10)
    _, ann = rig.join(cursor=-1, summary=summary(12))
    rig.happen(2)
    rig.tick()
    assert ann.frames == [reset(10, head=12), "e11", "e12"]


def test_a_plain_connection_that_is_too_far_behind_goes_on_without_a_word() -> None:
    rig = Rig(replay_limit=5, buffer_limit=20)
    rig.open(0)
    _, tutorial = rig.join(plain=True)
    tutorial.stuck = 19
    for _ in range(10):
        rig.happen()
        rig.tick()
    tutorial.stuck = 0
    rig.serve_the_log()
    rig.happen()
    rig.tick()
    assert tutorial.frames == ["plain e11"]


def test_a_cursor_ahead_of_this_node_waits_for_the_node() -> None:
    rig = Rig()
    rig.open(10)
    _, ann = rig.join(cursor=12)
    rig.happen(3)
    rig.tick()
    assert ann.frames == events(11, 13)


def test_a_slow_reader_is_taken_out_and_caught_up_and_the_others_notice_nothing() -> None:
    rig = Rig(buffer_limit=20)
    rig.open(0)
    slow, slow_outlet = rig.join()
    _, bob = rig.join(person=BOB)
    rig.happen(2)
    rig.tick()
    slow_outlet.stuck = 19
    for _ in range(8):
        rig.happen()
        rig.tick()
    assert bob.frames == events(1, 10)
    assert slow_outlet.frames == events(1, 2)
    assert slow.behind == {"lobby": 2}
    slow_outlet.stuck = 0
    rig.serve_the_log()
    rig.happen()
    rig.tick()
    assert slow_outlet.frames == events(1, 11)
    assert slow.live == {"lobby"}


def test_signals_are_the_first_to_go_when_buffer_is_short() -> None:
    rig = Rig(buffer_limit=100)
    rig.open(0)
    _, ann = rig.join()
    _, bob = rig.join(person=BOB)
    ann.stuck = 60
    rig.hub.signal("lobby", "typing", None)
    rig.happen()
    rig.tick()
    assert bob.frames == ["typing", "e1"]
    assert ann.frames == ["e1"]


def test_an_erased_text_is_not_given_from_the_ring_any_more() -> None:
    rig = Rig(ring_size=10)
    rig.open(0)
    rig.join(person=BOB)
    rig.happen(3)
    rig.happen(erases=True)
    rig.tick()
    connection, ann = rig.join(cursor=0)
    assert ann.frames == []
    assert (connection, "lobby") in rig.behind


def test_plain_connections_get_lines_and_only_of_what_has_one() -> None:
    rig = Rig()
    rig.open(0)
    _, tutorial = rig.join(plain=True)
    rig.happen()
    rig.hub.signal("lobby", "typing", None)
    rig.hub.signal("lobby", "", "Bob left the chat")
    _, ann = rig.join(person=BOB)
    rig.tick()
    assert tutorial.frames == ["plain e1", "Bob left the chat"]
    assert ann.frames == []


def test_after_leaving_or_disconnecting_nothing_more_comes() -> None:
    rig = Rig()
    rig.open(0)
    leaver, left = rig.join()
    gone, closed = rig.join(person=BOB)
    rig.happen()
    rig.tick()
    rig.hub.leave(leaver, "lobby")
    rig.hub.disconnect(gone)
    rig.hub.disconnect(gone)
    rig.happen()
    rig.tick()
    assert left.frames == closed.frames == ["e1"]
    assert rig.hub.connections_of(BOB.id) == []
    assert list(rig.hub.connections()) == [leaver]


def test_an_event_that_does_not_follow_is_a_mistake_of_the_caller() -> None:
    rig = Rig()
    rig.open(3)
    with pytest.raises(ValueError, match="5 does not follow 3"):
        rig.hub.deliver("lobby", 5, "e5", None)


def test_a_room_that_may_not_be_written_to_yet_keeps_no_other_waiting() -> None:
    paces: dict[str, list[Callable[[], None]]] = {"lobby": [], "tea": []}
    made = iter(paces.values())
    rig = Rig(new_pace=lambda: next(made).append)
    rig.open(3)
    rig.hub.open("tea", 0, [])
    connection, outlet = rig.join(cursor=3)
    rig.hub.enter(connection, "tea", 0)
    rig.happen()
    rig.hub.deliver("tea", 1, "t1", None)
    for write in paces["tea"]:
        write()
    assert outlet.frames == ["t1"]
    for write in paces["lobby"]:
        write()
    assert outlet.frames == ["t1", "e4"]


def test_a_hub_that_skips_what_is_erased_first_writes_what_it_has_and_then_catches_everybody_up() -> None:
    rig = Rig()
    rig.open(3)
    ann, outlet = rig.join()
    rig.happen(2)
    rig.hub.skip("lobby", 9)
    assert outlet.frames == events(4, 5)
    assert (rig.hub.head("lobby"), ann.behind, ann.live) == (9, {"lobby": 5}, set())
    assert rig.behind == [(ann, "lobby")]
    rig.hub.reset(ann, "lobby", summary(9))
    rig.log = [StoredFrame(seq, f"e{seq}") for seq in range(1, 10)]
    rig.happen()
    rig.tick()
    assert outlet.frames == [*events(4, 5), reset(9, 9), "e10"]
