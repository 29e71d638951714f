"""Text as people type it: bounds, and the characters that are not allowed.

The text of a message is kept as it was typed (only line ends are unified): clients of the tutorial's protocol must
read back what was written. Names are normalised, because they are compared and stand beside other people's words.
"""

import re
import unicodedata
from collections.abc import Callable

from hubbub.errors import Invalid, TooLarge

TEXT_MAX_CHARS = 8_000
NAME_MAX_CHARS = 60
TOPIC_MAX_CHARS = 200
MARKS_MAX = 4
"""Combining marks in a row in a name: enough for every living script."""
SLUG_MAX_CHARS = 40

_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that show nothing."""
_NOT_IN_NAMES = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"
"""Zero-width joiners belong to emoji and to some scripts, between visible characters."""


def clean_message(text: str, limit: int = TEXT_MAX_CHARS) -> str:
    """The text of a message, with line ends as "\\n". Raises Invalid (`empty_text`, `bad_text`), TooLarge."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > limit:
        raise TooLarge(f"A message has at most {limit:,} characters; this one has {len(text):,}.", code="text_too_long")
    if has_control_characters(text):
        raise Invalid("Control characters other than newline and tab are not allowed.", code="bad_text")
    if not shows_something(text):
        raise Invalid("There is nothing to see in this message.", code="empty_text")
    return text


def clean_name(name: str) -> str:
    """A name of a person or a room: NFC, white space collapsed. Raises Invalid `bad_name`."""
    if any(c not in " \t\n" and c not in _JOINERS and unicodedata.category(c) in _NOT_IN_NAMES for c in name):
        raise Invalid("A name cannot have invisible or control characters.", code="bad_name")
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not shows_something(name):
        raise Invalid("A name needs at least one visible character.", code="bad_name")
    if len(name) > NAME_MAX_CHARS:
        raise Invalid(f"A name has at most {NAME_MAX_CHARS} characters.", code="bad_name")
    if _longest_run_of_marks(name) > MARKS_MAX:
        raise Invalid("There are too many accents on one letter of this name.", code="bad_name")
    return name


def clean_topic(topic: str) -> str | None:
    """In one line, as names are; None for an empty one. Raises Invalid `bad_topic`."""
    topic = " ".join(unicodedata.normalize("NFC", topic).split())
    if len(topic) > TOPIC_MAX_CHARS:
        raise Invalid(f"A topic has at most {TOPIC_MAX_CHARS} characters.", code="bad_topic")
    if any(c not in _JOINERS and unicodedata.category(c) in _NOT_IN_NAMES for c in topic):
        raise Invalid("A topic cannot have invisible or control characters.", code="bad_topic")
    return topic if shows_something(topic) else None


def has_control_characters(value: str) -> bool:
    """True for any C0 or C1 control character or DEL, but newline and tab."""
    return not value.isprintable() and bool(_CONTROLS.search(value))  # the first look is fast, and mostly enough


def drop_control_characters(value: str) -> str:
    """Without C0 and C1 control characters and DEL; newline and tab stay."""
    return _CONTROLS.sub("", value)


def shows_something(value: str) -> bool:
    """Whether a reader would see anything."""
    for c in value:
        if not c.isspace() and c not in _BLANK_LETTERS and unicodedata.category(c) not in ("Cf", "Mn", "Me", "Cc"):
            return True
    return False


def room_slug(name: str, taken: Callable[[str], bool], fallback: str) -> str:
    """An id for a room, made from its name: small letters, digits and hyphens, at most 40. A name without any of
    them gives `fallback`; one that is taken gets a number."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:SLUG_MAX_CHARS].strip("-") or fallback
    candidate, number = slug, 1
    while taken(candidate):
        number += 1
        candidate = f"{slug[: SLUG_MAX_CHARS - len(str(number)) - 1].rstrip('-')}-{number}"
    return candidate


def excerpt(text: str, limit: int = 200) -> str:
    """The beginning of a text in one line, with "…" where something is left out."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1].rstrip() + "…"


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _longest_run_of_marks(name: str) -> int:
    longest = run = 0
    for character in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0  # Thai marks have no combining class
        longest = max(longest, run)
    return longest
