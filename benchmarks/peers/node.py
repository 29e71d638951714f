"""ws and socket.io on Node, by the smallest server that brings each message to everybody."""

import json
from collections.abc import Callable
from pathlib import Path

from servers import Program

from peers.packages import CACHE, npm_install, npm_missing, npm_version
from peers.peer import TEXT, Peer, said_by

HERE = Path(__file__).parent
SOCKET_IO_PATH = "/socket.io/?EIO=4&transport=websocket"
SOCKET_IO_HELLO = b"40"
"""Of Engine.IO, a message (4); of Socket.IO, to connect (0)."""


def socket_io_post(number: int) -> bytes:
    return b"42" + json.dumps(["say", TEXT.decode()], separators=(",", ":")).encode()


def _node(name: str, script: str) -> Program:
    return Program(name, ("node", str(HERE / script), "{port}", str(CACHE)))


def _version(package: str) -> Callable[[], str]:
    return lambda: f"{npm_version(package)} on Node {said_by('node', '--version')[1:]}"


WS = Peer(
    _node("ws (Node)", "ws_server.cjs"),
    _version("ws"),
    lambda number: TEXT,
    missing=lambda: npm_missing("ws"),
    install=lambda: npm_install("ws@8"),
)
SOCKET_IO = Peer(
    _node("socket.io (Node)", "socket_io_server.cjs"),
    _version("socket.io"),
    socket_io_post,
    SOCKET_IO_PATH,
    first=SOCKET_IO_HELLO,
    missing=lambda: npm_missing("socket.io"),
    install=lambda: npm_install("socket.io@4"),
)
