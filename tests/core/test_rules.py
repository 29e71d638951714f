"""What the rules of a place let people write."""

import pytest

from hubbub.core.models import Place, Role
from hubbub.core.rules import check_message, check_words
from hubbub.errors import Forbidden, Invalid

PLACE = Place(name="Tea house", blocked_words=["Coffee", "instant tea", "Straße", "茶包"])


@pytest.mark.parametrize(
    "text",
    [
        "coffee",
        "More COFFEE!",
        "a **coffee**.",
        "cöffee",
        "instant   tea",
        "Instant-tea?",
        "STRASSE",
        "喝茶包吧",
        "ｃｏｆｆｅｅ",
    ],
)
def test_a_blocked_word_is_found_however_it_is_written_and_not_repeated(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_words(text, PLACE)
    assert refused.value.code == "blocked_word"
    assert "offee" not in refused.value.words


@pytest.mark.parametrize("text", ["coffees", "decoffee", "instant", "tea, instant", "", "👍", "茶"])
def test_only_whole_words_are_blocked(text: str) -> None:
    check_words(text, PLACE)
    check_words("coffee", Place(name="Tea house"))


LINKS = ["https://example.org", "see HTTP://x", "www.example.org", "[here](mailto:ann@example.org)", "ftp://x"]


@pytest.mark.parametrize("text", LINKS)
@pytest.mark.parametrize(
    ("links", "role", "allowed"),
    [
        ("everybody", "guest", True),
        ("members", "guest", False),
        ("members", "member", True),
        ("nobody", "member", False),
        ("nobody", "moderator", True),
        ("members", "owner", True),
    ],
)
def test_links_are_for_whom_the_place_lets_post_them(text: str, links: str, role: Role, allowed: bool) -> None:
    place = PLACE.model_copy(update={"links": links})
    check_message("no link at all: w.w.w", place, role)
    if allowed:
        check_message(text, place, role)
        return
    with pytest.raises(Forbidden) as refused:
        check_message(text, place, role)
    assert refused.value.code == "no_links"


def test_words_are_blocked_in_messages_of_everybody() -> None:
    with pytest.raises(Invalid):
        check_message("coffee", PLACE, "owner")
