"""Every error has a status, a code and words; the page of HTTP and that of WebSockets are true to them."""

import json
import re

import pytest

from hubbub import errors
from hubbub.errors import CloseCode, HubbubError
from hubbub.web.problems import problem_of, problem_response

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubbubError)]
HTTP = {
    "HubbubError": (500, "internal", False),
    "Invalid": (422, "invalid", False),
    "TooLarge": (413, "too_large", False),
    "SignInNeeded": (401, "sign_in_needed", False),
    "Forbidden": (403, "forbidden", False),
    "NotFound": (404, "not_found", False),
    "MethodNotAllowed": (405, "method_not_allowed", False),
    "Conflict": (409, "conflict", False),
    "RateLimited": (429, "rate_limited", True),
    "Unavailable": (503, "unavailable", True),
    "NoSpace": (507, "no_space", False),
    "SetupError": (500, "setup", False),
}


def test_each_error_has_its_status_code_and_answer_to_shall_i_try_again() -> None:
    assert {kind.__name__: (kind.status, kind.default_code, kind.retry) for kind in KINDS} == HTTP
    assert len({kind.default_code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_carries_words_and_may_have_a_finer_code(kind: type[HubbubError]) -> None:
    plain = kind("It did not work.")
    assert (str(plain), plain.words, plain.code, plain.retry_after_s) == (
        "It did not work.",
        "It did not work.",
        kind.default_code,
        None,
    )
    finer = kind("It did not work.", code="finer", retry_after_s=1.5)
    assert (finer.code, finer.retry_after_s) == ("finer", 1.5)


@pytest.mark.parametrize("kind", KINDS)
def test_over_http_it_is_a_problem_with_the_right_status(kind: type[HubbubError]) -> None:
    answer = problem_response(kind("It did not work."))
    assert answer.status_code == kind.status
    assert json.loads(bytes(answer.body)) == {
        "code": kind.default_code,
        "words": "It did not work.",
        "retry": kind.retry,
        "retry_after_s": None,
    }
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (kind.status == 401)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("wait", "told", "header"), [(0.0123456, 0.013, "1"), (1.4, 1.4, "2"), (30.0, 30.0, "30")])
def test_the_time_to_wait_is_told_in_the_body_and_in_whole_seconds_in_the_header(
    wait: float, told: float, header: str
) -> None:
    error = errors.RateLimited("Too fast.", retry_after_s=wait)
    assert problem_of(error).retry_after_s == told
    assert problem_response(error).headers["retry-after"] == header


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    drawn = re.findall(r"^( *)(?:[│├└─ ]*)([A-Z]\w+)  ", errors.__doc__ or "", re.MULTILINE)
    assert [name for _, name in drawn] == [kind.__name__ for kind in KINDS]


def test_close_codes_say_by_their_range_whether_to_come_back() -> None:
    ours = [code for code in CloseCode if code >= 4000]
    assert ours
    assert all(4000 <= code < 4100 or 4400 <= code < 4500 for code in ours)
    assert all(code < 4000 for code in CloseCode if code not in ours)
    assert all(1000 <= code <= 1015 for code in CloseCode if code not in ours)
    for sent_by_nobody in (1004, 1005, 1006, 1015):  # RFC 6455, section 7.4.1
        assert sent_by_nobody not in set(CloseCode)
