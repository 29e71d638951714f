"""The words of a text, as search compares them: without case, accents and punctuation.

A word is a run of letters and digits. Where words are not parted by spaces (Chinese, Japanese, Korean, Thai …) each
character counts as a word of its own, and so does an emoji: a text in these is found by any part of it.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

TERM_MAX_CHARS = 40
"""Longer words are told apart by reading the text, not by the index."""

ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2600-\u27bf\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31a0-\u31ff"  # symbols; kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d"  # Chinese characters, Hangul syllables
    "\U0001f000-\U0001faff\U00020000-\U0003ffff"  # emoji; rare Chinese characters
)
"""Characters that are words of their own, as the inside of a class of a regular expression."""

_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670\ufe00-\ufe0f]+")
"""Of Latin, Greek and Cyrillic letters; points of Hebrew and Arabic; what chooses the look of an emoji."""
_ASCII_WORD = re.compile("[a-z0-9]+")


class Word(NamedTuple):
    text: str
    start: int
    end: int
    """Where it stands in the folded text."""


class Folded:
    """A text made ready to be compared. `text` is the given one in NFC, `bare` what is compared."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFC", text)
        self.bare = self.text.lower() if self.text.isascii() else "".join(map(_fold, self.text))

    def plain_words(self) -> list[str]:
        return _pattern(self.bare).findall(self.bare)

    def words(self) -> list[Word]:
        return [Word(match[0], match.start(), match.end()) for match in _pattern(self.bare).finditer(self.bare)]

    def places(self, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Where these ranges of `bare` stand in `text`: in order, those that touch each other as one."""
        if not self.text.isascii():
            origin = [at for at, character in enumerate(self.text) for _ in _fold(character)]
            ranges = [(origin[start], self._past_accents(origin[end - 1] + 1)) for start, end in ranges]
        joined: list[tuple[int, int]] = []
        for start, end in sorted(ranges):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _past_accents(self, end: int) -> int:
        while end < len(self.text) and not _fold(self.text[end]):
            end += 1
        return end


def words_of(text: str) -> list[str]:
    return Folded(text).plain_words()


def terms_of(text: str) -> set[str]:
    """What an index keeps of a text: its words, and of words of one character each pair of neighbours."""
    words = words_of(text)
    if text.isascii():
        return {word[:TERM_MAX_CHARS] for word in words}
    return {_term(word, following) for word, following in zip(words, [*words[1:], ""], strict=True)}


def stands_alone(word: str) -> bool:
    return not word.isascii() and _alone().fullmatch(word) is not None


def _pattern(bare: str) -> re.Pattern[str]:
    return _ASCII_WORD if bare.isascii() else _any_word()


def _term(word: str, following: str) -> str:
    if word.isascii() or not stands_alone(word):
        return word[:TERM_MAX_CHARS]
    return word + following if stands_alone(following) else word


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    """Of `é` the `e`, of `Ａ` the `a`, of `ß` the two letters `ss`; of a lone accent nothing."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", character.casefold()))
    return unicodedata.normalize("NFC", plain.casefold())


@cache
def _alone() -> re.Pattern[str]:
    return re.compile(f"[{ALONE}]")


@cache
def _any_word() -> re.Pattern[str]:
    """Marks belong to words: vowels of Indian scripts, for one."""
    marks = "".join(chr(n) for n in range(0x370, 0x1E000) if unicodedata.category(chr(n)) in ("Mn", "Mc", "Me"))
    return re.compile(rf"[{ALONE}]|(?:[^\W_{ALONE}]|[{marks}])+")
