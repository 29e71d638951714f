"""Which texts are one emoji."""

import pytest
from pydantic import TypeAdapter

from hubbub.core.emoji import SKIN_TONES, emoji_table, is_emoji, normalise_emoji
from hubbub.errors import Invalid
from hubbub.protocol import Emoji

ONE = ["👍", "❤️", "🏳️‍🌈", "👩‍👩‍👧", "🇩🇪", "1️⃣", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏻‍🤝‍👨🏿"]
NONE = [
    "",
    " ",
    "a",
    "1",
    "#",
    "👍👍",
    "👍 ",
    " 👍",
    "👍a",
    ":thumbs_up:",
    "🏽🏽",
    "\ufe0f",
    "\u200d",
    "🇩",
    "<b>",
    "👍\n",
    "haha",
]


@pytest.mark.parametrize("text", ONE)
def test_one_emoji_is_one(text: str) -> None:
    assert is_emoji(text)
    assert normalise_emoji(text) == text


@pytest.mark.parametrize("text", NONE, ids=ascii)
def test_anything_else_is_not(text: str) -> None:
    assert not is_emoji(text)
    with pytest.raises(Invalid) as refused:
        normalise_emoji(text)
    assert refused.value.code == "bad_emoji"


@pytest.mark.parametrize(("typed", "recommended"), [("❤", "❤️"), ("☺", "☺️"), ("🏳‍🌈", "🏳️‍🌈"), ("1⃣", "1️⃣")])
def test_other_spellings_become_the_recommended_one(typed: str, recommended: str) -> None:
    assert not is_emoji(typed)
    assert normalise_emoji(typed) == recommended


def test_the_table_offers_every_emoji_once_without_skin_tones() -> None:
    table = emoji_table()
    characters = [character for character, _ in table]
    assert len(characters) == len(set(characters)) > 1500
    assert ("👍", "thumbs up") in table
    assert not any(set(character) & set(SKIN_TONES) for character in characters)
    assert all(name and ":" not in name[:1] and "_" not in name for _, name in table)


def test_every_emoji_of_the_table_is_its_own_recommended_form_and_fits_the_protocol() -> None:
    adapter = TypeAdapter(Emoji)
    for character, _ in emoji_table():
        assert normalise_emoji(character) == character
        adapter.validate_python(character)
