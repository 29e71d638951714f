#!/usr/bin/env python3
"""What it costs a server to bring a message to everybody in a room: benchmarks/fanout.py [--help]

CPU time of the server's processes for each delivery, over real sockets and with real sessions; the deliveries in a
second; and how long a message takes at a calm pace. The same load comes to each server from another process on another
core, so what the load costs is in no figure. The table says how busy both were, because a load generator at 100 % would
set the pace, and how busy all other programs kept these cores: what they take makes the deliveries in a second fewer
and the waits longer, and hardly changes the CPU time. Compare the ratios of one run, never absolute times of two.

ejabberd, Prosody and Hubbub keep what is said in a durable archive; the others only move bytes.
"""

import argparse
import asyncio

from measuring import BUSY, Bench, Meter, Row, medians, options, percentile, table
from members import Crowd
from peers import PEERS, Peer
from servers import Running

WARM_UP = 0.2
"""Of the measured time."""
COLUMNS = {
    "server": "server|",
    "in_flight": "in flight|d",
    "us_per_delivery": "µs CPU / delivery|.2f",
    "deliveries_per_s": "deliveries/s|,.0f",
    "bytes_per_delivery": "bytes|.0f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}
CALM_COLUMNS = {
    "server": "server|",
    "posts_per_s": "messages/s|g",
    "p50_ms": "p50 ms|.1f",
    "p99_ms": "p99 ms|.1f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
    "kb_per_connection": "kB / connection|.1f",
    "us_per_join": "µs CPU / join|.0f",
}


def main() -> None:
    bench = Bench(_arguments())
    loaded: list[Row] = []
    calm: list[Row] = []
    for row in bench.rounds(lambda peer: measure(peer, bench)):
        (loaded if "in_flight" in row else calm).append(row)
        print(_line(row), flush=True)
    summary = medians(loaded, "server", "in_flight")
    print(table(summary, COLUMNS))
    calm_summary = medians(calm, "server")
    print(table(calm_summary, CALM_COLUMNS))
    bench.write(rows=loaded + calm, loaded=summary, calm=calm_summary)


async def measure(peer: Peer, bench: Bench) -> list[Row]:
    options = bench.options
    rows = []
    with peer.start(bench.server_core) as server:
        headers = await peer.sign_in(server.port, options.members)
        meter = Meter(server)
        crowd = await peer.join(server, headers)
        joining = meter.read()
        for in_flight in options.in_flight:
            await crowd.talk(options.seconds * WARM_UP, in_flight)
            rows.append(await loaded_row(server, crowd, options.seconds, in_flight))
        rows.append(await _calm_row(peer, server, crowd, options.seconds))
        rows[-1]["kb_per_connection"] = joining["rss_kb"] / options.members
        rows[-1]["us_per_join"] = joining["cpu_s"] / options.members * 1e6
        crowd.leave()
    return rows


async def loaded_row(server: Running, crowd: Crowd, seconds: float, in_flight: int) -> Row:
    """With always so many messages under way."""
    meter, frames, size = Meter(server), crowd.frames, crowd.bytes
    talking = asyncio.create_task(crowd.talk(seconds, in_flight))
    await asyncio.sleep(seconds)
    used, frames, size = meter.read(), crowd.frames - frames, crowd.bytes - size
    await talking
    deliveries = crowd.deliveries(frames)
    return {
        "in_flight": in_flight,
        "members": len(crowd.members),
        "us_per_delivery": used["cpu_s"] / deliveries * 1e6,
        "system_share": used["system_s"] / max(used["cpu_s"], 1e-9),
        "deliveries_per_s": deliveries / used["took_s"],
        "bytes_per_delivery": size / deliveries,
        **{name: used[name] for name in BUSY},
    }


async def _calm_row(peer: Peer, server: Running, crowd: Crowd, seconds: float) -> Row:
    meter = Meter(server)
    took_s = await crowd.trickle(seconds, peer.posts_per_s)
    used = meter.read()
    return {
        "posts_per_s": peer.posts_per_s,
        "p50_ms": percentile(took_s, 50) * 1e3,
        "p99_ms": percentile(took_s, 99) * 1e3,
        **{name: used[name] for name in BUSY},
    }


def _line(row: Row) -> str:
    if "in_flight" in row:
        words = f"{row['in_flight']} in flight  {row['us_per_delivery']:6.2f} µs CPU / delivery"
    else:
        words = f"{row['posts_per_s']:g} a second  {row['p99_ms']:6.1f} ms p99"
    busy = f"server {row['server_busy']:4.0%} busy, load {row['load_busy']:4.0%}, others {row['others_busy']:4.0%}"
    return f"  round {row['round']}  {row['server']:<16}{words}  {busy}"


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, "fanout", list(PEERS))
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time for each figure [5]")
    parser.add_argument("--members", type=int, default=1000, help="people in the room [1000]")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[4, 1], help="messages under way at once [4 1]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
