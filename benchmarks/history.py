"""How a large history opens: start-up, memory, and pages of 50 messages anywhere in a room, over HTTP. The index for
search is there, as it is in a database that a server has written.

.venv/bin/python benchmarks/history.py [--messages 1000000] [--rooms 200] [--requests 200] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from make_history import make, until_indexed

from hubbub.testing.process import run_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--json", type=Path, help="Where to write the figures.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        make(data, options.messages, options.rooms, people=50)
        figures = asyncio.run(measure(data, options.requests))
    figures |= {"messages": options.messages, "rooms": options.rooms, "python": sys.version.split()[0]}
    for name, value in figures.items():
        print(f"{name:32} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


async def measure(data: Path, requests: int) -> dict[str, object]:
    await _make_index(data)
    began = time.perf_counter()
    fast = {"commands_per_second": 100_000, "commands_burst": 100_000}
    async with run_server(data, **fast) as server:
        started = time.perf_counter() - began
        rss_mb = _rss_mb(server.process.pid)
        async with httpx2.AsyncClient(base_url=server.url) as http:
            token = (await http.post("/api/guests", json={"name": "Reader"})).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            rooms = [room["id"] for room in (await http.get("/api/rooms", params={"limit": 100})).json()["rooms"]]
            await http.put("/api/rooms/room-0/membership")
            head = (await http.get("/api/rooms/room-0/messages")).json()["head"]
            chance = random.Random(2)
            figures: dict[str, object] = {"start_s": round(started, 2), "rss_idle_mb": round(rss_mb, 1)}
            for where in ("before", "after", "around"):
                times = [
                    await _timed(http, "/api/rooms/room-0/messages", {where: chance.randint(1, head), "limit": 50})
                    for _ in range(requests)
                ]
                figures |= _spread(f"history_{where}_ms", times)
            times = [await _timed(http, "/api/rooms/room-0/messages", {"limit": 50}) for _ in range(requests)]
            figures |= _spread("history_newest_ms", times)
            for room in rooms[:50]:
                await http.put(f"/api/rooms/{room}/membership")
            times = [await _timed(http, "/api/rooms", {"limit": 100}) for _ in range(20)]
            return figures | _spread("rooms_with_unread_ms", times)


async def _make_index(data: Path) -> None:
    async with run_server(data) as server, httpx2.AsyncClient(base_url=server.url, timeout=60.0) as http:
        token = (await http.post("/api/guests", json={"name": "First"})).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        await until_indexed(http)
        await server.stop()


async def _timed(http: httpx2.AsyncClient, path: str, params: dict[str, object]) -> float:
    began = time.perf_counter()
    answer = await http.get(path, params=params)
    answer.raise_for_status()
    return (time.perf_counter() - began) * 1000


def _spread(name: str, times: list[float]) -> dict[str, object]:
    return {f"{name}_p50": round(statistics.median(times), 2), f"{name}_max": round(max(times), 2)}


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


if __name__ == "__main__":
    main()
