"""The words of a text: what is told apart, and what is not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.words import TERM_MAX_CHARS, Folded, terms_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The KETTLE, is on!", ["the", "kettle", "is", "on"]),
        ("snake_case and don't-stop 3.14", ["snake", "case", "and", "don", "t", "stop", "3", "14"]),
        ("Café naïve Ångström Straße ﬁn Ａｂ", ["cafe", "naive", "angstrom", "strasse", "fin", "ab"]),
        ("cafe\u0301 ёлка Ἀθῆναι", ["cafe", "елка", "αθηναι"]),
        ("湖边abc见", ["湖", "边", "abc", "见"]),
        ("カフェ 대학", ["カ", "フ", "ェ", "대", "학"]),
        ("हिन्दी தமிழ்", ["हिन्दी", "தமிழ்"]),
        ("مُحَمَّد שָׁלוֹם", ["محمد", "שלום"]),
        ("❤️🎉 ok", ["❤", "🎉", "ok"]),
        ("!?… \u200b\n", []),
    ],
)
def test_a_text_falls_into_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_an_index_keeps_words_and_pairs_of_those_that_stand_alone() -> None:
    assert terms_of("Tea tea at 湖边见 5") == {"tea", "at", "湖边", "边见", "见", "5"}
    assert terms_of("a" * 99) == {"a" * TERM_MAX_CHARS}


@given(st.text())
def test_places_lie_in_the_text_in_order_and_apart(text: str) -> None:
    folded = Folded(text)
    places = folded.places([(word.start, word.end) for word in folded.words()])
    assert all(0 <= start < end <= len(folded.text) for start, end in places)
    assert all(one[1] < other[0] for one, other in pairwise(places))


def test_a_place_holds_the_letters_that_were_found_with_their_accents() -> None:
    folded = Folded("un cafe\u0301 ﬁn, Q\u0303!")
    found = [
        folded.text[start:end] for word in folded.words() for start, end in folded.places([(word.start, word.end)])
    ]
    assert found == ["un", "café", "ﬁn", "Q\u0303"]
