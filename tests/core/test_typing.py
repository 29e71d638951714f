"""Who is typing: said again it lasts longer, unsaid it ends."""

from hubbub.core.models import Author
from hubbub.core.typing import Typists

ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")


def test_people_are_typing_in_the_order_in_which_they_began() -> None:
    typists = Typists()
    for person in (BOB, ANN, BOB):
        typists.type(person, until=6.0)
    assert (typists.people(10), typists.people(1), len(typists)) == ([BOB, ANN], [BOB], 2)


def test_it_lasts_until_its_time_and_longer_when_it_is_said_again() -> None:
    typists = Typists()
    typists.type(ANN, until=6.0)
    typists.type(BOB, until=7.0)
    typists.type(ANN, until=9.0)
    typists.expire(6.9)
    assert typists.people(10) == [ANN, BOB]
    typists.expire(7.0)
    assert typists.people(10) == [ANN]
    typists.expire(9.0)
    assert len(typists) == 0


def test_one_who_stops_is_not_typing_and_may_stop_twice() -> None:
    typists = Typists()
    typists.type(ANN, until=6.0)
    assert (ANN.id in typists, BOB.id in typists) == (True, False)
    typists.stop(ANN.id)
    typists.stop(ANN.id)
    assert ANN.id not in typists


def test_one_who_has_another_name_is_typing_under_that() -> None:
    typists = Typists()
    typists.type(ANN, until=6.0)
    anna = Author(id=ANN.id, name="Anna")
    typists.type(anna, until=9.0)
    assert typists.people(10) == [anna]
