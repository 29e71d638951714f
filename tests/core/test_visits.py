"""From where somebody comes, in words and as a network."""

import pytest

from hubbub.core.visits import agent_of

GECKO = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19 Safari/604"
)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (GECKO, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (PHONE, "Safari on iPhone"),
        ("python-httpx2/2.16.2", "python-httpx2"),
        ("", "an unknown program"),
        ("<script>", "an unknown program"),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_browser_is_told_in_words_that_people_know(header: str, words: str) -> None:
    assert agent_of(header) == words
