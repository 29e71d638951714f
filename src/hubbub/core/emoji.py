"""Which texts are one emoji. The table comes from the PyPI package `emoji` (Unicode's emoji-test data)."""

from functools import cache
from typing import Any

from hubbub.errors import Invalid

FULLY_QUALIFIED = 2
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def is_emoji(text: str) -> bool:
    """Whether the text is exactly one emoji in its recommended form."""
    return _table().get(text) == text


def normalise_emoji(text: str) -> str:
    """The recommended (fully qualified) form. Raises Invalid `bad_emoji` for anything that is not one emoji."""
    found = _table().get(text)
    if found is None:
        raise Invalid("A reaction is exactly one emoji.", code="bad_emoji")
    return found


@cache
def emoji_table() -> list[tuple[str, str]]:
    """Every emoji without skin tones, with its English name."""
    return [
        (character, str(data["en"]).strip(":").replace("_", " "))
        for character, data in _data().items()
        if data["status"] == FULLY_QUALIFIED and not any(tone in character for tone in SKIN_TONES)
    ]


@cache
def _table() -> dict[str, str]:
    """Each known spelling, with its recommended form."""
    names = {data["en"]: character for character, data in _data().items() if data["status"] == FULLY_QUALIFIED}
    return {character: names[data["en"]] for character, data in _data().items() if data["en"] in names}


def _data() -> dict[str, dict[str, Any]]:
    import emoji  # takes a moment: only when a reaction is used

    return emoji.EMOJI_DATA
