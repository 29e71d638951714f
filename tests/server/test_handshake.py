"""The opening handshake, without a socket."""

from typing import Any

import pytest

from hubbub.server.handshake import BadHandshake, acceptance, key_of, refusal, scope_of

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {
    b"host": b"chat.example",
    b"connection": b"keep-alive, Upgrade",
    b"upgrade": b"WebSocket",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": KEY,
}


def request(headers: dict[bytes, bytes] | list[tuple[bytes, bytes]] = GOOD, **changes: Any) -> dict[str, Any]:
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5000),
        "root_path": "",
        "headers": pairs,
        "state": {},
    } | changes


def test_a_browsers_request_has_a_key() -> None:
    assert key_of(request()) == KEY


def test_the_answer_to_the_sample_of_the_rfc_is_that_of_the_rfc() -> None:
    response = acceptance(KEY, "chat", [(b"date", b"today")])
    assert response.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response
    assert b"\r\nSec-WebSocket-Protocol: chat\r\ndate: today\r\n\r\n" in response


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (request(method="POST"), 405),
        (request(http_version="1.0"), 400),
        (request(GOOD | {b"connection": b"keep-alive"}), 400),
        (request(GOOD | {b"sec-websocket-version": b"8"}), 426),
        (request({name: value for name, value in GOOD.items() if name != b"sec-websocket-version"}), 426),
        (request(GOOD | {b"sec-websocket-key": b"too short"}), 400),
        (request(GOOD | {b"sec-websocket-key": b"c2hvcnQ="}), 400),
        (request({name: value for name, value in GOOD.items() if name != b"sec-websocket-key"}), 400),
        (request([*GOOD.items(), (b"sec-websocket-key", KEY)]), 400),
    ],
    ids=["method", "version of HTTP", "no upgrade", "old", "no version", "no base64", "short", "no key", "two keys"],
)
def test_what_is_wrong_with_a_request_is_said(bad: dict[str, Any], status: int) -> None:
    with pytest.raises(BadHandshake) as caught:
        key_of(bad)
    head, _, words = caught.value.response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert words.decode() == str(caught.value)
    if status == 426:
        assert b"\r\nsec-websocket-version: 13" in head


def test_a_refusal_keeps_the_headers_that_it_is_given() -> None:
    response = refusal(418, [(b"Content-Type", b"application/json")], b"{}")
    assert response.startswith(b"HTTP/1.1 418 I'm a Teapot\r\n")
    assert response.lower().count(b"content-type") == 1
    assert b"\r\nContent-Length: 2\r\n" in response
    assert response.endswith(b"\r\n\r\n{}")
    assert refusal(599, [], b"").startswith(b"HTTP/1.1 599 \r\n")


def test_the_scope_is_that_of_asgi() -> None:
    headers = [*GOOD.items(), (b"sec-websocket-protocol", b"a, b"), (b"sec-websocket-protocol", b"c")]
    scope = scope_of(request(headers, scheme="https", root_path="/chat"), b"/r%C3%A4ume?x=1&y=%20")
    assert scope["type"] == "websocket"
    assert scope["scheme"] == "wss"
    assert (scope["path"], scope["raw_path"]) == ("/chat/räume", b"/chat/r%C3%A4ume")
    assert scope["query_string"] == b"x=1&y=%20"
    assert scope["subprotocols"] == ["a", "b", "c"]
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert scope["headers"] == headers
