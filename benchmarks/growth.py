#!/usr/bin/env python3
"""Whether a larger room makes a delivery dearer: benchmarks/growth.py [--help]

CPU time of the server's processes for each delivery, in rooms of 100 to 10,000 members, with 4 messages under way.
"""

import argparse

from fanout import WARM_UP, loaded_row
from measuring import Bench, Row, medians, options, table
from peers import Peer

IN_FLIGHT = 4
COLUMNS = {
    "server": "server|",
    "members": "members|,d",
    "us_per_delivery": "µs CPU / delivery|.2f",
    "deliveries_per_s": "deliveries/s|,.0f",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}


def main() -> None:
    bench = Bench(_arguments())
    rows: list[Row] = []
    for row in bench.rounds(lambda peer: measure(peer, bench)):
        rows.append(row)
        words = f"{row['server']:<10}{row['members']:6,} members {row['us_per_delivery']:6.2f} µs CPU / delivery"
        print(f"  round {row['round']}  {words}", flush=True)
    summary = medians(rows, "server", "members")
    print(table(summary, COLUMNS))
    bench.write(rows=rows, summary=summary)


async def measure(peer: Peer, bench: Bench) -> list[Row]:
    seconds = bench.options.seconds
    rows = []
    for members in bench.options.members:
        with peer.start(bench.server_core) as server:
            crowd = await peer.join(server, await peer.sign_in(server.port, members))
            await crowd.talk(seconds * WARM_UP, IN_FLIGHT)
            rows.append(await loaded_row(server, crowd, seconds, IN_FLIGHT))
            crowd.leave()
    return rows


def _arguments() -> argparse.Namespace:
    sizes = [100, 300, 1000, 3000, 10_000]
    parser = options(__doc__, "growth", ["hubbub", "nchan", "nats"])
    parser.add_argument("--seconds", type=float, default=4.0, help="measured time for each figure [4]")
    parser.add_argument("--members", type=int, nargs="+", default=sizes, help="people in the room [100 … 10000]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
