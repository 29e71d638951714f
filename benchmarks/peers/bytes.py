"""Servers that move bytes: no history, no sessions, no rules. Each member gets what any member sends."""

import json
from importlib.metadata import version
from pathlib import Path

from members import Marked
from servers import TUTORIAL, Program

from peers.peer import MESSAGE_BYTES, TEXT, Peer, apt, find, said_by

BINARY = 0x82

TUTORIAL_PEER = Peer(TUTORIAL, lambda: f"uvicorn {version('uvicorn')}", lambda number: TEXT, "/ws/{number}", answers=1)

NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
# nchan keeps a message for those who come late, by default; here nobody does.
NGINX_CONF = """
load_module %s;
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 60000;
pid {data}/nginx.pid;
error_log /dev/null crit;
events { worker_connections 30000; }
http {
    access_log off;
    client_body_temp_path {data}/body;
    proxy_temp_path {data}/proxy;
    fastcgi_temp_path {data}/fastcgi;
    uwsgi_temp_path {data}/uwsgi;
    scgi_temp_path {data}/scgi;
    nchan_shared_memory_size 256M;
    server {
        listen 127.0.0.1:{port} backlog=2048;
        location /ws {
            nchan_pubsub websocket;
            nchan_channel_id hall;
            nchan_message_buffer_length 1;
            nchan_subscriber_first_message newest;
        }
    }
}
""".replace("%s", str(NCHAN_MODULE), 1)
NCHAN = Peer(
    Program(
        "nchan in nginx (C)",
        (find("nginx") or "nginx", "-p", "{data}", "-c", "{data}/nginx.conf"),
        files={"nginx.conf": NGINX_CONF},
    ),
    lambda: f"{_nchan_version()}, nginx {said_by('nginx', '-v').rpartition('/')[2]}",
    lambda number: TEXT,
    missing=lambda: apt("nginx", "nginx libnginx-mod-nchan")() or _no_nchan(),
)


def _no_nchan() -> str:
    if NCHAN_MODULE.exists():
        return ""
    return "nginx is there, without nchan; on Debian: apt-get install libnginx-mod-nchan"


def _nchan_version() -> str:
    """As Debian names it: the module does not tell."""
    return said_by("dpkg-query", "--show", "--showformat", "${Version}", "libnginx-mod-nchan")


class NatsClient(Marked):
    """NATS puts any number of messages into one frame, each after a line "MSG hall 1 128"."""

    marker = b"MSG hall "

    def say(self, message: bytes) -> None:
        self.send(BINARY, message)


NATS_CONF = """
host: 127.0.0.1
port: -1
ping_interval: "30m"
max_connections: 30000
websocket { host: 127.0.0.1, port: {port}, no_tls: true }
"""
NATS_HELLO = {"verbose": False, "pedantic": False, "protocol": 1, "lang": "python", "version": "1"}
NATS = Peer(
    Program(
        "nats-server, WebSocket (Go)",
        (find("nats-server") or "nats-server", "-c", "{data}/nats.conf"),
        files={"nats.conf": NATS_CONF},
    ),
    lambda: said_by("nats-server", "--version").rpartition("v")[2],
    lambda number: b"PUB hall %d\r\n%s\r\n" % (MESSAGE_BYTES, TEXT),
    first=b"CONNECT %s\r\nSUB hall 1\r\n" % json.dumps(NATS_HELLO).encode(),
    member=NatsClient,
    missing=apt("nats-server", "nats-server"),
)
