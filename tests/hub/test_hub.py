"""The hub alone: plain calls, outlets that are lists."""

from collections.abc import Callable

import pytest

from hubbub.hub.outlet import batch_of
from hubbub.store import StoredFrame
from tests.hub.rig import BOB, QuickOutlet, Rig, events, reset, summary


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


def test_an_outlet_for_which_nothing_waits_is_sent_encoded_frames_and_others_are_written_to() -> None:
    rig = Rig()
    rig.open(0)
    quick, plain = QuickOutlet(), QuickOutlet()
    connection, _ = rig.join(outlet=quick)
    rig.join(outlet=plain, plain=True)
    _, slow = rig.join()
    rig.happen(2)
    rig.tick()
    assert (quick.sent, quick.frames) == ([batch_of("e1", "e2").wire()], [])
    assert (plain.sent, plain.frames) == ([], ["plain e1", "plain e2"])
    assert slow.frames == events(1, 2)
    quick.stuck = 10
    rig.hub.outlet_changed(connection)
    rig.happen()
    rig.tick()
    assert (len(quick.sent), quick.frames) == (1, ["e3"])
    quick.stuck = 0
    rig.hub.outlet_changed(connection)
    rig.happen()
    rig.tick()
    assert (len(quick.sent), quick.frames) == (2, ["e3"])


def test_an_outlet_that_holds_back_what_it_is_sent_is_written_to_from_then_on() -> None:
    rig = Rig(buffer_limit=20)
    rig.open(0)
    outlet = QuickOutlet()
    connection, _ = rig.join(outlet=outlet)
    _, other = rig.join(person=BOB)

    def stick() -> None:
        outlet.stuck = 20
        rig.hub.outlet_changed(connection)

    outlet.after = stick
    rig.happen()
    rig.tick()
    rig.happen()
    rig.tick()
    assert connection.behind == {"lobby": 1}
    assert other.frames == events(1, 2)


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


def test_who_enters_hurries_nobody_and_goes_live_with_what_is_pending() -> None:
    rig = Rig()
    rig.open(5)
    _, bob = rig.join(person=BOB)
    rig.happen(2)
    connection, ann = rig.join(cursor=4)
    newcomer, new = rig.join()
    assert (bob.frames, ann.frames, new.frames) == ([], events(5, 7), [])
    rig.hub.signal("lobby", "typing", None)
    rig.happen()
    rig.tick()
    assert bob.frames == [*events(6, 7), "typing", "e8"]
    assert ann.frames == [*events(5, 7), "typing", "e8"]
    assert new.frames == ["typing", "e8"]
    assert connection.live == newcomer.live == {"lobby"}
    assert bob.writes == new.writes == 1


def test_lines_and_encoded_frames_are_counted_apart_for_those_who_enter() -> None:
    rig = Rig()
    rig.open(5)
    rig.join(person=BOB)
    rig.hub.signal("lobby", "", "Bob left the chat")
    rig.happen()
    _, ann = rig.join()
    _, tutorial = rig.join(plain=True)
    rig.hub.signal("lobby", "", "Bob is back")
    rig.happen(2)
    rig.tick()
    assert ann.frames == events(7, 8)
    assert tutorial.frames == ["Bob is back", "plain e7", "plain e8"]


def test_who_has_no_space_when_it_should_go_live_is_caught_up() -> None:
    rig = Rig(buffer_limit=10)
    rig.open(5)
    rig.join(person=BOB)
    rig.happen()
    connection, ann = rig.join()
    rig.happen()
    ann.stuck = 9
    rig.tick()
    assert (ann.frames, connection.behind, rig.behind) == ([], {"lobby": 6}, [(connection, "lobby")])
    ann.stuck = 0
    rig.serve_the_log()
    assert (ann.frames, connection.live) == (["e7"], {"lobby"})


def test_who_is_caught_up_while_it_waits_to_enter_gets_nothing_twice() -> None:
    rig = Rig()
    rig.open(5)
    rig.join(person=BOB)
    rig.happen()
    connection, ann = rig.join()
    rig.happen()
    rig.hub.replay(connection, "lobby", rig.log[6:])
    assert ann.frames == ["e7"]
    rig.happen()
    rig.tick()
    assert ann.frames == events(7, 8)


def test_who_waits_to_enter_gets_what_comes_when_all_others_have_gone() -> None:
    rig = Rig()
    rig.open(5)
    connection, _ = rig.join(person=BOB)
    rig.happen()
    _, ann = rig.join()
    gone, nothing = rig.join()
    rig.hub.leave(connection, "lobby")
    rig.hub.leave(gone, "lobby")
    rig.happen()
    rig.tick()
    assert (ann.frames, nothing.frames) == (["e7"], [])


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
