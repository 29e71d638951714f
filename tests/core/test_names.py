"""Names for guests who have not chosen one."""

from collections import Counter
from itertools import pairwise

from hubbub.core import policy
from hubbub.core.models import Person
from hubbub.core.names import ANIMALS, COLOURS, guest_name
from hubbub.core.text import clean_name

NOW = 1_700_000_000_000


def test_a_name_is_a_colour_and_an_animal_and_always_the_same() -> None:
    for number in (0, 1, NOW, 2**53 - 1):
        colour, animal = guest_name(number).split()
        assert colour in COLOURS
        assert animal in ANIMALS
        assert guest_name(number) == f"{colour} {animal}"


def test_no_word_is_on_a_list_twice() -> None:
    for words in (COLOURS, ANIMALS):
        assert len(words) > 70
        assert Counter(words).most_common(1)[0][1] == 1


def test_every_name_is_one_that_a_person_may_have() -> None:
    me = Person(id="guest-1", name="Me", kind="guest", created_at=1)
    for colour in COLOURS:
        for animal in ANIMALS:
            assert clean_name(f"{colour} {animal}") == f"{colour} {animal}"
            policy.may_be_called(f"{colour} {animal}", me)


def test_people_who_come_one_after_the_other_look_different() -> None:
    names = [guest_name(NOW + n) for n in range(1000)]
    assert all(before != after for before, after in pairwise(names))
    assert len(set(names)) > 900


def test_nearly_all_names_are_used() -> None:
    names = {guest_name(NOW + 137 * n) for n in range(20 * len(COLOURS) * len(ANIMALS))}
    assert len(names) > 0.95 * len(COLOURS) * len(ANIMALS)
