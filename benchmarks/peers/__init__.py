"""What Hubbub is measured against. Each peer is started by the benchmarks on a free port of the loopback, in a folder
that goes again; one that is not installed is left out, with a line that says how to get it."""

from peers.bytes import NATS, NCHAN, TUTORIAL_PEER
from peers.hubbub import HUBBUB_PEER, PORTABLE_PEER
from peers.node import SOCKET_IO, WS
from peers.peer import Peer
from peers.python import CHANNELS, PYTHON_SOCKETIO
from peers.xmpp import EJABBERD, PROSODY

__all__ = ["PEERS", "Peer", "choose"]

PEERS: dict[str, Peer] = {
    "hubbub": HUBBUB_PEER,
    "portable": PORTABLE_PEER,
    "nchan": NCHAN,
    "nats": NATS,
    "tutorial": TUTORIAL_PEER,
    "ws": WS,
    "socket.io": SOCKET_IO,
    "python-socketio": PYTHON_SOCKETIO,
    "channels": CHANNELS,
    "ejabberd": EJABBERD,
    "prosody": PROSODY,
}
"""By the name that stands in options and results."""


def choose(names: list[str], install: bool = False) -> dict[str, Peer]:
    """Those of the named peers that are there. Prints a line for each other one; with `install`, what comes from npm
    and PyPI is fetched first, into a cache folder."""
    chosen = {}
    for name in names:
        peer = PEERS[name]
        if install and peer.missing():
            peer.install()
        if remedy := peer.missing():
            print(f"  left out: {peer.name}. {remedy}", flush=True)
        else:
            chosen[name] = peer
    return chosen
