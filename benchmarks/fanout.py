#!/usr/bin/env python3
"""What it costs a server to bring a message to everybody in a room: benchmarks/fanout.py [--help]

CPU time of the server's processes for each delivery, over real sockets and with real sessions. The load comes from
another process on another core, so what it costs is in no figure; the table says how busy both were, because a load
generator at 100 % would set the pace. Compare the ratios of one run, never absolute times of two.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import servers
import uvloop
from members import Crowd, sign_in
from servers import HUBBUB, PORTABLE, TUTORIAL, Program, Running

MESSAGE_BYTES = 128
WARM_UP = 0.2
"""Of the measured time."""
HELLO = b'{"type":"hello","version":1}'
Row = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    server_core, load_core = servers.cores()
    os.sched_setaffinity(0, load_core)
    print(_setting(arguments, server_core, load_core), flush=True)
    rows: list[Row] = []
    for turn in range(arguments.rounds):
        for program in (HUBBUB, PORTABLE, TUTORIAL):
            for row in uvloop.run(measure(program, server_core, arguments)):
                rows.append({"round": turn, **row})
                print(_line(rows[-1]), flush=True)
    summary = summarize(rows)
    print(_table(summary))
    arguments.json.write_text(
        json.dumps({"setting": _setting(arguments, server_core, load_core), "rows": rows, "summary": summary}, indent=2)
    )


async def measure(program: Program, core: set[int], arguments: argparse.Namespace) -> list[Row]:
    rows = []
    with servers.run(program, core) as server:
        crowd, joining = await _gather(program, server, arguments.members)
        for in_flight in arguments.in_flight:
            await crowd.talk(arguments.seconds * WARM_UP, in_flight)
            rows.append({"server": program.name, **joining, **await _talk(server, crowd, arguments.seconds, in_flight)})
        crowd.leave()
    return rows


async def _gather(program: Program, server: Running, members: int) -> tuple[Crowd, Row]:
    if program.is_hubbub:
        crowd = Crowd(_post)
        headers = await sign_in(server.port, members)
        paths, first = ["/ws"] * members, HELLO
    else:
        crowd = Crowd(lambda number: b"x" * MESSAGE_BYTES)
        headers, first = [""] * members, None
        paths = [f"/ws/{number}" for number in range(members)]
    cpu, rss = server.cpu_s(), server.rss_kb()
    await crowd.join(server.port, paths, headers, first)
    joining = {
        "kb_per_connection": (server.rss_kb() - rss) / members,
        "us_per_join": (server.cpu_s() - cpu) / members * 1e6,
    }
    return crowd, joining


async def _talk(server: Running, crowd: Crowd, seconds: float, in_flight: int) -> Row:
    began, cpu, own = time.monotonic(), server.cpu_s(), time.process_time()
    frames, size = crowd.frames, crowd.bytes
    talking = asyncio.create_task(crowd.talk(seconds, in_flight))
    await asyncio.sleep(seconds)
    took, busy, load = time.monotonic() - began, server.cpu_s() - cpu, time.process_time() - own
    frames, size = crowd.frames - frames, crowd.bytes - size
    await talking
    deliveries = frames * len(crowd.members) / (len(crowd.members) + 1)
    return {
        "in_flight": in_flight,
        "members": len(crowd.members),
        "us_per_delivery": busy / deliveries * 1e6,
        "deliveries_per_s": deliveries / took,
        "bytes_per_delivery": size / deliveries,
        "server_busy": busy / took,
        "load_busy": load / took,
    }


def _post(number: int) -> bytes:
    text = "x" * MESSAGE_BYTES
    return json.dumps({"type": "post", "id": number, "room": "lobby", "text": text}, separators=(",", ":")).encode()


def summarize(rows: list[Row]) -> list[Row]:
    """The median of each server, and its ratio to the tutorial: the median of the ratios within each round."""
    summary = []
    for in_flight in sorted({row["in_flight"] for row in rows}, reverse=True):
        of_tutorial = {r["round"]: r for r in rows if (r["server"], r["in_flight"]) == (TUTORIAL.name, in_flight)}
        for name in dict.fromkeys(row["server"] for row in rows):
            mine = [row for row in rows if (row["server"], row["in_flight"]) == (name, in_flight)]
            figures = {
                key: statistics.median(row[key] for row in mine)
                for key in mine[0]
                if key not in ("round", "server", "in_flight")
            }
            ratio = statistics.median(r["us_per_delivery"] / of_tutorial[r["round"]]["us_per_delivery"] for r in mine)
            summary.append({"server": name, "in_flight": in_flight, **figures, "ratio_to_tutorial": ratio})
    return summary


def _line(row: Row) -> str:
    return (
        f"  round {row['round']}  {row['server']:<28}{row['in_flight']} in flight  {row['us_per_delivery']:6.2f} µs"
        f"  server {row['server_busy']:4.0%} busy, load {row['load_busy']:4.0%}"
    )


def _table(summary: list[Row]) -> str:
    lines = [
        "",
        "| server | in flight | µs CPU / delivery | × tutorial | deliveries/s | bytes | server busy | load busy "
        "| kB / connection | µs CPU / join |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary:
        lines.append(
            f"| {row['server']} | {row['in_flight']} | {row['us_per_delivery']:.2f} | {row['ratio_to_tutorial']:.2f} "
            f"| {row['deliveries_per_s']:,.0f} | {row['bytes_per_delivery']:.0f} | {row['server_busy']:.0%} "
            f"| {row['load_busy']:.0%} | {row['kb_per_connection']:.1f} | {row['us_per_join']:.0f} |"
        )
    return "\n".join(lines)


def _setting(arguments: argparse.Namespace, server_core: set[int], load_core: set[int]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "websockets", "fastapi"))
    where = (
        "both on one core: figures are not comparable" if server_core == load_core else "server and load on a core each"
    )
    return (
        f"{arguments.members} members, {MESSAGE_BYTES} bytes a message, {arguments.seconds:g} s, "
        f"{arguments.rounds} rounds; Python {platform.python_version()}, {packages}; {where}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time for each figure [5]")
    parser.add_argument("--members", type=int, default=1000, help="people in the room [1000]")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured [3]")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[4, 1], help="messages under way at once [4 1]")
    parser.add_argument(
        "--json", type=Path, default=Path("fanout.json"), help="where to write all figures [fanout.json]"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
