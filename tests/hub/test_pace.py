"""When the hub writes to a room: at once while it has little to do, together when it has much."""

from collections.abc import Callable

from hubbub.hub.pace import REST, Pace


class HandLoop:
    """A loop whose time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.work: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, work: Callable[[], None]) -> None:
        self.work.append((self.now, work))

    def call_at(self, when: float, work: Callable[[], None]) -> None:
        self.work.append((when, work))

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def tick(self) -> None:
        """Does what is due."""
        due = [work for when, work in self.work if when <= self.now]
        self.work = [entry for entry in self.work if entry[0] > self.now]
        for work in due:
            work()


def test_after_a_short_round_the_next_comes_at_the_end_of_the_tick() -> None:
    loop, written = HandLoop(), list[str]()
    pace = Pace(loop)
    for word in ("one", "two"):
        pace.soon(lambda word=word: written.append(word))  # type: ignore[misc]
        assert word not in written
        loop.tick()
        assert written[-1] == word


def test_after_a_long_round_the_next_comes_when_the_room_has_rested() -> None:
    loop, written = HandLoop(), list[str]()
    pace = Pace(loop)
    pace.soon(lambda: loop.passes(0.01))
    loop.tick()
    pace.soon(lambda: written.append("later"))
    loop.passes(0.0099 * REST)
    loop.tick()
    assert written == []
    loop.passes(0.0002 * REST)
    loop.tick()
    assert written == ["later"]


def test_a_long_round_in_one_room_does_not_make_another_wait() -> None:
    loop, written = HandLoop(), list[str]()
    large, small = Pace(loop), Pace(loop)
    large.soon(lambda: loop.passes(0.01))
    loop.tick()
    small.soon(lambda: written.append("small"))
    loop.tick()
    assert written == ["small"]
