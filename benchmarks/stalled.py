#!/usr/bin/env python3
"""Whether people who stop reading delay the others in the room: benchmarks/stalled.py [--help]

A room of 1,000 members, 50 messages of 1 kB a second. Once everybody reads; once one in ten has stopped, and so much
was said since that the server has taken them out of the live ones. How long a message takes to those who read, and
what memory the server takes. Nobody is cut meanwhile, as they would be after some 20 seconds.
"""

import argparse
import dataclasses
import json
import re
import socket
import time
from urllib.request import urlopen

from measuring import BUSY, Bench, Meter, Row, medians, options, percentile, table
from members import PATIENCE_S, Crowd, Member
from peers import Peer
from servers import Running

MESSAGE_BYTES = 1_000
BUFFER_BYTES = 4_096
"""Of the kernel, for one who reads nothing: by default it takes megabytes before a server notices anything."""
IN_FLIGHT = 4
PATIENT = {f"HUBBUB_{name}_TIMEOUT_S": "600" for name in ("PING", "STALL", "HELLO")}
COLUMNS = {
    "stalled": "stalled|d",
    "readers": "readers|,d",
    "p50_ms": "p50 ms|.1f",
    "p99_ms": "p99 ms|.1f",
    "fallen_behind": "taken out|.0f",
    "more_mb": "MB more|.1f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}


def main() -> None:
    bench = Bench(_arguments())
    rows: list[Row] = []
    for row in bench.rounds(lambda peer: measure(peer, bench)):
        rows.append(row)
        words = f"{row['stalled']:4} of {row['stalled'] + row['readers']:,} stalled  {row['p99_ms']:6.1f} ms p99"
        print(f"  round {row['round']}  {words}, {row['fallen_behind']:.0f} taken out", flush=True)
    summary = medians(rows, "server", "stalled")
    print(table(summary, COLUMNS))
    bench.write(rows=rows, summary=summary)


async def measure(peer: Peer, bench: Bench) -> list[Row]:
    program = dataclasses.replace(peer.program, environment=PATIENT)
    peer = dataclasses.replace(peer, message=_post, program=program)
    members = bench.options.members
    return [await _measure(peer, bench, stalled) for stalled in (0, members // 10)]


async def _measure(peer: Peer, bench: Bench, stalled: int) -> Row:
    options = bench.options
    with peer.start(bench.server_core) as server:
        crowd = await peer.join(server, await peer.sign_in(server.port, options.members))
        everybody, deaf = crowd.members, crowd.members[options.members - stalled :]
        for member in deaf:
            _stop_reading(member)
        crowd.members = everybody[: options.members - stalled]
        before_kb = server.rss_kb()
        await _fill(server, crowd, options.fill, stalled)
        meter = Meter(server)
        took_s = await crowd.trickle(options.seconds, peer.posts_per_s)
        used, more_kb, fallen = meter.read(), server.rss_kb() - before_kb, _fallen_behind(server)
        crowd.members = everybody
        crowd.leave()
    return {
        "stalled": stalled,
        "readers": options.members - stalled,
        "posts_per_s": peer.posts_per_s,
        "p50_ms": percentile(took_s, 50) * 1e3,
        "p99_ms": percentile(took_s, 99) * 1e3,
        "fallen_behind": fallen,
        "more_mb": more_kb / 1024,
        **{name: used[name] for name in BUSY},
    }


async def _fill(server: Running, crowd: Crowd, seconds: float, stalled: int) -> None:
    """Loud talk, until the buffers of all who have stopped are full."""
    deadline = time.monotonic() + PATIENCE_S
    await crowd.talk(seconds, IN_FLIGHT)
    while _fallen_behind(server) < stalled:
        if time.monotonic() > deadline:
            raise SystemExit("the server has not taken out all who have stopped")
        await crowd.talk(seconds, IN_FLIGHT)


def _post(number: int) -> bytes:
    command = {"type": "post", "id": number, "room": "lobby", "text": "x" * MESSAGE_BYTES}
    return json.dumps(command, separators=(",", ":")).encode()


def _stop_reading(member: Member) -> None:
    member.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    member.transport.pause_reading()


def _fallen_behind(server: Running) -> float:
    """How often the server has taken somebody out of the live ones."""
    with urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        found = re.search(r"^hubbub_fallen_behind_total (\S+)", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, "stalled", ["hubbub"])
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time for each figure [5]")
    parser.add_argument(
        "--fill", type=float, default=2.0, help="seconds of loud talk before, at least, to fill buffers [2]"
    )
    parser.add_argument("--members", type=int, default=1000, help="people in the room [1000]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
