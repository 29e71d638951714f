"""What one signs in with: a login name or an e-mail address, and a password."""

import re
import unicodedata

from hubbub.errors import Invalid

LOGIN_MIN_CHARS = 2
LOGIN_MAX_CHARS = 32
EMAIL_MAX_CHARS = 254
PASSWORD_MIN_CHARS = 8
PASSWORD_MAX_CHARS = 500

_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "HANGUL": "CJK", "BOPOMOFO": "CJK"}
"""Scripts that are written together."""
_EMAIL = re.compile(r"[!-?A-~]+@[0-9A-Za-z.-]*[0-9A-Za-z]")

COMMON_PASSWORDS = frozenset(
    "password password1 password12 password123 password1234 password! passw0rd p@ssword p@ssw0rd p@$$w0rd pa55word "
    "passwort passwort1 motdepasse contraseña contrasena senha123 12345678 123456789 1234567890 0123456789 987654321 "
    "9876543210 87654321 11111111 111111111 00000000 22222222 66666666 88888888 99999999 12341234 11223344 1122334455 "
    "123123123 147258369 159753456 789456123 741852963 135792468 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 q1w2e3r4 "
    "q1w2e3r4t5 zaq12wsx zaq1zaq1 qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwer1234 qwerasdf qweasdzxc "
    "asdfghjk asdfghjkl asdf1234 asdfasdf zxcvbnm1 zxcvbnm123 azertyui azertyuiop qwertzui qwertzuiop abcd1234 "
    "abcdefgh abcdefg1 abc12345 abc123456 a1234567 a12345678 aa123456 aaaaaaaa iloveyou iloveyou1 ilovegod sunshine "
    "sunshine1 princess princess1 football football1 baseball baseball1 basketball superman superman1 batman123 "
    "starwars starwars1 pokemon1 pokemon123 dragon123 master123 monkey123 shadow123 michael1 jennifer jessica1 "
    "charlie1 jonathan samantha alexander christian computer internet whatever trustno1 letmein1 letmein123 welcome1 "
    "welcome123 welcome2 admin123 admin1234 administrator changeme changeme1 changeme123 default1 secret123 "
    "test1234 testtest testing1 hello123 helloworld mustang1 corvette mercedes ferrari1 liverpool arsenal1 chelsea1 "
    "manchester blink182 metallica slipknot cocacola chocolate butterfly flower123 cheese123 killer123 blahblah "
    "freedom1 summer123 winter123 spring123 autumn123 october1 november december september january1".split()
)
"""The commonest that are long enough; compared without case."""


def clean_login(login: str) -> str:
    """As it is shown: NFC. Raises Invalid `bad_login`."""
    login = unicodedata.normalize("NFC", login.strip())
    if not LOGIN_MIN_CHARS <= len(login) <= LOGIN_MAX_CHARS:
        raise _bad_login(f"A login name has {LOGIN_MIN_CHARS} to {LOGIN_MAX_CHARS} characters.")
    if not all(_in_login(c) for c in login) or not login[0].isalnum():
        raise _bad_login("A login name has letters, digits, dots, hyphens and underscores, and begins with a letter.")
    scripts = {_script_of(c) for c in login if c.isalpha()}
    if len(scripts) > 1:
        raise _bad_login("A login name has letters of one alphabet only.")
    return login


def key_of(name: str) -> str:
    """By which login names and e-mail addresses are compared: without case and forms."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def clean_email(email: str | None) -> str | None:
    """None for an empty one. Raises Invalid `bad_email`."""
    email = (email or "").strip()
    if not email:
        return None
    if len(email) > EMAIL_MAX_CHARS or not _EMAIL.fullmatch(email):
        raise Invalid("This is no e-mail address. Write one as ann@example.org, or none.", code="bad_email")
    return email


def clean_password(password: str) -> str:
    """As it is hashed: NFC, so that it does not depend on the keyboard. Raises Invalid `bad_password`."""
    password = unicodedata.normalize("NFC", password)
    if len(password) < PASSWORD_MIN_CHARS:
        raise _bad_password(f"A password has at least {PASSWORD_MIN_CHARS} characters. Several words are a good one.")
    if len(password) > PASSWORD_MAX_CHARS:
        raise _bad_password(f"A password has at most {PASSWORD_MAX_CHARS} characters.")
    if password.casefold() in COMMON_PASSWORDS:
        raise _bad_password("This is one of the passwords that everybody tries first. Choose another.")
    return password


def _in_login(c: str) -> bool:
    return c in "._-" or (c.isascii() and c.isdigit()) or c.isalpha() or unicodedata.category(c) in ("Mn", "Mc")


def _script_of(letter: str) -> str:
    script = unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]
    return _TOGETHER.get(script, script)


def _bad_login(words: str) -> Invalid:
    return Invalid(words, code="bad_login")


def _bad_password(words: str) -> Invalid:
    return Invalid(words, code="bad_password")
