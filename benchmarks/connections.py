#!/usr/bin/env python3
"""What it costs to be there, and to come: benchmarks/connections.py [--help]

First, for each server: memory for each connection that is signed in, in one room, and idle; CPU time for each that
comes (handshake, session, entering the room). Then, for Hubbub alone, a room of many people to which as many others
come: they connect, and afterwards they join a second room whose members they were not. `signals` are what one member
who was there hears meanwhile that is not part of the log (who is here), for each second; `events` what is.
"""

import argparse
import asyncio
import json
import re
from collections import Counter

from measuring import Bench, Meter, Row, medians, options, table
from members import PATIENCE_S, Api, Crowd, Member, sign_in
from peers import PEERS, Peer
from peers.hubbub import HELLO

HALL = "hall"
SETTLE_S = 1.5
COLUMNS = {
    "server": "server|",
    "kb_per_connection": "kB / connection|.1f",
    "us_per_join": "µs CPU / handshake|.0f",
    "idle_mb": "MB before|.0f",
    "others_busy": "others|.0%",
}
COMING_COLUMNS = {
    "members": "members|,d",
    "us_per_arrival": "µs CPU / arrival|.0f",
    "signals_of_arrivals": "signals/s|.1f",
    "us_per_join": "µs CPU / join|.0f",
    "us_per_frame_of_joins": "µs CPU / frame of it|.2f",
    "signals_of_joins": "signals/s|.1f",
    "events_of_joins": "events|,.0f",
}


def main() -> None:
    bench = Bench(_arguments())
    idle: list[Row] = []
    coming: list[Row] = []
    for row in bench.rounds(lambda peer: measure(peer, bench)):
        (idle if "idle_mb" in row else coming).append(row)
        if "idle_mb" in row:
            words = f"{row['kb_per_connection']:6.1f} kB  {row['us_per_join']:6.0f} µs CPU / handshake"
        else:
            words = f"{row['us_per_arrival']:6.0f} µs CPU / arrival  {row['us_per_join']:6.0f} µs CPU / join"
        print(f"  round {row['round']}  {row['server']:<16}{words}", flush=True)
    idle_summary, coming_summary = medians(idle, "server"), medians(coming, "server", "members")
    print(table(idle_summary, COLUMNS))
    print(table(coming_summary, COMING_COLUMNS))
    bench.write(rows=idle + coming, idle=idle_summary, coming=coming_summary)


async def measure(peer: Peer, bench: Bench) -> list[Row]:
    rows = [await measure_idle(peer, bench)]
    return [*rows, await measure_coming(peer, bench)] if peer is PEERS["hubbub"] else rows


async def measure_idle(peer: Peer, bench: Bench) -> Row:
    members = bench.options.members
    with peer.start(bench.server_core) as server:
        headers = await peer.sign_in(server.port, members)
        before_kb, meter = server.rss_kb(), Meter(server)
        crowd = await peer.join(server, headers)
        used = meter.read()
        crowd.leave()
    return {
        "idle_mb": before_kb / 1024,
        "kb_per_connection": used["rss_kb"] / members,
        "us_per_join": used["cpu_s"] / members * 1e6,
        "others_busy": used["others_busy"],
    }


async def measure_coming(peer: Peer, bench: Bench) -> Row:
    members = bench.options.members
    with peer.start(bench.server_core) as server:
        headers = await sign_in(server.port, 2 * members + 1)
        api = await Api.at(server.port)
        await api.call("POST /rooms", json.dumps({"name": HALL}), headers[0])
        api.close()
        residents = await peer.join(server, headers[1 : members + 1])
        await _join_hall(residents)
        watcher = await _watch(server.port, headers[0])

        meter = Meter(server)
        newcomers = await peer.join(server, headers[members + 1 :])
        arrivals, heard = meter.read(), watcher.take_all()

        meter, frames = Meter(server), residents.frames + newcomers.frames
        await _join_hall(newcomers)
        joins, heard_of_joins = meter.read(), watcher.take_all()
        frames = residents.frames + newcomers.frames - frames
        for crowd in (residents, newcomers, watcher.crowd):
            crowd.leave()
    return {
        "members": members,
        "us_per_arrival": arrivals["cpu_s"] / members * 1e6,
        "signals_of_arrivals": heard["signals"] / arrivals["took_s"],
        "us_per_join": joins["cpu_s"] / members * 1e6,
        "us_per_frame_of_joins": joins["cpu_s"] / frames * 1e6,
        "signals_of_joins": heard_of_joins["signals"] / joins["took_s"],
        "events_of_joins": heard_of_joins["events"],
    }


async def _join_hall(crowd: Crowd) -> None:
    """All at once; returns when nobody hears anything of it any more."""
    for member in crowd.members:
        member.say(json.dumps({"type": "join", "id": 1, "room": HALL}).encode())
    before = -1
    async with asyncio.timeout(PATIENCE_S):
        while before != crowd.frames:
            before = crowd.frames
            await asyncio.sleep(SETTLE_S)


class Watcher(Member):
    """Reads of what kind it is what it hears."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        super().__init__(crowd, request)
        self.heard: Counter[str] = Counter()

    def take(self, data: bytes) -> bytes:
        rest = super().take(data)
        for kind in re.findall(rb'"type":"([\w.]+)"', data[: len(data) - len(rest)]):
            self.heard["events" if b"." in kind else "signals"] += 1
        return rest

    def take_all(self) -> Counter[str]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, Counter()
        return heard


async def _watch(port: int, header: str) -> Watcher:
    crowd = Crowd(lambda number: b"", 0)
    crowd.member = Watcher
    await crowd.join(port, ["/ws"], [header], HELLO)
    [watcher] = crowd.members
    assert isinstance(watcher, Watcher)
    watcher.take_all()
    return watcher


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, "connections", [name for name in PEERS if name not in ("portable", "channels")])
    parser.add_argument("--members", type=int, default=1000, help="connections; and people who come [1000]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
