"""The opening handshake of a WebSocket (RFC 6455, section 4.2), from a request that is parsed already.

uvicorn has its request parsed a second time, by a library that is thorough and slow; when 2,000 people return at once,
that is a second of theirs. Only what every browser sends is recognised here: everything else takes uvicorn's way, which
also finds the words for what is wrong with it.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import Any
from urllib.parse import unquote

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES = 16
ONCE = (b"upgrade", b"connection", b"sec-websocket-key", b"sec-websocket-version")
Headers = Iterable[tuple[bytes, bytes]]


def key_of(request: Mapping[str, Any]) -> bytes | None:
    """The client's key, when the request (a scope of ASGI's) is a plain and valid handshake; else None."""
    if request["method"] != "GET" or request["http_version"] != "1.1":
        return None
    once: dict[bytes, bytes] = {}
    for name, value in request["headers"]:
        if name in ONCE:
            if name in once:
                return None
            once[name] = value
    options = [option.strip() for option in once.get(b"connection", b"").lower().split(b",")]
    plain = b"upgrade" in options and once.get(b"upgrade", b"").lower() == b"websocket"
    key = once.get(b"sec-websocket-key", b"")
    if plain and once.get(b"sec-websocket-version") == b"13" and _is_key(key):
        return key
    return None


def answer(key: bytes, subprotocol: str | None, headers: Headers) -> bytes:
    """The head of the response that accepts the connection."""
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


def scope_of(request: Mapping[str, Any], target: bytes, extensions: dict[str, Any]) -> dict[str, Any]:
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
        "extensions": extensions,
    }


SAME = ("http_version", "server", "client", "root_path", "headers", "state")


def _is_key(text: bytes) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
