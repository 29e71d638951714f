"""The checker, with histories that must pass and, for each way to break a promise, one that must not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubbub.testing.evidence import History, RoomLog, Verdict, judge
from hubbub.testing.evidence.history import Json, digest, read_history, seen

ANN, BOB = ({"id": "guest-1", "name": "Ann"}, {"id": "guest-2", "name": "Bob"})
ROOM = "plans"
Notes = list[Json]
Change = Callable[[Notes], object]


def event(seq: int, kind: str, by: Json = ANN, **fields: Any) -> Json:
    return {"type": kind, "room": ROOM, "seq": seq, "at": 1000 + seq, "by": by, **fields}


def the_log() -> list[Json]:
    """Ann and Bob are in the room from 3 on; Bob goes at 9, comes back at 11."""
    return [
        event(1, "room.created", name="Plans"),
        event(2, "member.joined", person=ANN),
        event(3, "member.joined", BOB, person=BOB),
        event(4, "message.posted", text="one", key="a1"),
        event(5, "message.posted", BOB, text="", key="b1"),
        event(6, "message.edited", message=4, text="One"),
        event(7, "reaction.added", BOB, message=4, emoji="👍"),
        event(8, "message.deleted", BOB, message=5),
        event(9, "member.left", BOB, person=BOB),
        event(10, "message.posted", text="among us", key="a2"),
        event(11, "member.joined", BOB, person=BOB),
        event(12, "message.posted", text="three", key="a3"),
    ]


BEFORE_ITS_DELETION = event(5, "message.posted", BOB, text="oh no", key="b1")


def opened(link: str, who: Json, began: float, cursor: int, **more: Any) -> Json:
    note = {"op": "open", "link": link, "t": began, "who": who["id"], "began": began, "epoch": "e", "asked": None}
    return note | {"cursors": {ROOM: cursor}, "rooms": {ROOM: cursor}} | more


def sent(link: str, t: float, n: int, verb: str, **asked: Any) -> Json:
    return {"op": "send", "link": link, "t": t, "n": n, "verb": verb, "room": ROOM, **asked}


def answered(link: str, t: float, n: int, seq: int) -> Json:
    return {"op": "ack", "link": link, "t": t, "n": n, "room": ROOM, "seq": seq}


def refused(link: str, t: float, n: int, code: str) -> Json:
    return {"op": "refused", "link": link, "t": t, "n": n, "code": code}


def shown(link: str, t: float, what: Json) -> Json:
    return {"op": "recv", "link": link, "t": t, "room": ROOM, "seq": what["seq"], "type": what["type"], **seen(what)}


def a_good_story() -> Notes:
    """Ann does and is shown everything. Bob is shown what he was in the room for, and comes back with his cursor."""
    log = {e["seq"]: e for e in the_log()} | {5: BEFORE_ITS_DELETION}
    ann: Notes = [
        opened("ann/1", ANN, 1.0, 3),
        sent("ann/1", 2.0, 1, "post", key="a1", text=digest("one")),
        answered("ann/1", 2.1, 1, 4),
        sent("ann/1", 3.0, 2, "edit", message=4, text=digest("One")),
        answered("ann/1", 3.1, 2, 6),
        sent("ann/1", 4.0, 3, "history"),
        {"op": "read", "link": "ann/1", "t": 4.1, "n": 3, "room": ROOM, "head": 6,
         "messages": [[4, digest("One")], [5, digest("oh no")]]},
        sent("ann/1", 6.5, 4, "post", key="a2", text=digest("among us")),
        answered("ann/1", 6.6, 4, 10),
        sent("ann/1", 8.0, 5, "post", key="a3", text=digest("three")),
        answered("ann/1", 8.1, 5, 12),
        *[shown("ann/1", 9.0, log[seq]) for seq in range(4, 13)],
        {"op": "end", "link": "ann/1", "t": 10.0, "cursors": {ROOM: 12}, "goal": {ROOM: 12}},
    ]  # fmt: skip
    bob: Notes = [
        opened("bob/1", BOB, 1.0, 3),
        sent("bob/1", 2.5, 1, "post", key="b1", text=digest("oh no")),
        answered("bob/1", 2.6, 1, 5),
        sent("bob/1", 4.0, 2, "react", message=4, emoji="👍"),
        answered("bob/1", 4.1, 2, 7),
        *[shown("bob/1", 4.5, log[seq]) for seq in range(4, 8)],
        sent("bob/1", 5.0, 3, "delete", message=5),
        answered("bob/1", 5.1, 3, 8),
        sent("bob/1", 6.0, 4, "leave"),
        answered("bob/1", 6.1, 4, 9),
        sent("bob/1", 7.0, 5, "join"),
        answered("bob/1", 7.1, 5, 11),
        {"op": "close", "link": "bob/1", "t": 7.2, "code": 1006},
        opened("bob/2", BOB, 7.5, 7, rooms={ROOM: 11}),
        *[shown("bob/2", 7.6, log[seq]) for seq in range(8, 13)],
        {"op": "end", "link": "bob/2", "t": 10.0, "cursors": {ROOM: 12}, "goal": {ROOM: 12}},
    ]
    return ann + bob


def verdict_on(folder: Path, notes: Notes, log: list[Json] | None = None) -> Verdict:
    path = folder / "history.jsonl"
    with History(path) as history:
        for note in notes:
            fields = {name: value for name, value in note.items() if name not in ("op", "link")}
            history.note(note["op"], note["link"], **fields)
    return judge({ROOM: RoomLog(ROOM, the_log() if log is None else log)}, [path])


def test_a_good_story_breaks_nothing_and_is_counted(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, a_good_story())
    assert verdict.broken == []
    assert verdict.counts == {
        "acknowledged": 9, "received": 18, "connections": 3, "read": 1, "unanswered": 0
    }  # fmt: skip


BREAKS: list[tuple[str, Change]] = []


def breaks(letter: str) -> Callable[[Change], Change]:
    """Of a function that changes the good story so that this check must fail."""

    def remember(change: Change) -> Change:
        BREAKS.append((letter, change))
        return change

    return remember


@breaks("a")
def an_acknowledged_post_is_not_in_the_log(notes: Notes) -> None:
    notes[-1:-1] = [sent("bob/2", 8.0, 1, "post", key="b2", text=digest("lost")), answered("bob/2", 8.1, 1, 13)]


@breaks("a")
def an_acknowledged_post_is_another_one_in_the_log(notes: Notes) -> None:
    note(notes, "ack", "ann/1", n=4)["seq"] = 12


@breaks("a")
def an_acknowledged_post_has_another_text_in_the_log(notes: Notes) -> None:
    note(notes, "send", "ann/1", n=4)["text"] = digest("amongst us")


@breaks("a")
def an_acknowledged_edit_was_not_made(notes: Notes) -> None:
    note(notes, "ack", "ann/1", n=2)["seq"] = 5


@breaks("a")
def an_acknowledged_deletion_was_not_made(notes: Notes) -> None:
    note(notes, "ack", "bob/1", n=3)["seq"] = 7


@breaks("a")
def an_acknowledged_reaction_was_not_made(notes: Notes) -> None:
    note(notes, "ack", "bob/1", n=2)["seq"] = 6


@breaks("a")
def an_acknowledged_leaving_was_not_made(notes: Notes) -> None:
    note(notes, "ack", "bob/1", n=4)["seq"] = 8


@breaks("a")
def a_pin_was_acknowledged_that_was_not_made(notes: Notes) -> None:
    notes[-1:-1] = [sent("bob/2", 8.0, 1, "pin", message=4), answered("bob/2", 8.1, 1, 12)]


@breaks("a")
def a_history_is_older_than_what_was_acknowledged_before(notes: Notes) -> None:
    note(notes, "read", "ann/1").update(head=5, messages=[[4, digest("one")]])


@breaks("b")
def an_event_is_left_out(notes: Notes) -> None:
    notes.remove(note(notes, "recv", "ann/1", seq=6))


@breaks("b")
def an_event_is_repeated(notes: Notes) -> None:
    again = note(notes, "recv", "ann/1", seq=6)
    notes.insert(notes.index(again), again)


@breaks("b")
def two_events_are_swapped(notes: Notes) -> None:
    first = notes.index(note(notes, "recv", "ann/1", seq=6))
    notes[first], notes[first + 1] = notes[first + 1], notes[first]


@breaks("b")
def coming_back_begins_too_late(notes: Notes) -> None:
    notes.remove(note(notes, "recv", "bob/2", seq=8))


@breaks("b")
def a_cursor_of_another_log_is_not_reset(notes: Notes) -> None:
    note(notes, "open", "bob/2")["asked"] = "another"


@breaks("b")
def events_come_without_a_welcome(notes: Notes) -> None:
    notes.append(shown("bob/3", 9.0, the_log()[11]))


@breaks("b")
def the_last_event_never_comes(notes: Notes) -> None:
    notes.remove(note(notes, "recv", "ann/1", seq=12))
    note(notes, "end", "ann/1")["cursors"] = {ROOM: 11}


@breaks("c")
def somebody_sees_another_text(notes: Notes) -> None:
    see(notes, "ann/1", event(10, "message.posted", text="amongst us", key="a2"))


@breaks("c")
def somebody_sees_another_author(notes: Notes) -> None:
    see(notes, "ann/1", event(10, "message.posted", BOB, text="among us", key="a2"))


@breaks("c")
def two_see_different_texts_of_what_was_deleted(notes: Notes) -> None:
    see(notes, "bob/1", BEFORE_ITS_DELETION | {"text": "oh yes"})


@breaks("c")
def a_history_has_another_text_than_the_log(notes: Notes) -> None:
    note(notes, "read", "ann/1")["messages"] = [[4, digest("one")]]


@breaks("d")
def a_message_overtakes_one_of_the_same_connection(notes: Notes) -> None:
    later = note(notes, "send", "ann/1", n=5)
    notes.remove(later)
    notes.insert(1, later)


@breaks("e")
def something_is_shown_that_is_not_in_the_log(notes: Notes) -> None:
    notes.append(shown("bob/2", 9.5, event(13, "room.archived")))


@breaks("e")
def a_room_is_shown_that_is_not_there_in_the_end(notes: Notes) -> None:
    note(notes, "recv", "ann/1", seq=12)["room"] = "elsewhere"


@breaks("e")
def what_was_refused_is_in_the_log(notes: Notes) -> None:
    note(notes, "ack", "ann/1", n=5).update(refused("ann/1", 8.1, 5, "storage_full"))


@breaks("e")
def a_history_is_longer_than_the_log(notes: Notes) -> None:
    note(notes, "read", "ann/1")["head"] = 14


@breaks("f")
def somebody_is_shown_what_happens_while_he_is_out(notes: Notes) -> None:
    note(notes, "send", "bob/1", n=5)["t"] = 7.9
    note(notes, "recv", "bob/2", seq=10)["t"] = 7.0


@breaks("f")
def somebody_is_shown_a_room_that_he_never_came_into(notes: Notes) -> None:
    notes += [opened("eve/1", {"id": "guest-3"}, 9.0, 0, cursors={}, rooms={})]
    notes += [shown("eve/1", 9.1, the_log()[11])]


@breaks("f")
def a_deleted_text_is_shown_to_somebody_who_comes_later(notes: Notes) -> None:
    notes += [opened("ann/2", ANN, 5.5, 4), shown("ann/2", 5.6, BEFORE_ITS_DELETION)]


@pytest.mark.parametrize(("letter", "change"), BREAKS, ids=[change.__name__ for _, change in BREAKS])
def test_a_broken_promise_is_found(tmp_path: Path, letter: str, change: Change) -> None:
    notes = a_good_story()
    change(notes)
    assert letter in {broken.check for broken in verdict_on(tmp_path, notes).broken}


def test_a_post_that_is_in_the_log_twice_is_found(tmp_path: Path) -> None:
    log = [*the_log(), event(13, "message.posted", text="three", key="a3")]
    [broken] = verdict_on(tmp_path, a_good_story(), log).broken
    assert (broken.check, broken.promise) == ("a", "G4")
    assert str(broken) == f"G4 (a): {broken.words}"


def test_a_deleted_text_that_is_still_in_the_log_is_found(tmp_path: Path) -> None:
    log = [BEFORE_ITS_DELETION if e["seq"] == 5 else e for e in the_log()]
    assert [(b.check, b.promise) for b in verdict_on(tmp_path, a_good_story(), log).broken] == [("f", "G16")]


def test_a_log_with_a_hole_is_none() -> None:
    with pytest.raises(ValueError, match="8 stands in the place of 7"):
        RoomLog(ROOM, [e for e in the_log() if e["seq"] != 7])


def test_what_nobody_can_know_is_not_held_against_anybody(tmp_path: Path) -> None:
    """No answer, an answer that leaves it open, a post that was sent again, an absence, a log that begins later."""
    notes = a_good_story()
    notes.remove(note(notes, "ack", "ann/1", n=4))
    note(notes, "ack", "ann/1", n=5).update(refused("ann/1", 8.1, 5, "storage_failed"))
    notes.insert(1, sent("ann/1", 1.5, 9, "post", key="a3", text=digest("three")))
    notes += [opened("ann/2", ANN, 5.0, 4), shown("ann/2", 5.6, BEFORE_ITS_DELETION)]
    assert verdict_on(tmp_path, notes).broken == []
    assert judge({ROOM: RoomLog(ROOM, the_log()[6:], after=6)}, [tmp_path / "history.jsonl"]).broken == []


def test_a_reset_and_a_new_membership_say_where_the_events_go_on(tmp_path: Path) -> None:
    log = the_log()
    for op in ("reset", "joined"):
        notes = [opened("ann/2", ANN, 1.0, 3), shown("ann/2", 2.0, log[3])]
        notes += [{"op": op, "link": "ann/2", "t": 3.0, "room": ROOM, "seq": 10}, shown("ann/2", 4.0, log[10])]
        (tmp_path / op).mkdir()
        assert verdict_on(tmp_path / op, notes).broken == []


def test_a_note_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"op":"close","link":"ann/1"}\n{"op":"clo')
    assert list(read_history(path)) == [("history.jsonl:1", {"op": "close", "link": "ann/1"})]


def note(notes: Notes, op: str, link: str, **fields: Any) -> Json:
    [found] = [n for n in notes if n["op"] == op and n["link"] == link and fields.items() <= n.items()]
    return found


def see(notes: Notes, link: str, what: Json) -> None:
    """Shows this event in the place of the one with its seq."""
    seeing = note(notes, "recv", link, seq=what["seq"])
    seeing.update(shown(link, seeing["t"], what))
