"""Text as people type it: what is kept, what is refused, and what names become."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.text import (
    clean_message,
    clean_name,
    drop_control_characters,
    excerpt,
    has_control_characters,
    room_slug,
    shows_something,
)
from hubbub.errors import Invalid, TooLarge

CONTROLS = [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\t\n\r"]
INVISIBLE = [
    "",
    " ",
    "\n\t ",
    "\u200b",
    "\u200d\u200c",
    "\ufeff",
    "\u2060",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\u00ad",
]
NASTY_IN_NAMES = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\u2029",
    "\ue000",
    "\u0378",
    "\ud800",
    "\U000e0041",
]


def code_of(function: object, *arguments: object) -> str:
    with pytest.raises(Invalid) as refused:
        function(*arguments)  # type: ignore[operator]
    assert refused.value.words
    return refused.value.code


# Messages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["hi", " hi \n", "\ta", "e\u0301", "\u202eabc", "👩‍👩‍👧", "a\n\n\nb", "ｆｕｌｌ", "Ǆ"])
def test_a_message_is_kept_as_it_was_typed(text: str) -> None:
    assert clean_message(text) == text


def test_only_line_ends_are_unified() -> None:
    assert clean_message("a\r\nb\rc\nd\r\n") == "a\nb\nc\nd\n"


@pytest.mark.parametrize("character", CONTROLS, ids=lambda c: f"{ord(c):02x}")
def test_control_characters_are_refused(character: str) -> None:
    assert code_of(clean_message, f"a{character}b") == "bad_text"
    assert has_control_characters(f"a{character}b")
    assert drop_control_characters(f"a{character}b") == "ab"


def test_newline_and_tab_are_no_control_characters() -> None:
    assert not has_control_characters("a\n\tb")
    assert drop_control_characters("a\n\tb") == "a\n\tb"


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_what_nobody_would_see_is_refused(text: str) -> None:
    assert clean_message(f"{text}x{text}") == f"{text}x{text}"
    assert not shows_something(text)
    assert code_of(clean_message, text) == "empty_text"


def test_a_message_has_at_most_8000_characters() -> None:
    assert clean_message("x" * 8000) == "x" * 8000
    with pytest.raises(TooLarge) as refused:
        clean_message("x" * 8001)
    assert refused.value.code == "text_too_long"
    assert "8,001" in refused.value.words
    assert clean_message("\r\n" * 7999 + "x")


@given(st.text())
def test_a_clean_message_stays_as_it_is(text: str) -> None:
    try:
        clean = clean_message(text)
    except Invalid:
        return
    assert clean_message(clean) == clean
    assert clean == re.sub("\r\n?", "\n", text)


# Names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Ann", "Ann"),
        ("  Ann \t of\nGreen   Gables ", "Ann of Green Gables"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ("می‌خواهم", "می‌خواهم"),
        ("a\u00a0b", "a b"),
        ("x" * 60, "x" * 60),
        ("e\u0301" * 60, "\u00e9" * 60),
        ("ด็็็็", "ด็็็็"),
    ],
)
def test_a_name_is_normalised(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize("character", [*CONTROLS, *NASTY_IN_NAMES], ids=lambda c: f"{ord(c):02x}")
def test_42_characters_that_deceive_are_refused_in_names(character: str) -> None:
    assert clean_name("a b") == "a b"
    assert code_of(clean_name, f"a{character}b") == "bad_name"


@pytest.mark.parametrize("name", [*INVISIBLE, "x" * 61, "ด็็็็็", "Z\u0351\u036b\u0343\u036a\u0302"], ids=ascii)
def test_names_that_show_nothing_or_too_much_are_refused(name: str) -> None:
    assert code_of(clean_name, name) == "bad_name"


@given(st.text(max_size=70))
def test_a_clean_name_stays_as_it_is_and_fits_on_a_line(name: str) -> None:
    try:
        clean = clean_name(name)
    except Invalid:
        return
    assert clean_name(clean) == clean
    assert clean == " ".join(clean.split())
    assert 1 <= len(clean) <= 60
    assert shows_something(clean)
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Co", "Cn", "Cs", "Zl", "Zp"}


# Ids of rooms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Garden Plans!", "garden-plans"),
        ("  --A--  ", "a"),
        ("Zoë & Søren", "zoe-sren"),
        ("ﬁne ①", "fine-1"),
        ("日本", "room-1"),
        ("🌊", "room-1"),
        ("a" * 60, "a" * 40),
        ("a" * 39 + " b", "a" * 39),
        ("../etc/passwd", "etc-passwd"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, slug: str) -> None:
    assert room_slug(name, lambda slug: False, "room-1") == slug


def test_an_id_that_is_taken_gets_a_number() -> None:
    taken = {"tea", "tea-2", "tea-3"}
    assert room_slug("Tea", taken.__contains__, "room") == "tea-4"


@given(st.text(max_size=60), st.integers(0, 12))
def test_an_id_fits_and_is_free_however_many_are_taken(name: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others + 1):
        slug = room_slug(name, taken.__contains__, "room-18c2f0a1b2c")
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", slug)
        assert slug not in taken
        taken.add(slug)


# Excerpts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short", 10, "short"),
        ("ten  chars", 10, "ten chars"),
        ("exactly 10", 10, "exactly 10"),
        ("more than ten", 10, "more than…"),
        ("two\nlines", 10, "two lines"),
        ("a" + " " * 100 + "b", 10, "a…"),
        (" " * 100, 10, "…"),
        ("", 10, ""),
    ],
)
def test_an_excerpt_is_one_short_line(text: str, limit: int, short: str) -> None:
    assert excerpt(text, limit) == short


@given(st.text(), st.integers(2, 50))
def test_an_excerpt_is_never_too_long_and_says_when_something_is_left_out(text: str, limit: int) -> None:
    short = excerpt(text, limit)
    assert len(short) <= limit
    assert not re.search(r"\s\s|\n", short)
    whole = " ".join(text.split())
    assert short == whole or (short.endswith("…") and whole.startswith(short.removesuffix("…")))
