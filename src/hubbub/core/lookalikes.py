"""Names that look like others (Unicode Technical Standard #39): which are refused, and which count as the same.

Two names are taken for each other when they have the same skeleton. The table below has the letters of other alphabets
that a reader takes for Latin ones in common typefaces, and the few Latin ones that look like each other.
"""

import re
import unicodedata

_TOGETHER = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "KATAKANA-HIRAGANA"}
"""Scripts in which one word may be written in several; so they count as one."""
_LOOKALIKES = {
    "a": "аɑα",
    "b": "ЬƄ",
    "c": "сϲᴄ",
    "d": "ԁժ",
    "e": "еҽ",
    "f": "ƒք",
    "g": "ɡց",
    "h": "һհ",
    "i": "іıɩιӏ1|!ΙІlӀɪյ",
    "j": "јϳ",
    "k": "κкᴋ",
    "m": "мᴍ",
    "n": "ոпη",
    "o": "оοօσ0ᴏ",
    "p": "рρ",
    "q": "ԛզգ",
    "r": "гᴦ",
    "s": "ѕꜱ5$",
    "t": "тτᴛ",
    "u": "սυцᴜ",
    "v": "νѵᴠ",
    "w": "ѡшԝաᴡ",
    "x": "хχ×",
    "y": "уүγყ",
    "z": "ᴢ",
    "A": "АΑ",
    "B": "ВΒ8",
    "C": "С",
    "E": "ЕΕ",
    "H": "НΗ",
    "K": "КΚ",
    "M": "МΜ",
    "N": "Ν",
    "O": "ОΟՕ",
    "P": "РΡ",
    "S": "Ѕ",
    "T": "ТΤ",
    "X": "ХΧ",
    "Y": "УΥҮ",
    "Z": "Ζ",
}
_LATIN = str.maketrans({look: latin.casefold() for latin, looks in _LOOKALIKES.items() for look in looks})
_AS_ONE = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeleton(name: str) -> str:
    """What a reader sees of a name, at a glance: without case, spaces and punctuation, and with one letter for all that
    look alike. Never empty; not for showing."""
    decomposed = unicodedata.normalize("NFKD", name).translate(_LATIN)
    folded = unicodedata.normalize("NFKD", decomposed.casefold().translate(_LATIN))
    seen = "".join(c for c in folded if unicodedata.category(c)[0] in "LMNS")
    for pair, one in _AS_ONE:
        seen = seen.replace(pair, one)
    return seen or name


def mixes_scripts(name: str) -> bool:
    """Whether a word of this name has letters of different scripts, as no word of a language has. Words beside each
    other may differ."""
    words = re.split(r"[\W_]+", unicodedata.normalize("NFKC", name))
    return any(len({_script(c) for c in word if c.isalpha() and unicodedata.category(c) != "Lm"}) > 1 for word in words)


def _script(letter: str) -> str:
    """The first word of a letter's name in Unicode is its script."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if script in _TOGETHER else script
