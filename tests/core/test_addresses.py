"""Which addresses count as one, and which are on a list."""

import pytest

from hubbub.core.addresses import Networks, home_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:DB8:1:2::1", "2001:db8:1:2::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("no address", "x" * 1000, True),
    ],
)
def test_a_home_is_an_address_of_ipv4_or_64_bits_of_ipv6(one: str, other: str, same: bool) -> None:
    assert (home_of(one) == home_of(other)) is same


@pytest.mark.parametrize("host", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.1.2.3", "2001:db8::5"])
def test_a_list_has_addresses_and_networks(host: str) -> None:
    assert host in Networks(["127.0.0.1", "::1", "10.0.0.0/8", "2001:db8::/32"])
    assert host not in Networks(["127.0.0.2", "10.0.0.0/16"])


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1, 10.0.0.1", "127.0.0.1:80", "10.0.0.256"])
def test_what_is_no_address_is_on_no_list(host: str) -> None:
    assert host not in Networks(["0.0.0.0/0", "::/0"])


def test_a_list_is_written_for_sockets_of_both_kinds() -> None:
    written = Networks(["127.0.0.1", "10.0.0.0/8", "::1"]).written()
    assert written == ["127.0.0.1/32", "10.0.0.0/8", "::1/128", "::ffff:127.0.0.1/128", "::ffff:10.0.0.0/104"]


@pytest.mark.parametrize("network", ["proxy.example", "10.0.0.1/8", "*", "", "300.0.0.1"])
def test_what_is_neither_an_address_nor_a_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"not appear to be|has host bits"):
        Networks([network])
