"""Who is typing, told as signals: few of them, and none when nothing has changed. Time passes when the test says so."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.models import Author
from hubbub.hub.typing import LASTS_S, NAMED_MAX, TICK_S, TypingBoard

ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")
MANY = [Author(id=f"guest-{n}", name=f"Guest {n}") for n in range(100, 200)]


class Rig:
    """A board, what it told, and a clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.crowds: set[str] = set()
        self.held = False
        self.told: list[tuple[float, dict[str, Any]]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.board = TypingBoard(
            call_later=lambda seconds, work: self.later.append((self.now_s + seconds, work)),
            clock=lambda: self.now_s,
            tell=self._tell,
            is_crowd=self.crowds.__contains__,
            is_held=lambda: self.held,
        )

    def pass_time(self, seconds: float = TICK_S) -> None:
        until = self.now_s + seconds
        while due := [call for call in self.later if call[0] <= until]:
            call = min(due, key=lambda call: call[0])
            self.later.remove(call)
            self.now_s = call[0]
            call[1]()
        self.now_s = until

    def heard(self) -> list[tuple[list[str], int]]:
        """Since the last call: the names, and how many others."""
        told, self.told = self.told, []
        return [([person["name"] for person in signal["people"]], signal["others"]) for _, signal in told]

    def _tell(self, room: str, frame: str) -> None:
        signal = json.loads(frame)
        assert signal["type"] == "typing"
        assert signal["room"] == room
        self.told.append((self.now_s, signal))


def test_the_first_who_types_in_a_room_is_told_at_once() -> None:
    rig = Rig()
    rig.board.type("lobby", ANN)
    assert rig.heard() == [(["Ann"], 0)]


def test_whoever_goes_on_typing_is_told_once_and_once_more_in_the_end() -> None:
    rig = Rig()
    for _ in range(20):
        rig.board.type("lobby", ANN)
        rig.pass_time(3.0)
    assert rig.heard() == [(["Ann"], 0)]
    rig.pass_time(LASTS_S)
    assert rig.heard() == [([], 0)]


def test_those_who_begin_within_a_second_are_told_in_one_signal() -> None:
    rig = Rig()
    for person in (BOB, ANN, *MANY[:2]):
        rig.board.type("lobby", person)
    assert rig.heard() == [(["Bob"], 0)]
    rig.pass_time()
    assert rig.heard() == [(["Bob", "Ann", "Guest 100", "Guest 101"], 0)]


def test_a_few_are_named_and_the_others_counted() -> None:
    rig = Rig()
    for person in MANY:
        rig.board.type("lobby", person)
    rig.pass_time()
    assert rig.heard()[-1] == ([person.name for person in MANY[:NAMED_MAX]], len(MANY) - NAMED_MAX)


def test_in_a_crowd_nobody_is_named() -> None:
    rig = Rig()
    rig.crowds.add("lobby")
    for person in MANY:
        rig.board.type("lobby", person)
    rig.pass_time()
    assert rig.heard() == [([], 1), ([], len(MANY))]


def test_one_who_stops_is_told_with_the_next_signal() -> None:
    rig = Rig()
    for person in (ANN, BOB):
        rig.board.type("lobby", person)
    rig.pass_time()
    rig.board.stop("lobby", ANN.id)
    rig.board.stop("nowhere", ANN.id)
    assert (rig.board.is_typing("lobby", ANN.id), rig.board.is_typing("lobby", BOB.id)) == (False, True)
    assert not rig.board.is_typing("nowhere", ANN.id)
    rig.heard()
    rig.pass_time()
    assert rig.heard() == [(["Bob"], 0)]


def test_what_begins_and_ends_between_two_signals_is_not_told() -> None:
    rig = Rig()
    rig.board.type("lobby", ANN)
    rig.heard()
    rig.board.type("lobby", BOB)
    rig.board.stop("lobby", BOB.id)
    rig.board.stop("lobby", ANN.id)
    rig.board.type("lobby", ANN)
    rig.pass_time()
    assert rig.heard() == []


def test_one_who_comes_is_given_what_the_others_were_told() -> None:
    rig = Rig()
    assert rig.board.now("lobby") is None
    rig.board.type("lobby", ANN)
    rig.board.type("lobby", BOB)
    assert json.loads(rig.board.now("lobby") or "") == rig.told[-1][1]
    rig.pass_time()
    assert json.loads(rig.board.now("lobby") or "") == rig.told[-1][1]
    rig.pass_time(LASTS_S)
    assert rig.board.now("lobby") is None


def test_a_room_in_which_nobody_types_any_more_has_no_timer_and_takes_no_space() -> None:
    rig = Rig()
    rig.board.type("lobby", ANN)
    rig.board.type("tea", BOB)
    assert len(rig.later) == 2
    rig.pass_time(LASTS_S + 2 * TICK_S)
    assert rig.later == []
    assert (rig.board._rooms, rig.board._told) == ({}, {})
    rig.heard()
    rig.board.type("lobby", ANN)
    assert rig.heard() == [(["Ann"], 0)]


@given(
    st.lists(
        st.tuples(st.floats(0, 4), st.sampled_from(["type", "stop"]), st.sampled_from([ANN, BOB, *MANY[:8]])),
        max_size=60,
    )
)
def test_there_is_at_most_one_signal_a_second_each_tells_something_new_and_the_last_one_is_true(
    steps: list[tuple[float, str, Author]],
) -> None:
    rig = Rig()
    until: dict[str, float] = {}
    for pause, what, person in steps:
        rig.pass_time(pause)
        if what == "type":
            rig.board.type("lobby", person)
            until[person.id] = rig.now_s + LASTS_S
        else:
            rig.board.stop("lobby", person.id)
            until.pop(person.id, None)
    rig.pass_time()
    typing = {person for person, end in until.items() if end > rig.now_s}
    lately = {person for person, end in until.items() if end > rig.now_s - TICK_S}
    signals = [{"people": [], "others": 0}, *(signal for _, signal in rig.told)]
    last = signals[-1]
    assert len(typing) <= len(last["people"]) + last["others"] <= len(lately)
    assert {person["id"] for person in last["people"]} <= lately
    assert all(one != other for one, other in pairwise(signals))
    times = [time for time, _ in rig.told]
    assert all(later - earlier >= TICK_S - 1e-9 for earlier, later in pairwise(times))


def test_under_overload_nobody_is_told_who_types_and_what_is_true_afterwards_is_told_then() -> None:
    rig = Rig()
    rig.board.type("lobby", ANN)
    assert rig.heard() == [(["Ann"], 0)]
    rig.held = True
    rig.board.type("lobby", BOB)
    rig.pass_time(LASTS_S + TICK_S)
    assert rig.heard() == []
    rig.board.type("lobby", BOB)
    rig.held = False
    rig.pass_time(TICK_S)
    assert rig.heard() == [(["Bob"], 0)]
    rig.pass_time(LASTS_S + TICK_S)
    assert rig.heard() == [([], 0)]
    assert rig.later == []
