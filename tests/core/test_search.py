"""Questions as people write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.search import SNIPPET_MAX_CHARS, Needle, Place, Query, Term, read_query
from hubbub.core.words import terms_of
from hubbub.errors import Invalid


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Tea  kettle", Query(needles=(Needle(("tea",), True), Needle(("kettle",), True)))),
        ('"the tea" x', Query(needles=(Needle(("the", "tea"), False), Needle(("x",), True)))),
        ("don't", Query(needles=(Needle(("don", "t"), True),))),
        ('-tea -"a b"', Query(without=(Needle(("tea",), True), Needle(("a", "b"), False)))),
        ('in:lobby IN:"Tea time"', Query(rooms=("lobby", "Tea time"))),
        ("from:Ann from:“Bob B”", Query(people=("Ann", "Bob B"))),
        ("has:link", Query(has_link=True)),
        ("before:1970-01-03 after:1970-1-1", Query(since=86_400_000, until=2 * 86_400_000)),
        ("https://x", Query(needles=(Needle(("https", "x"), True),))),
        ("re:tea", Query(needles=(Needle(("re", "tea"), True),))),
        ("-in:x", Query(without=(Needle(("in", "x"), True),))),
        ('tea "', Query(needles=(Needle(("tea",), True),))),
    ],
)
def test_a_question_is_read(text: str, query: Query) -> None:
    assert read_query(text) == query


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "empty_search", "Write a word"),
        ('?! "" - …', "empty_search", "Write a word"),
        ("tea in:", "bad_search", "“in:”"),
        ('from:""', "bad_search", "“from:”"),
        ("before:yesterday", "bad_search", "a day like 2026-01-31"),
        ("after:2026-02-29", "bad_search", "a day like 2026-01-31"),
        ("has:fun", "bad_search", "has:link"),
        ("a " * 21, "bad_search", "at most 20"),
    ],
)
def test_what_cannot_be_understood_is_explained(text: str, code: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        read_query(text)
    assert refused.value.code == code


@given(st.text(max_size=400), st.integers(-840, 840))
def test_any_text_is_a_question_or_a_clear_mistake(text: str, offset: int) -> None:
    try:
        query = read_query(text, offset)
    except Invalid as mistake:
        assert mistake.code in ("empty_search", "bad_search")
    else:
        query.match(text)


@given(st.dates())
def test_days_are_those_of_the_calendar(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000
    assert read_query(f"before:{day.isoformat()}").until == max(0, midnight)
    assert read_query(f"before:{day.isoformat()}", 60).until == max(0, midnight - 3_600_000)


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_fits_a_question_has_all_its_terms(text: str, question: str) -> None:
    """Otherwise the index would hide it."""
    try:
        query = read_query(f"{question} {text[:9]}")
    except Invalid:
        return
    body = f"{text} {question}"
    if query.match(body) is not None:
        kept = terms_of(body)
        for term in query.terms():
            assert term.text in kept or (term.prefix and any(one.startswith(term.text) for one in kept)), term


@pytest.mark.parametrize("text", ["https://tea.org", "see:http://x", "湖https://tea.org"])
def test_a_link_is_a_word_of_its_own(text: str) -> None:
    assert read_query("has:link").match(text) is not None
    assert any(term.startswith("http") for term in terms_of(text))
    assert read_query("has:link").match(text.replace("http", "xhttp")) is None


def test_pairs_are_asked_for_where_words_stand_alone() -> None:
    assert read_query("湖边见").terms() == [Term("湖边"), Term("边见")]
    assert read_query("湖").terms() == [Term("湖", True)]
    assert read_query('"tea 湖边" te').terms() == [Term("tea"), Term("湖边"), Term("te", True)]


def test_the_snippet_shows_the_first_place_in_its_surroundings() -> None:
    pieces = read_query("kettle tea").match("word " * 50 + "the Kettles\nand the TEA " + "word " * 50)
    assert pieces is not None
    assert [piece.text for piece in pieces if piece.found] == ["Kettle", "TEA"]
    shown = "".join(piece.text for piece in pieces)
    assert "the Kettles and the TEA word" in shown
    assert (shown[0], shown[-1]) == ("…", "…")
    assert len(shown) <= SNIPPET_MAX_CHARS + 2
    [whole] = read_query("from:ann").match("short") or []
    assert (whole.text, whole.found) == ("short", False)


def test_a_place_comes_back_from_its_words() -> None:
    place = Place(1_700_000_000_000, "tea-time", 42)
    assert Place.read(str(place)) == place
