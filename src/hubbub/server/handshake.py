"""The opening handshake of a WebSocket (RFC 6455, section 4.2), from a request that uvicorn has parsed already."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha1
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES = 16
VERSION = b"13"
ONCE = (b"upgrade", b"connection", b"sec-websocket-key", b"sec-websocket-version")
SAME = ("http_version", "server", "client", "root_path", "headers", "state")
Headers = Iterable[tuple[bytes, bytes]]


class BadHandshake(Exception):
    """The request is no handshake that we can answer; `response` is what the client is told, whole."""

    def __init__(self, status: int, words: str, headers: Headers = ()) -> None:
        super().__init__(words)
        self.response = refusal(status, headers, words.encode())


def key_of(request: Mapping[str, Any]) -> bytes:
    """The client's key, from a request (a scope of ASGI's). Raises BadHandshake."""
    if request["method"] != "GET":
        raise BadHandshake(405, "A WebSocket is opened with GET.", [(b"allow", b"GET")])
    once: dict[bytes, bytes] = {}
    for name, value in request["headers"]:
        if name in ONCE:
            if name in once:
                raise BadHandshake(400, f"{name.decode()} is there twice.")
            once[name] = value
    options = [option.strip() for option in once.get(b"connection", b"").lower().split(b",")]
    if request["http_version"] != "1.1" or b"upgrade" not in options:
        raise BadHandshake(400, "A WebSocket needs HTTP/1.1 and `Connection: Upgrade`.")
    if once.get(b"sec-websocket-version") != VERSION:
        raise BadHandshake(426, "This server speaks version 13.", [(b"sec-websocket-version", VERSION)])
    key = once.get(b"sec-websocket-key", b"")
    if not _is_key(key):
        raise BadHandshake(400, "Sec-WebSocket-Key must be 16 bytes in base64.")
    return key


def acceptance(key: bytes, subprotocol: str | None, headers: Headers) -> bytes:
    """The response that opens the connection."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + b64encode(sha1(key + MAGIC, usedforsecurity=False).digest()),
    ]
    if subprotocol:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode("latin-1"))
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b""])


def refusal(status: int, headers: Headers, body: bytes) -> bytes:
    """The response that says no. The connection is closed after it."""
    sent = {name.lower() for name, _ in headers}
    lines = [b"HTTP/1.1 %d %s" % (status, _phrase(status)), b"Connection: close"]
    if b"content-type" not in sent:
        lines.append(b"Content-Type: text/plain; charset=utf-8")
    if b"content-length" not in sent:
        lines.append(b"Content-Length: %d" % len(body))
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


def scope_of(request: Mapping[str, Any], target: bytes) -> dict[str, Any]:
    """The scope of a WebSocket (ASGI, "WebSocket Connection Scope") from that of its request and the request's
    target (RFC 9112, section 3.2)."""
    raw_path, _, query = target.partition(b"?")
    root_path: str = request["root_path"]
    wanted = [value.decode("latin-1") for name, value in request["headers"] if name == b"sec-websocket-protocol"]
    return {
        **{name: request[name] for name in SAME},
        "type": "websocket",
        "asgi": {**request["asgi"], "spec_version": "2.4"},  # since which a send to nobody raises
        "scheme": "wss" if request["scheme"] == "https" else "ws",
        "path": root_path + unquote(raw_path.decode("ascii")),
        "raw_path": root_path.encode("ascii") + raw_path,
        "query_string": query,
        "subprotocols": [token.strip() for value in wanted for token in value.split(",")],
        "extensions": {"websocket.http.response": {}},
    }


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


def _is_key(text: bytes) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
