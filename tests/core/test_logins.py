"""Login names, e-mail addresses and passwords."""

import pytest

from hubbub.core.logins import COMMON_PASSWORDS, PASSWORD_MIN_CHARS, clean_email, clean_login, clean_password, key_of
from hubbub.errors import Invalid


@pytest.mark.parametrize("login", ["ann", "Ann.B-c_9", "Zoë", "Анна", "Ελένη", "田中たろう", "김철수", "नेहा", "7up"])
def test_people_of_every_script_can_have_a_login_name(login: str) -> None:
    assert clean_login(f" {login} ") == login


@pytest.mark.parametrize(
    "login", ["", "a", "x" * 33, "ann b", "ann@b", ".ann", "_a", "аnn", "ann\u200b", "an\nn", "a😀", "a١"]
)
def test_other_names_are_refused(login: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_login(login)
    assert refused.value.code == "bad_login"


def test_names_are_compared_without_case_and_forms() -> None:
    assert key_of("ANN") == key_of("ａｎｎ") == "ann"
    assert key_of("STRASSE") == key_of("straße")
    assert key_of("Zoe\u0308") == key_of("zoë")
    assert key_of("ann") != key_of("anna")


def test_an_address_is_kept_as_it_is_and_an_empty_one_is_none() -> None:
    assert clean_email(" Ann@Chat.example ") == "Ann@Chat.example"
    assert clean_email("") is clean_email(None) is None
    for wrong in ("ann", "@x", "a@", "a b@c", "a@b c", "a@b\nc", "é@x.example", "a@" + "b" * 260):
        with pytest.raises(Invalid, match="e-mail address"):
            clean_email(wrong)


def test_a_password_is_long_enough_and_not_one_of_the_commonest() -> None:
    assert clean_password("e\u0301tagère1") == "étagère1"
    assert clean_password("        ") == "        "
    for wrong in ("1234567", "x" * 501, "password1", "PASSWORD1", "qwertyuiop"):
        with pytest.raises(Invalid) as refused:
            clean_password(wrong)
        assert refused.value.code == "bad_password"
    assert {len(password) < PASSWORD_MIN_CHARS for password in COMMON_PASSWORDS} == {False}
