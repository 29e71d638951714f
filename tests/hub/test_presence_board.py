"""Who is here, told as signals: few of them, and true ones. Time passes when the test says so."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.models import Author
from hubbub.hub.presence import TICK_S, PresenceBoard
from hubbub.protocol import NAMES_MAX, Envelope

ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")


def guests(count: int) -> list[Author]:
    return [Author(id=f"guest-{n}", name=f"Guest {n}") for n in range(100_000, 100_000 + count)]


class Rig:
    """A board, its published signals, and a clock."""

    def __init__(self, grace_s: float = 3.0) -> None:
        self.now_s = 0.0
        self.published: list[Envelope] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self.held = False
        self.board = PresenceBoard(
            call_later=self._call_later,
            publish=self.published.append,
            grace_s=grace_s,
            is_held=lambda: self.held,
        )

    def pass_time(self, seconds: float = TICK_S) -> list[dict[str, Any]]:
        """Lets time pass, and returns the signals of that time."""
        until, before = self.now_s + seconds, len(self.published)
        while due := [call for call in self._later if call[0] <= until]:
            call = min(due, key=lambda call: call[:2])
            self._later.remove(call)
            self.now_s = call[0]
            call[2]()
        self.now_s = until
        return [json.loads(envelope.frame) for envelope in self.published[before:] if envelope.frame]

    def lines(self) -> list[str]:
        """What tutorial clients were told."""
        return [envelope.plain for envelope in self.published if envelope.plain]

    def _call_later(self, seconds: float, function: Callable[[], None]) -> None:
        self._later.append((self.now_s + seconds, len(self._later), function))


def test_those_who_come_within_a_second_are_told_in_one_signal() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.board.enter("lobby", BOB)
    assert rig.published == []
    [signal] = rig.pass_time()
    assert (signal["type"], signal["room"]) == ("presence", "lobby")
    assert (signal["here"], signal["gone"], signal["count"]) == ([ANN.model_dump(), BOB.model_dump()], [], 2)
    assert rig.pass_time(100) == []


def test_each_room_gets_its_own_signal_and_only_when_something_changed() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.board.enter("tea", BOB)
    assert [signal["room"] for signal in rig.pass_time()] == ["lobby", "tea"]
    rig.board.enter("tea", ANN)
    assert [signal["room"] for signal in rig.pass_time()] == ["tea"]


@given(
    st.lists(st.tuples(st.floats(0, 0.4), st.sampled_from(["enter", "exit"]), st.sampled_from([ANN, BOB])), max_size=60)
)
def test_there_is_at_most_one_signal_a_second_however_much_happens(steps: list[tuple[float, str, Author]]) -> None:
    rig, told = Rig(grace_s=0), []
    for pause, what, person in steps:
        told += [rig.now_s for _ in rig.pass_time(pause)]
        getattr(rig.board, what)("lobby", person)
    told += [rig.now_s for _ in rig.pass_time(2 * TICK_S)]
    assert len(told) <= rig.now_s / TICK_S + 1e-9


def test_a_reload_is_not_told() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.pass_time()
    rig.board.exit("lobby", ANN)
    assert rig.pass_time(1.0) == []
    rig.board.enter("lobby", ANN)
    assert rig.pass_time(60) == []
    assert rig.board.here("lobby", NAMES_MAX) == ([ANN], 1)
    assert rig.lines() == []


def test_one_who_does_not_come_back_is_gone_after_the_grace() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.board.enter("lobby", BOB)
    rig.pass_time()
    rig.board.exit("lobby", ANN)
    assert rig.board.here("lobby", NAMES_MAX) == ([ANN, BOB], 2)
    [signal] = rig.pass_time(3.0 + TICK_S)
    assert (signal["here"], signal["gone"], signal["count"]) == ([], [ANN.id], 1)
    assert rig.lines() == ["Ann left the chat"]


def test_one_who_leaves_on_purpose_is_gone_at_once() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.pass_time()
    rig.board.exit("lobby", ANN, at_once=True)
    assert rig.board.here("lobby", NAMES_MAX) == ([], 0)
    assert rig.lines() == ["Ann left the chat"]
    assert [signal["gone"] for signal in rig.pass_time()] == [[ANN.id]]


def test_one_with_two_tabs_is_here_until_the_last_closes() -> None:
    rig = Rig(grace_s=0)
    rig.board.enter("lobby", ANN)
    rig.board.enter("lobby", ANN)
    rig.pass_time()
    rig.board.exit("lobby", ANN)
    assert rig.pass_time() == []
    rig.board.exit("lobby", ANN)
    assert [signal["gone"] for signal in rig.pass_time()] == [[ANN.id]]
    rig.board.exit("lobby", ANN)
    rig.board.exit("nowhere", ANN)
    assert rig.pass_time() == []
    assert rig.lines() == ["Ann left the chat"]


def test_another_name_is_told_as_being_here() -> None:
    rig = Rig()
    rig.board.enter("lobby", ANN)
    rig.pass_time()
    anna = Author(id=ANN.id, name="Anna")
    rig.board.enter("lobby", anna)
    rig.board.exit("lobby", anna, at_once=True)
    assert [(signal["here"], signal["gone"], signal["count"]) for signal in rig.pass_time()] == [
        ([anna.model_dump()], [], 1)
    ]


def test_above_the_limit_only_the_number_is_told() -> None:
    rig = Rig(grace_s=0)
    crowd = guests(NAMES_MAX + 1)
    for person in crowd[:-1]:
        rig.board.enter("lobby", person)
    [signal] = rig.pass_time()
    assert (len(signal["here"]), signal["count"]) == (NAMES_MAX, NAMES_MAX)
    rig.board.enter("lobby", crowd[-1])
    [signal] = rig.pass_time()
    assert (signal["here"], signal["gone"], signal["count"]) == ([], [], NAMES_MAX + 1)
    people, count = rig.board.here("lobby", NAMES_MAX)
    assert (len(people), count) == (NAMES_MAX, NAMES_MAX + 1)
    assert people == sorted(people, key=lambda person: person.id)
    rig.board.exit("lobby", crowd[0])
    [signal] = rig.pass_time()
    assert (signal["gone"], signal["count"]) == ([crowd[0].id], NAMES_MAX)


def test_a_thousand_who_join_a_room_of_a_thousand_cost_each_member_one_short_signal_a_second() -> None:
    rig = Rig(grace_s=0)
    for person in guests(2000)[:1000]:
        rig.board.enter("lobby", person)
    rig.pass_time()
    told: list[tuple[float, str]] = []
    for person in guests(2000)[1000:]:
        rig.board.enter("lobby", person)
        told += [(rig.now_s, json.dumps(signal)) for signal in rig.pass_time(0.01)]
    told += [(rig.now_s, json.dumps(signal)) for signal in rig.pass_time()]
    assert json.loads(told[-1][1])["count"] == 2000
    assert len(told) <= rig.now_s / TICK_S
    assert max(len(frame) for _, frame in told) < 100
    assert rig.board.here("lobby", 2)[0] == guests(2)


def test_many_changes_in_a_small_room_are_told_as_a_number_too() -> None:
    rig = Rig(grace_s=0)
    crowd = guests(NAMES_MAX)
    for person in crowd:
        rig.board.enter("lobby", person)
    rig.pass_time()
    for person in crowd[1:]:
        rig.board.exit("lobby", person)
    for person in (ANN, BOB):
        rig.board.enter("lobby", person)
    [signal] = rig.pass_time()
    assert (signal["here"], signal["gone"], signal["count"]) == ([], [], 3)


def test_a_crowd_is_more_people_than_are_named() -> None:
    rig = Rig(grace_s=0)
    assert not rig.board.is_crowd("lobby")
    for person in guests(NAMES_MAX):
        rig.board.enter("lobby", person)
    assert not rig.board.is_crowd("lobby")
    rig.board.enter("lobby", ANN)
    assert rig.board.is_crowd("lobby")


def test_a_room_that_nobody_is_in_any_more_is_forgotten() -> None:
    rig = Rig(grace_s=0)
    for stays_for in (0.0, TICK_S, 5 * TICK_S):
        rig.board.enter("lobby", ANN)
        rig.pass_time(stays_for)
        rig.board.exit("lobby", ANN)
        rig.pass_time()
        assert rig.board.here("lobby", NAMES_MAX) == ([], 0)
        assert rig.board._rosters == {}


def test_what_changes_under_overload_is_told_afterwards_in_one_signal() -> None:
    rig = Rig(grace_s=0)
    rig.board.enter("lobby", ANN)
    rig.pass_time()
    rig.held = True
    rig.board.enter("lobby", BOB)
    rig.board.exit("lobby", ANN)
    assert rig.pass_time(100) == []
    assert rig.board.here("lobby", 10) == ([BOB], 1)
    rig.held = False
    [signal] = rig.pass_time()
    assert (signal["here"], signal["gone"], signal["count"]) == ([BOB.model_dump()], [ANN.id], 1)
    assert rig.pass_time(100) == []
