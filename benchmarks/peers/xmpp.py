"""ejabberd and Prosody: complete chat servers with a durable archive (MAM in SQLite), by rooms of XMPP over TCP.

Everything that only costs is off: TLS, passwords (people are anonymous), presence in rooms, history on joining.
"""

import re
from pathlib import Path

from members import Crowd, Marked
from servers import Program

from peers.peer import TEXT, Peer, apt, find, said_by

ROOMS = "rooms.localhost"
HALL = f"hall@{ROOMS}"
POSTS_PER_S = 10

EJABBERD_YML = """
hosts: [localhost]
loglevel: 1
auth_method: anonymous
anonymous_protocol: sasl_anon
default_db: sql
sql_type: sqlite
sql_database: "{data}/archive.db"
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    backlog: 2048
    shaper: none
modules:
  mod_mam: {}
  mod_muc:
    host: rooms.localhost
    history_size: 0
    max_users: 30000
    min_message_interval: 0
    default_room_options:
      mam: true
      max_users: 30000
      persistent: true
      presence_broadcast: []
"""
ERLANG = (
    *("+K", "true", "+P", "250000", "+sbwt", "none", "-noinput"),
    *("-mnesia", "dir", '"{data}/mnesia"', "-s", "ejabberd"),
)
"""`+sbwt none`: it does not spin while it waits, which would count as work."""

PROSODY_LUA = """
run_as_root = true
daemonize = false
pidfile = "{data}/prosody.pid"
data_path = "{data}"
certificates = "{data}"
interfaces = { "127.0.0.1" }
c2s_ports = { {port} }
modules_enabled = { "saslauth" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
authentication = "anonymous"
log = { error = "{data}/prosody.log" }
gc = { mode = "generational" }
network_backend = "epoll"
network_settings = { tcp_backlog = 2048 }
storage = "sql"
sql = { driver = "SQLite3", database = "archive.db" }
VirtualHost "localhost"
Component "rooms.localhost" "muc"
modules_enabled = { "muc_mam" }
muc_log_by_default = true
muc_room_default_persistent = true
muc_room_locking = false
muc_room_default_history_length = 0
muc_room_default_presence_broadcast = { visitor = false, participant = false, moderator = false }
"""
STREAM = (
    b"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)
STEPS = (
    (b"</stream:features>", b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"),
    (b"<success", STREAM),
    (b"</stream:features>", b"<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
    (b"</iq>", b"<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'/></presence>"),
    (b"110'", b""),
)
"""What a client waits for, and what it says then (RFC 6120, 9.1; XEP-0045, 7.2); 110: it is in the room."""

LIBRARIES = sorted(Path("/usr/lib").glob("*/ejabberd-*"))
SQLITE = list(Path("/usr/lib/erlang/lib").glob("p1_sqlite3-*"))
NO_EJABBERD = "Install it; on Debian: apt-get install ejabberd erlang-p1-sqlite3"


class Occupant(Marked):
    """Comes into a room by what is the path of others: /ROOM/NICK. It is `upgraded` when it is there."""

    marker = b"</message>"

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        super().__init__(crowd, STREAM)
        self.room, self.nick = request.split()[1].split(b"/")[1:]
        self._steps = list(STEPS)

    def data_received(self, data: bytes) -> None:
        if not self._steps:
            self.rest = self.take(self.rest + data)
            return
        self.rest += data
        if b"type='error'" in self.rest:
            self.refused(self.rest)
        while self._steps and self._steps[0][0] in self.rest:
            awaited, said = self._steps.pop(0)
            self.rest = self.rest.partition(awaited)[2]
            self.transport.write(said.replace(b"%s/%s", self.room + b"/" + self.nick))
        if not self._steps:
            self.upgraded.set_result(None)

    def say(self, message: bytes) -> None:
        self.transport.write(message)


def to_room(room: str, text: bytes) -> bytes:
    return b"<message to='%s' type='groupchat'><body>%s</body></message>" % (room.encode(), text)


EJABBERD = Peer(
    Program(
        "ejabberd, archive in SQLite",
        (find("erl") or "erl", *ERLANG),
        files={"ejabberd.yml": EJABBERD_YML},
        environment={
            "ERL_LIBS": str(LIBRARIES[0].parent) if LIBRARIES else "",
            "EJABBERD_CONFIG_PATH": "{data}/ejabberd.yml",
            "EJABBERD_LOG_PATH": "{data}/ejabberd.log",
            "ERL_CRASH_DUMP_BYTES": "0",
        },
    ),
    lambda: LIBRARIES[0].name.rpartition("-")[2],
    lambda number: to_room(HALL, TEXT),
    path=f"/{HALL}/{{number}}",
    member=Occupant,
    missing=lambda: "" if find("erl") and LIBRARIES and SQLITE else NO_EJABBERD,
    posts_per_s=POSTS_PER_S,
    quiet_s=1.0,
)
PROSODY = Peer(
    Program(
        "Prosody, archive in SQLite",
        (find("prosody") or "prosody", "--config", "{data}/prosody.cfg.lua", "-F"),
        files={"prosody.cfg.lua": PROSODY_LUA},
    ),
    lambda: (re.findall(r"^Prosody (\d\S*)", said_by("prosodyctl", "about"), re.MULTILINE) or ["?"])[0],
    lambda number: to_room(HALL, TEXT),
    path=f"/{HALL}/{{number}}",
    member=Occupant,
    missing=apt("prosody", "prosody lua-dbi-sqlite3"),
    posts_per_s=POSTS_PER_S,
    quiet_s=1.0,
)
