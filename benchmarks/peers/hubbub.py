"""Hubbub itself: by its own command, and as an application on any server."""

import json
from importlib.metadata import version

from members import QUIET_S, sign_in
from servers import HUBBUB, PORTABLE

from peers.peer import TEXT, Peer

HELLO = b'{"type":"hello","version":1}'


def post(number: int) -> bytes:
    command = {"type": "post", "id": number, "room": "lobby", "text": TEXT.decode()}
    return json.dumps(command, separators=(",", ":")).encode()


def _version() -> str:
    return version("hubbub")


HUBBUB_PEER = Peer(HUBBUB, _version, post, first=HELLO, answers=1, sign_in=sign_in, quiet_s=QUIET_S)
PORTABLE_PEER = Peer(PORTABLE, _version, post, first=HELLO, answers=1, sign_in=sign_in, quiet_s=QUIET_S)
