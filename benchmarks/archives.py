#!/usr/bin/env python3
"""Posts that are safe, against chat servers that keep them too: benchmarks/archives.py [--help]

People in small rooms post over real sockets, each the next message when the last one is safe: Hubbub says so after its
commit; ejabberd and Prosody send a message out, also to its sender, after it is in their archive in SQLite. First as
fast as it goes; the same generator drives all of them. How fast Hubbub alone can be is what `ingest.py` measures.
"""

import argparse
import asyncio
import json
import time

import uvloop
from measuring import BUSY, Bench, Meter, Row, medians, options, percentile, table
from members import PATIENCE_S, Api, Crowd, Marked, Member, handshake, sign_in
from peers import Peer
from peers.hubbub import HELLO
from peers.peer import TEXT
from peers.xmpp import Occupant, to_room
from servers import Running

WARM_UP = 0.2
"""Of the measured time."""
COLUMNS = {
    "server": "server|",
    "posts_per_s": "posts/s|,.0f",
    "us_per_post": "µs CPU / post|,.0f",
    "p50_ms": "p50 ms|.1f",
    "p99_ms": "p99 ms|.1f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}


def main() -> None:
    bench = Bench(_arguments())
    rows: list[Row] = []
    for turn in range(bench.options.rounds):
        for name, peer in bench.peers.items():
            rows.append({"server": name, "round": turn, **uvloop.run(measure(peer, bench))})
            posts, p99 = rows[-1]["posts_per_s"], rows[-1]["p99_ms"]
            print(f"  round {turn}  {name:<10}{posts:8,.0f} posts/s  p99 {p99:7.1f} ms", flush=True)
    summary = medians(rows, "server")
    print(table(summary, COLUMNS))
    bench.write(rows=rows, summary=summary)


async def measure(peer: Peer, bench: Bench) -> Row:
    options = bench.options
    with peer.start(bench.server_core) as server:
        authors = Authors()
        come = _come_to_hubbub if peer.program.is_hubbub else _come_by_xmpp
        await come(authors, server, options.senders, options.rooms)
        await authors.push(options.seconds * WARM_UP)
        authors.waits_s.clear()
        meter = Meter(server)
        await authors.push(options.seconds)
        used, posts = meter.read(), len(authors.waits_s)
        authors.leave()
    return {
        "posts_per_s": posts / used["took_s"],
        "us_per_post": used["cpu_s"] / posts * 1e6,
        "p50_ms": percentile(authors.waits_s, 50) * 1e3,
        "p99_ms": percentile(authors.waits_s, 99) * 1e3,
        **{name: used[name] for name in BUSY},
    }
