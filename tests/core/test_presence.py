"""Who is here: whoever is told the differences, one after the other, knows the roster."""

from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.models import Author
from hubbub.core.presence import Diff, Roster

ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")

people = st.builds(Author, id=st.sampled_from(["guest-1", "guest-2", "guest-3"]), name=st.sampled_from(["Ann", "Bob"]))
steps = st.lists(
    st.tuples(st.just("enter"), people) | st.tuples(st.just("exit"), people) | st.tuples(st.just("tell"), st.just(ANN)),
    max_size=60,
)


@given(steps)
def test_the_differences_make_the_roster(steps: list[tuple[str, Author]]) -> None:
    roster, connections = Roster(), dict[str, list[Author]]()
    known: dict[str, Author] = {}
    for what, person in [*steps, ("tell", ANN)]:
        mine = connections.setdefault(person.id, [])
        if what == "enter":
            assert roster.enter(person) == (not mine)
            mine.append(person)
        elif what == "exit":
            assert roster.exit(person.id) == (len(mine) == 1)
            del mine[:1]
        elif diff := roster.take_diff():
            assert diff.here or diff.gone
            assert all(known.get(here.id) != here for here in diff.here)
            assert all(gone in known for gone in diff.gone)
            known |= {here.id: here for here in diff.here}
            for gone in diff.gone:
                del known[gone]
            assert diff.count == len(known)
    assert (
        [*sorted(known)]
        == [person.id for person in roster.people(100)]
        == sorted(p for p in connections if connections[p])
    )
    assert list(map(known.get, sorted(known))) == roster.people(100)
    assert roster.count == len(known)


def test_one_with_two_tabs_is_here_once_until_the_last_one_closes() -> None:
    roster = Roster()
    assert (roster.enter(ANN), roster.enter(ANN)) == (True, False)
    assert roster.take_diff() == Diff([ANN], [], 1)
    assert (roster.exit(ANN.id), roster.take_diff()) == (False, None)
    assert (roster.exit(ANN.id), roster.take_diff()) == (True, Diff([], [ANN.id], 0))


def test_what_comes_and_goes_in_between_is_not_told() -> None:
    roster = Roster()
    roster.enter(ANN)
    roster.take_diff()
    roster.enter(BOB)
    roster.exit(BOB.id)
    roster.exit(ANN.id)
    roster.enter(ANN)
    assert roster.take_diff() is None


def test_another_name_is_news() -> None:
    roster = Roster()
    roster.enter(ANN)
    roster.take_diff()
    anna = Author(id=ANN.id, name="Anna")
    roster.enter(anna)
    roster.exit(ANN.id)
    assert roster.take_diff() == Diff([anna], [], 1)
    assert roster.people(10) == [anna]


def test_the_exit_of_one_who_is_not_here_changes_nothing() -> None:
    roster = Roster()
    roster.enter(BOB)
    assert roster.exit(ANN.id) is False
    assert (roster.count, roster.people(10)) == (1, [BOB])


def test_people_are_listed_by_id_up_to_a_limit() -> None:
    roster = Roster()
    for person in (BOB, ANN):
        roster.enter(person)
    assert roster.people(10) == [ANN, BOB]
    assert roster.people(1) == [ANN]
