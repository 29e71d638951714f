"""Names that are taken for others, and names that only seem so (threat 42)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.lookalikes import _LOOKALIKES, mixes_scripts, skeleton


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("paypal", "PayPal"),
        ("paypal", "раурαӏ"),
        ("Ann", "АΝN"),
        ("admin", "ɑdmіn"),
        ("Bill", "BiII"),
        ("Bill", "B1ll"),
        ("modern", "modem"),
        ("Ola", "0la"),
        ("Anna B.", "anna b"),
        ("scope", "ѕсоре"),
        ("ABBA", "ＡＢＢＡ"),
        ("alice", "𝒶𝓁𝒾𝒸𝑒"),
        ("wave", "vvave"),
        ("José", "Jose\u0301"),
    ],
)
def test_42_names_that_look_alike_have_one_skeleton(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [("Ann", "Anna"), ("José", "Jose"), ("Ben", "Ken"), ("Ольга", "Олег"), ("湖边", "湖"), ("🎉", "🌊"), ("!", "?")],
)
def test_42_other_names_have_other_skeletons(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)


@pytest.mark.parametrize("name", ["pаypal", "Аnn", "Iван", "αlpha", "Ola Nоrdmann"])
def test_42_a_word_of_several_alphabets_is_found(name: str) -> None:
    assert mixes_scripts(name)


@pytest.mark.parametrize(
    "name",
    [
        "Ann",
        "José Müller",
        "Иван",
        "Иван Smith",
        "Ольга-2",
        "東京タワーのひと",
        "한글 이름",
        "Ann 🎉",
        "ＡＢＣ",
        "Δημήτρης",
        "x² y",
        "محمد",
    ],
)
def test_42_a_name_as_people_have_is_none(name: str) -> None:
    assert not mixes_scripts(name)


@given(st.text(min_size=1, max_size=30))
def test_a_skeleton_is_never_empty_and_the_same_however_accents_are_written(name: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    assert skeleton(composed) == skeleton(decomposed) != ""


def test_nothing_stands_for_two_letters() -> None:
    everything = "".join(_LOOKALIKES.values())
    assert len(set(everything)) == len(everything)
