"""Search in a large history, over HTTP: the first page of answers, its time and its cost, and what the index costs.

    .venv/bin/python benchmarks/search.py [--messages 1000000] [--rooms 200] [--requests 50] [--json FILE]

The database is made without its index, as one that is older than search: the time to make it is measured too. "µs CPU"
are of the server's process. Whoever asks is in all rooms.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from make_history import CHINESE, RARE_WORDS, make, rare_word, until_indexed
from servers import TICKS_PER_S

from hubbub.testing.process import run_server

UNLIMITED = {"commands_per_second": 1_000_000, "commands_burst": 1_000_000}


def questions(chance: random.Random) -> dict[str, Callable[[], str]]:
    def rare() -> str:
        return rare_word(chance.randrange(RARE_WORDS // 5, RARE_WORDS))

    return {
        "common_word": lambda: "kettle",
        "rare_word": rare,
        "absent_word": lambda: f"{rare()}{rare()}",
        "prefix": lambda: rare()[:3],
        "one_letter": lambda: rare()[:1],
        "two_words": lambda: f"kettle {rare()}",
        "phrase": lambda: '"the boat"',
        "phrase_absent": lambda: '"kettle kettle kettle kettle"',
        "chinese": lambda: CHINESE[(start := chance.randrange(30)) : start + 3],
        "in_one_room": lambda: "in:room-1 kettle",
        "from_one_person": lambda: 'from:"Person 7" kettle',
        "before_a_day": lambda: "kettle before:1970-01-03",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--json", type=Path, help="Where to write the figures.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        make(data, options.messages, options.rooms, people=50)
        figures = asyncio.run(measure(data, options.messages, options.requests))
    figures |= {"messages": options.messages, "rooms": options.rooms, "python": sys.version.split()[0]}
    for name, value in figures.items():
        print(f"{name:32} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


async def measure(data: Path, messages: int, requests: int) -> dict[str, object]:
    figures: dict[str, object] = {"database_before_mb": _size_mb(data)}
    began = time.perf_counter()
    async with run_server(data, **UNLIMITED) as server:
        figures["start_without_index_s"] = round(time.perf_counter() - began, 2)
        async with _reader(server.url) as http:
            await until_indexed(http)
        figures["index_made_in_s"] = round(time.perf_counter() - began, 1)
        figures["index_us_cpu_per_message"] = round(_cpu_s(server.process.pid) / messages * 1e6, 1)
        await server.stop()
    figures["database_after_mb"] = _size_mb(data)
    began = time.perf_counter()
    async with run_server(data, **UNLIMITED) as server:
        figures["start_s"] = round(time.perf_counter() - began, 2)
        async with _reader(server.url) as http:
            for name, question in questions(random.Random(2)).items():
                figures |= await _ask(http, server.process.pid, name, question, requests)
        figures["rss_mb"] = round(_rss_mb(server.process.pid), 1)
    return figures


@asynccontextmanager
async def _reader(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who is in all rooms."""
    async with httpx2.AsyncClient(base_url=url, timeout=60.0) as http:
        token = (await http.post("/api/guests", json={"name": "Reader"})).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        after: dict[str, str] = {}
        while page := (await http.get("/api/rooms", params=after)).json()["rooms"]:
            for room in page:
                await http.put(f"/api/rooms/{room['id']}/membership")
            after = {"after": page[-1]["id"]}
        yield http


async def _ask(
    http: httpx2.AsyncClient, pid: int, name: str, question: Callable[[], str], requests: int
) -> dict[str, object]:
    times: list[float] = []
    hits = 0
    cpu_before = _cpu_s(pid)
    for _ in range(requests):
        params = {"text": question()}
        began = time.perf_counter()
        answer = await http.get("/api/search", params=params)
        times.append((time.perf_counter() - began) * 1000)
        hits += len(answer.raise_for_status().json()["hits"])
    times.sort()
    return {
        f"{name}_ms_p50": round(statistics.median(times), 2),
        f"{name}_ms_p99": round(times[min(len(times) - 1, round(len(times) * 0.99))], 2),
        f"{name}_ms_cpu": round((_cpu_s(pid) - cpu_before) / requests * 1000, 2),
        f"{name}_hits": round(hits / requests, 1),
    }


def _size_mb(data: Path) -> float:
    return round(sum(file.stat().st_size for file in data.iterdir()) / 1e6, 1)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS_PER_S


def _rss_mb(pid: int) -> float:
    fields = Path(f"/proc/{pid}/status").read_text().split()
    return int(fields[fields.index("VmRSS:") + 1]) / 1024


if __name__ == "__main__":
    main()
