"""The rules of a place for what people write: words that nobody may use, and who may post links."""

import re

from hubbub.core.models import Place, Role
from hubbub.core.policy import ROLES
from hubbub.core.words import words_of
from hubbub.errors import Forbidden, Invalid

WORDS_MAX = 200

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|mailto:|\bwww\.", re.IGNORECASE)


def check_words(text: str, place: Place) -> None:
    """For a message, a name, also of a file, or a topic. Raises Invalid `blocked_word`, without repeating the word."""
    if not place.blocked_words:
        return
    written = f" {' '.join(words_of(text))} "
    if any(f" {words} " in written for blocked in place.blocked_words if (words := " ".join(words_of(blocked)))):
        raise Invalid("This has a word that is not allowed here. Write it another way.", code="blocked_word")


def check_message(text: str, place: Place, role: Role) -> None:
    """`role`: of its author in the room. Raises Invalid `blocked_word`, Forbidden `no_links`."""
    check_words(text, place)
    if place.links == "everybody" or ROLES.index(role) >= ROLES.index("moderator"):
        return
    if (place.links == "nobody" or role == "guest") and _LINK.search(text):
        who = "Links are" if place.links == "nobody" else "Links of guests are"
        raise Forbidden(f"{who} not allowed here. Take the link out.", code="no_links")
