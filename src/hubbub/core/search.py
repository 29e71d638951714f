"""What somebody looks for: the question read from its text, and what of a message answers it."""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from hubbub.core.models import Piece
from hubbub.core.words import TERM_MAX_CHARS, Folded, Word, stands_alone, words_of
from hubbub.errors import Invalid

DAY_MS = 86_400_000
NEEDLES_MAX = 20
SNIPPET_MAX_CHARS = 160
LEAD_CHARS = 40
"""So much of a text is shown before the first place that was found."""

_PART = re.compile(r"""(-?)(?:(in|from|before|after|has):)?(?:"([^"]*)"?|(\S+))?""", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_SCHEMES = ("http", "https")


class Place(NamedTuple):
    """Of a message among all: newest first, those of one moment by room. Also how a page says where it ended."""

    at: int
    room: str
    seq: int

    @property
    def key(self) -> tuple[int, str, int]:
        """What comes first in the order of answers has the least."""
        return -self.at, self.room, -self.seq

    def __str__(self) -> str:
        return f"{self.at}.{self.room}.{self.seq}"

    @classmethod
    def read(cls, text: str) -> "Place":
        at, room, seq = text.split(".")
        return cls(int(at), room, int(seq))


class Term(NamedTuple):
    """What an index is asked for: a term, or all terms that begin with it."""

    text: str
    prefix: bool = False


class Needle(NamedTuple):
    """Words that must follow each other. `prefix`: the last one may be the beginning of a longer word."""

    words: tuple[str, ...]
    prefix: bool

    def terms(self) -> list[Term]:
        """A text with this needle has all of these; a text that has them need not have the needle."""
        alone = [stands_alone(word) for word in self.words]
        last = len(self.words) - 1
        terms: list[Term] = []
        for at, word in enumerate(self.words):
            if not alone[at]:
                terms.append(Term(word[:TERM_MAX_CHARS], self.prefix and at == last))
            elif at < last and alone[at + 1]:
                terms.append(Term(word + self.words[at + 1]))
            elif at == 0 or not alone[at - 1]:
                terms.append(Term(word, True))  # it begins a pair, or stands for itself
        return terms

    def stands_at(self, words: list[str]) -> list[int]:
        """With which of these words it begins."""
        *before, last = self.words
        count = len(before)
        finals = enumerate(words[count:])
        ends = [at for at, word in finals if (word.startswith(last) if self.prefix else word == last)]
        return [at for at in ends if words[at : at + count] == before]

    def places(self, words: list[Word]) -> list[tuple[int, int]]:
        """Where it stands in the text that has these words."""
        last = len(self.words) - 1
        begins = self.stands_at([word.text for word in words])
        return [(words[at].start, words[at + last].start + len(self.words[last])) for at in begins]


@dataclass(frozen=True)
class Query:
    """All of it must be true of a message."""

    needles: tuple[Needle, ...] = ()
    without: tuple[Needle, ...] = ()
    rooms: tuple[str, ...] = ()
    """Ids or names, as they were written."""
    people: tuple[str, ...] = ()
    """The beginnings of names, as they were written."""
    since: int | None = None
    until: int | None = None
    """Times in milliseconds: from the first on, up to and without the second."""
    has_link: bool = False

    def terms(self) -> list[Term]:
        """What an index can be asked for, the same only once."""
        wanted = [term for needle in self.needles for term in needle.terms()]
        return list(dict.fromkeys(wanted + ([Term("http", True)] if self.has_link else [])))

    def match(self, text: str) -> list[Piece] | None:
        """The part of the text that answers, in pieces; None if the text does not."""
        folded = Folded(text)
        if not all(word in folded.bare for needle in self.needles for word in needle.words):
            return None  # most texts leave here, before their words are told apart
        plain_words = folded.plain_words()
        if not all(needle.stands_at(plain_words) for needle in self.needles):
            return None  # and the others here, before it is known where each word stands
        if any(needle.stands_at(plain_words) for needle in self.without):
            return None
        words = folded.words()
        if self.has_link and not any(folded.bare.startswith("://", end) for word, _, end in words if word in _SCHEMES):
            return None
        places = [place for needle in self.needles for place in needle.places(words)]
        return _snippet(folded.text, folded.places(places))


def read_query(text: str, utc_offset_min: int = 0) -> Query:
    """`kettle tea` both, or longer words that begin so; `"the kettle"` exactly this; `-tea` without; `in:room`,
    `from:name`, `before:2026-01-31`, `after:2026-01-31`, `has:link`. Days begin at midnight of a clock that is
    `utc_offset_min` minutes ahead of UTC. Raises Invalid `empty_search` or `bad_search`."""
    query = Query()
    for part in _PART.finditer(text.translate(_QUOTES)):
        minus, name, quoted, word = part.groups()
        if name and not minus:
            query = _filtered(query, name.lower(), (quoted or word or "").strip(), utc_offset_min)
            continue
        words = tuple(words_of(f"{name or ''} {quoted or word or ''}"))
        if words:
            needle = Needle(words, prefix=quoted is None)
            query = replace(query, without=(*query.without, needle)) if minus else _with(query, needle)
    if len(query.needles) + len(query.without) > NEEDLES_MAX:
        raise Invalid(f"Look for at most {NEEDLES_MAX} words at once.", code="bad_search")
    if query == Query():
        raise Invalid("Write a word to look for.", code="empty_search")
    return query


def _with(query: Query, needle: Needle) -> Query:
    return replace(query, needles=(*query.needles, needle))


def _filtered(query: Query, name: str, value: str, utc_offset_min: int) -> Query:
    if not value:
        raise Invalid(f"Write what belongs behind “{name}:”, without a space between.", code="bad_search")
    match name:
        case "in":
            return replace(query, rooms=(*query.rooms, value))
        case "from":
            return replace(query, people=(*query.people, value))
        case "has":
            if value.lower() not in ("link", "links"):
                raise Invalid("“has:” knows only “has:link”.", code="bad_search")
            return replace(query, has_link=True)
        case _:
            day = _day_number(value)
            if day is None:
                raise Invalid(f"“{name}:” needs a day like 2026-01-31.", code="bad_search")
            midnight = max(0, day * DAY_MS - utc_offset_min * 60_000)
            return replace(query, until=midnight) if name == "before" else replace(query, since=midnight + DAY_MS)


def _day_number(text: str) -> int | None:
    """Days since 1970-01-01 of a day of the Gregorian calendar, by counting years from March on."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    if not found:
        return None
    year, month, day = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= (29 + leap - 1 if month == 2 else 30 + (month + month // 8) % 2):
        return None
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719_469


def _snippet(text: str, places: list[tuple[int, int]]) -> list[Piece]:
    """The text around the first place, its line ends as spaces, with all places in it."""
    start = max(0, places[0][0] - LEAD_CHARS) if places else 0
    if start:
        space = text.find(" ", start, places[0][0])
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + SNIPPET_MAX_CHARS)
    pieces, at = [Piece(text="…")] if start else [], start
    for first, past in places:
        if first >= end:
            break
        pieces += [Piece(text=text[at:first]), Piece(text=text[first : min(past, end)], found=True)]
        at = min(past, end)
    pieces += [Piece(text=text[at:end]), Piece(text="…" if end < len(text) else "")]
    return [Piece(text=re.sub(r"\s", " ", piece.text), found=piece.found) for piece in pieces if piece.text]
