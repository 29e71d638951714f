"""Which addresses count as one, and which say nothing."""

import pytest

from hubbub.core.addresses import home_of, is_shared


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_ipv6_address_counts_as_its_network(host: str, home: str) -> None:
    assert home_of(host) == home


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "unknown", "", "0.0.0.0"])
def test_some_addresses_say_nothing_about_who_is_there(host: str) -> None:
    assert is_shared(host)
    assert not is_shared("203.0.113.7")
    assert not is_shared("2001:db8:1:2::7")
