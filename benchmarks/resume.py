#!/usr/bin/env python3
"""Everybody comes back at once: benchmarks/resume.py [--help]

Hubbub is killed and started again on the same data. In the same moment all clients connect, each with the cursor that
it had 20 messages before. Who is refused (an HTTP error, or a close that says "try again") waits a moment and tries
again, as the page does. All have to get all that they lack, in order; nobody may be refused for good.
"""

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
from pathlib import Path

import servers
from measuring import BUSY, Bench, Meter, Row, medians, options, percentile, table
from members import PATIENCE_S, Api, Crowd, Member, handshake, sign_in
from peers.peer import MESSAGE_BYTES
from servers import HUBBUB

ROOM = "lobby"
SEQ = re.compile(rb'"room":"lobby","seq":(\d+)')
ATTEMPTS_MAX = 12
RETRY_MAX_S = 8.0
"""Between two attempts, at random; twice as long after each one, as the page does it."""
COLUMNS = {
    "clients": "clients|,d",
    "caught_up": "caught up|,d",
    "us_per_client": "µs CPU / client|,.0f",
    "all_back_s": "all back after s|.2f",
    "p50_s": "p50 s|.2f",
    "attempts": "attempts|,.0f",
    "refused_for_good": "refused for good|d",
    "server_busy": "server busy|.0%",
    "load_busy": "load busy|.0%",
    "others_busy": "others|.0%",
}


def main() -> None:
    bench = Bench(_arguments())
    rows: list[Row] = []
    for row in bench.rounds(lambda peer: measure(bench)):
        rows.append(row)
        words = f"{row['caught_up']} back, {row['us_per_client']:.0f} µs CPU each"
        print(f"  round {row['round']}  {words}", flush=True)
    summary = medians(rows, "server", "clients")
    print(table(summary, COLUMNS))
    bench.write(rows=rows, summary=summary)


async def measure(bench: Bench) -> list[Row]:
    clients, behind = bench.options.clients, bench.options.behind
    with tempfile.TemporaryDirectory() as folder:
        with servers.run(HUBBUB, bench.server_core, Path(folder)) as server:
            headers = await sign_in(server.port, clients)
            cursor = await _post(server.port, headers[0], behind)
        with servers.run(HUBBUB, bench.server_core, Path(folder), server.port) as server:
            meter = Meter(server)
            crowd = Returning(server.port, cursor, behind)
            async with asyncio.timeout(PATIENCE_S):
                back_s = await asyncio.gather(*map(crowd.come_back, headers))
            used = meter.read()
            crowd.leave()
    row = {
        "clients": clients,
        "caught_up": crowd.caught_up,
        "refused_for_good": clients - crowd.caught_up,
        "us_per_client": used["cpu_s"] / clients * 1e6,
        "all_back_s": max(back_s),
        "p50_s": percentile(back_s, 50),
        "attempts": crowd.attempts,
        **{name: used[name] for name in BUSY},
    }
    return [row]


async def _post(port: int, header: str, behind: int) -> int:
    """Posts one message and some more; returns the cursor of who has only the first."""
    api = await Api.at(port)
    seqs = []
    for number in range(behind + 1):
        body = json.dumps({"text": f"{number} ".ljust(MESSAGE_BYTES, "x")})
        seqs.append((await api.call(f"POST /rooms/{ROOM}/messages", body, header))["seq"])
    api.close()
    return int(seqs[0])


class Client(Member):
    """Has caught up when it has heard, in order, all that it lacks. `over` says how the attempt ended."""

    crowd: "Returning"

    def __init__(self, crowd: "Returning", request: bytes) -> None:
        super().__init__(crowd, request)
        self.over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._seqs: list[int] = []

    def take(self, data: bytes) -> bytes:
        rest = super().take(data)
        self._seqs += map(int, re.findall(SEQ, data[: len(data) - len(rest)]))
        if len(self._seqs) >= len(self.crowd.wanted):
            self._end(self._seqs == self.crowd.wanted)
        return rest

    def refused(self, head: bytes) -> None:
        self._end(False)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(False)

    def _end(self, caught_up: bool) -> None:
        if not self.upgraded.done():
            self.upgraded.set_result(None)
        if not self.over.done():
            self.over.set_result(caught_up)


class Returning(Crowd):
    def __init__(self, port: int, cursor: int, behind: int) -> None:
        super().__init__(lambda number: b"")
        self.wanted = list(range(cursor + 1, cursor + behind + 1))
        self.caught_up = self.attempts = 0
        self._port = port
        self._hello = json.dumps({"type": "hello", "version": 1, "cursors": {ROOM: cursor}}).encode()

    async def come_back(self, header: str) -> float:
        """Tries until it has caught up, or too often; returns after how many seconds that was."""
        began = time.monotonic()
        for attempt in range(ATTEMPTS_MAX):
            self.attempts += 1
            if await self._attempt(header):
                self.caught_up += 1
                break
            await asyncio.sleep(random.uniform(0.1, min(RETRY_MAX_S, 2.0**attempt)))
        return time.monotonic() - began

    async def _attempt(self, header: str) -> bool:
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_connection(
                lambda: Client(self, handshake("/ws", header)), "127.0.0.1", self._port
            )
        except OSError:
            return False
        await client.upgraded
        if not client.over.done():
            client.say(self._hello)
        self.members.append(client)
        return await client.over


def _arguments() -> argparse.Namespace:
    parser = options(__doc__, "resume", ["hubbub"])
    parser.add_argument("--clients", type=int, default=2000, help="clients that return at once [2000]")
    parser.add_argument("--behind", type=int, default=20, help="messages that each has missed [20]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
