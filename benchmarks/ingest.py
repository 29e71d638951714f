#!/usr/bin/env python3
"""How many durable posts a server acknowledges in a second: benchmarks/ingest.py [--help]

Many people post over real sockets with real sessions, each the next message when the last one is acknowledged (that
is: committed and flushed to the disk), and everybody in a room is sent what is posted in it. First as fast as it goes;
then at half that pace, where an acknowledgement's time counts from the moment at which the post was due. The load comes
from another process on another core; the table says how busy both were, because a load generator at 100 % would set
the pace. `a guest` is one more person, in a room of their own, who posts now and then while all others post at full
speed: their wait shows whether anybody can be starved. Compare the ratios of one run, never absolute times of two.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import sqlite3
import statistics
import struct
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import servers
import uvloop
from members import PATIENCE_S, TEXT, Api, Crowd, Member, sign_in
from servers import HUBBUB, Program, Running

MESSAGE_BYTES = 128
WARM_UP = 0.2
"""Of the measured time."""
HELLO = b'{"type":"hello","version":1}'
LOBBY = "lobby"
GUEST_ROOM = "guest-room"
GUEST_PAUSE_S = 0.05
YIELD_EVERY = 20
"""Posts that are behind their time, before answers are read again."""
TRACED = Program(
    "hubbub serve, traced",
    (
        *("strace", "--follow-forks", "--seccomp-bpf", "--output={data}/flushes", "--trace=fsync,fdatasync"),
        *HUBBUB.command,
    ),
    True,
)
Row = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    server_core, load_core = servers.cores()
    os.sched_setaffinity(0, load_core)
    setting = _setting(arguments, server_core, load_core)
    print(setting, flush=True)
    rows: list[Row] = []
    for turn in range(arguments.rounds):
        for rooms in arguments.rooms:
            rows.append({"round": turn, **uvloop.run(measure(rooms, server_core, arguments))})
            print(_line(rows[-1]), flush=True)
    if not shutil.which("strace"):
        print("flushes are not counted: that needs strace (on Debian: apt-get install strace)")
    summary = [_median([row for row in rows if row["rooms"] == rooms]) for rooms in arguments.rooms]
    print(_table(summary))
    arguments.json.write_text(json.dumps({"setting": setting, "rows": rows, "summary": summary}, indent=2))


async def measure(rooms: int, core: set[int], arguments: argparse.Namespace) -> Row:
    async with _at_work(HUBBUB, rooms, core, arguments) as (server, senders):
        full = await _full_load(server, senders, arguments)
        half = await _half_load(server, senders, arguments.seconds, full["posts_per_s"] / 2)
    row = {"rooms": rooms, "senders": arguments.senders, **full, **half, "flushes_per_post": None}
    if shutil.which("strace"):
        async with _at_work(TRACED, rooms, core, arguments) as (server, senders):
            posts, flushes = senders.acknowledged, _flushes(server)
            await senders.push(arguments.seconds * WARM_UP, arguments.in_flight)
            row["flushes_per_post"] = (_flushes(server) - flushes) / (senders.acknowledged - posts)
    return row


@asynccontextmanager
async def _at_work(
    program: Program, rooms: int, core: set[int], arguments: argparse.Namespace
) -> AsyncIterator[tuple[Running, "Senders"]]:
    """A server, and people who have posted in it for a while."""
    with servers.run(program, core) as server:
        headers = await sign_in(server.port, arguments.senders + 1)
        senders = Senders(await _settle(server.port, rooms, headers))
        await senders.join(server.port, ["/ws"] * len(headers), headers, HELLO)
        await senders.push(arguments.seconds * WARM_UP, arguments.in_flight)
        yield server, senders
        senders.leave()


async def _settle(port: int, rooms: int, headers: list[str]) -> dict[str, str]:
    """The room in which each of the people posts, by their header: all in the lobby, where everybody is, or spread
    over rooms that are made for it. The last one, the guest, has a room of their own."""
    api = await Api.at(port)
    names = [LOBBY] if rooms == 1 else [f"room-{number}" for number in range(rooms)]
    homes: dict[str, str] = {}
    for number, header in enumerate(headers):
        name = GUEST_ROOM if number == len(headers) - 1 else names[number % len(names)]
        if name in homes.values():
            await api.call(f"PUT /rooms/{name}/membership", header=header)
        elif name != LOBBY:
            await api.call("POST /rooms", json.dumps({"name": name}), header)
        homes[header] = name
    api.close()
    return homes


async def _full_load(server: Running, senders: "Senders", arguments: argparse.Namespace) -> Row:
    senders.forget()
    before = Reading(server, senders)
    pushing = asyncio.create_task(senders.push(arguments.seconds, arguments.in_flight))
    await asyncio.sleep(arguments.seconds)
    row = before.until(Reading(server, senders))
    await pushing
    return row | {
        "full_p50_ms": _percentile(senders.waits_s, 50),
        "full_p99_ms": _percentile(senders.waits_s, 99),
        "guest_p99_ms": _percentile(senders.guest_waits_s, 99),
    }


async def _half_load(server: Running, senders: "Senders", seconds: float, posts_per_s: float) -> Row:
    senders.forget()
    before = Reading(server, senders)
    await senders.pace(seconds, posts_per_s)
    row = before.until(Reading(server, senders))
    return {
        "half_posts_per_s": row["posts_per_s"],
        "half_p50_ms": _percentile(senders.waits_s, 50),
        "half_p99_ms": _percentile(senders.waits_s, 99),
        "half_posts_per_commit": row["posts_per_commit"],
        "half_server_busy": row["server_busy"],
    }


class Reading:
    """All counters at one moment."""

    def __init__(self, server: Running, senders: "Senders") -> None:
        self.at, self.cpu_s, self.own_s = time.monotonic(), server.cpu_s(), time.process_time()
        self.commits, self.posts, self.frames = _commits(server), senders.acknowledged, senders.frames

    def until(self, later: "Reading") -> Row:
        took, posts = later.at - self.at, later.posts - self.posts
        commits = later.commits - self.commits
        return {
            "posts_per_s": posts / took,
            "us_per_post": (later.cpu_s - self.cpu_s) / posts * 1e6,
            "deliveries_per_s": (later.frames - self.frames - posts) / took,
            "commits_per_s": commits / took,
            "posts_per_commit": posts / commits,
            "server_busy": (later.cpu_s - self.cpu_s) / took,
            "load_busy": (later.own_s - self.own_s) / took,
        }


def _commits(server: Running) -> int:
    """SQLite counts transactions in the index of its write-ahead log (https://www.sqlite.org/walformat.html)."""
    with (server.data / "hubbub.db-shm").open("rb") as index:
        return int(struct.unpack("=8xI", index.read(12))[0])


def _flushes(server: Running) -> int:
    return (server.data / "flushes").read_text().count("sync(")


def _percentile(waits_s: list[float], percent: int) -> float:
    return sorted(waits_s)[len(waits_s) * percent // 100] * 1e3


class Sender(Member):
    crowd: "Senders"

    def __init__(self, crowd: "Senders", request: bytes) -> None:
        super().__init__(crowd, request)
        self.room = next(room for header, room in crowd.homes.items() if header.encode() in request)
        self.due: deque[float] = deque()
        """When each post that is under way was due, oldest first: answers come in that order."""

    def post(self, due: float) -> None:
        self.due.append(due)
        self.crowd.posted += 1
        post = {"type": "post", "id": self.crowd.posted, "room": self.room, "key": f"key-{self.crowd.posted}"}
        self.send(TEXT, json.dumps(post | {"text": "x" * MESSAGE_BYTES}, separators=(",", ":")).encode())

    def short(self, payload: bytes) -> None:
        if b'"result"' in payload:
            self.crowd.answered(self, time.monotonic() - self.due.popleft())
        elif b'"error"' in payload:
            raise SystemExit(f"the server refused a post: {payload.decode()}")


class Senders(Crowd):
    """`homes` tells the room in which each posts, by their line of headers."""

    member = Sender

    def __init__(self, homes: dict[str, str]) -> None:
        super().__init__(lambda number: b"")
        self.homes = homes
        self.posted = self.acknowledged = 0
        self._pushing = False
        self.forget()

    def forget(self) -> None:
        self.waits_s: list[float] = []
        self.guest_waits_s: list[float] = []

    def answered(self, sender: Sender, wait_s: float) -> None:
        self.acknowledged += 1
        if sender.room == GUEST_ROOM:
            self.guest_waits_s.append(wait_s)
            return
        self.waits_s.append(wait_s)
        if self._pushing:
            sender.post(time.monotonic())

    async def push(self, seconds: float, in_flight: int) -> None:
        """Everybody posts as fast as answers come, with so many posts under way; the guest now and then."""
        self._pushing = True
        guest, others = self._by_home()
        for sender in others * in_flight:
            sender.post(time.monotonic())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not guest.due:
                guest.post(time.monotonic())
            await asyncio.sleep(GUEST_PAUSE_S)
        self._pushing = False
        await self._all_answered()

    async def pace(self, seconds: float, posts_per_s: float) -> None:
        """So many posts a second, one after the other by all people in turn, however fast the answers come."""
        _, others = self._by_home()
        began = time.monotonic()
        for number in range(int(seconds * posts_per_s)):
            due = began + number / posts_per_s
            while (wait_s := due - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            others[number % len(others)].post(due)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        await self._all_answered()

    def _by_home(self) -> tuple[Sender, list[Sender]]:
        guest = next(sender for sender in self.members if sender.room == GUEST_ROOM)
        return guest, [sender for sender in self.members if sender is not guest]

    async def _all_answered(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.acknowledged < self.posted:
                await asyncio.sleep(0.01)


def _median(rows: list[Row]) -> Row:
    """A middle one of the measured values for each figure; None where nothing was measured."""
    return {
        key: statistics.median_low(row[key] for row in rows) if rows[0][key] is not None else None for key in rows[0]
    }


def _line(row: Row) -> str:
    return (
        f"  round {row['round']}  {row['rooms']:>3} rooms  {row['posts_per_s']:6,.0f} posts/s  "
        f"{row['us_per_post']:4.0f} µs  p99 {row['full_p99_ms']:5.1f} ms, at half load {row['half_p99_ms']:5.1f} ms  "
        f"server {row['server_busy']:4.0%} busy, load {row['load_busy']:4.0%}"
    )


def _table(summary: list[Row]) -> str:
    lines = [
        "",
        "| rooms | posts/s | µs CPU / post | deliveries/s | p50 / p99 | a guest's p99 | posts / commit "
        "| flushes / post | p50 / p99 at half load | server busy | load busy |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary:
        flushes = "–" if row["flushes_per_post"] is None else f"{row['flushes_per_post']:.3f}"
        lines.append(
            f"| {row['rooms']} | {row['posts_per_s']:,.0f} | {row['us_per_post']:.0f} | {row['deliveries_per_s']:,.0f} "
            f"| {row['full_p50_ms']:.1f} / {row['full_p99_ms']:.1f} ms | {row['guest_p99_ms']:.1f} ms "
            f"| {row['posts_per_commit']:.1f} | {flushes} | {row['half_p50_ms']:.1f} / {row['half_p99_ms']:.1f} ms "
            f"| {row['server_busy']:.0%} | {row['load_busy']:.0%} |"
        )
    return "\n".join(lines)


def _setting(arguments: argparse.Namespace, server_core: set[int], load_core: set[int]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "sqlalchemy", "fastapi"))
    where = (
        "both on one core: figures are not comparable" if server_core == load_core else "server and load on a core each"
    )
    return (
        f"{arguments.senders} senders, {arguments.in_flight} posts of {MESSAGE_BYTES} bytes under way for each, "
        f"{arguments.seconds:g} s, {arguments.rounds} rounds; Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {packages}; {where}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time for each figure [5]")
    parser.add_argument("--senders", type=int, default=100, help="people who post [100]")
    parser.add_argument("--rooms", type=int, nargs="+", default=[20, 1], help="rooms they are spread over [20 1]")
    parser.add_argument("--in-flight", type=int, default=1, help="posts of each sender under way at once [1]")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured [3]")
    parser.add_argument(
        "--json", type=Path, default=Path("ingest.json"), help="where to write all figures [ingest.json]"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
