"""Which links a message has, which addresses may be asked, and what pages say of themselves."""

import pytest

from hubbub.core.markdown import render
from hubbub.core.previews import LINKS_MAX, About, host_of, is_public, links_in, read_page

URL = "https://example.org/a"


def test_the_first_links_of_a_message_are_found_each_once() -> None:
    text = "see https://a.example/?x=1&y=2 and [this](https://b.example) and https://a.example/?x=1&y=2 mailto:x@y.z"
    assert links_in(render(text)) == ["https://a.example/?x=1&y=2", "https://b.example"]
    many = " ".join(f"https://{n}.example" for n in range(9))
    assert links_in(render(many)) == [f"https://{n}.example" for n in range(LINKS_MAX)]
    assert links_in(None) == []


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_d59_addresses_of_the_internet_may_be_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
        *["169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"],
        *["255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1"],
        *["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"],
        *[
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:4136:e378:8000:63bf:f5ff:fffe",
            "2001:db8::1",
            "not an address",
            "",
        ],
    ],
)
def test_d59_nothing_of_ones_own_network_may_be_asked(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *["ftp://example.org", "file:///etc/passwd", "gopher://example.org", "javascript:alert(1)", "example.org", ""],
        *["http://example.org:22", "https://example.org:8443", "http://example.org:443", "https://u:p@example.org"],
        *["http://", "http://[::1", "http://example.org:99999", "//example.org", "http:///x"],
    ],
)
def test_d59_other_schemes_ports_and_names_with_passwords_are_not_asked(url: str) -> None:
    assert host_of(url) is None


def test_whom_to_ask() -> None:
    assert host_of("https://Example.org/a?b") == ("example.org", 443)
    assert host_of("http://example.org:80") == ("example.org", 80)


@pytest.mark.parametrize(
    ("page", "about"),
    [
        ("<title> Tea\n &amp; cake </title>", About("Tea & cake", None, "example.org")),
        (
            "<head><meta property='og:title' content='Tea'><meta property=og:site_name content=Shop>"
            "<meta name=description content='hot'><title>x</title>",
            About("Tea", "hot", "Shop"),
        ),
        ("<title>a</title><svg><title>b</title></svg>", About("a", None, "example.org")),
        ("<title>a\x00\x1b[31mb</title>", About("a[31mb", None, "example.org")),
        ("<title><script>alert(1)</script></title>", About("alert(1)", None, "example.org")),
    ],
)
def test_what_a_page_says_of_itself(page: str, about: About) -> None:
    assert read_page(page, URL) == about


def test_a_page_without_a_title_has_no_preview() -> None:
    assert read_page("<p>hello", URL) is None
    assert read_page("", URL) is None


def test_long_words_are_cut() -> None:
    found = read_page(f"<title>{'a' * 5000}</title><meta name=description content='{'b' * 5000}'>", URL)
    assert found
    assert len(found.title) <= 201
    assert len(found.description or "") <= 301


def test_d60_a_page_that_is_endlessly_deep_is_read() -> None:
    assert read_page("<title>a</title>" + "<div>" * 80_000, URL) == About("a", None, "example.org")
