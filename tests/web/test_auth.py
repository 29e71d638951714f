"""From which pages a browser may connect and change things."""

import pytest
from starlette.requests import HTTPConnection

from hubbub.settings import Settings
from hubbub.web.auth import origin_allowed

SETTINGS = Settings(origins=["https://partner.example"])


def connection(*origins: str) -> HTTPConnection:
    headers = [(b"host", b"chat.example:8000"), *[(b"origin", origin.encode()) for origin in origins]]
    return HTTPConnection({"type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": headers})


@pytest.mark.parametrize("origins", [(), ("http://chat.example:8000",), ("https://partner.example",)])
def test_01_our_own_pages_listed_ones_and_programs_may_connect(origins: tuple[str, ...]) -> None:
    assert origin_allowed(connection(*origins), SETTINGS)


@pytest.mark.parametrize(
    "origins",
    [
        ("",),
        ("null",),
        ("https://chat.example:8000",),
        ("http://chat.example:8000.evil.example",),
        ("http://chat.example:80",),
        ("https://partner.exampl",),
        ("partner.example",),
        ("https://partner.example.evil.example",),
        ("https://partner.example", "https://partner.example"),
        ("http://chat.example:8000", "https://evil.example"),
    ],
)
def test_01_an_origin_that_only_resembles_one_of_them_may_not_nor_may_two(origins: tuple[str, ...]) -> None:
    assert not origin_allowed(connection(*origins), SETTINGS)
