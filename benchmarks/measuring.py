"""What the benchmarks have in common: the setting in words, medians, options."""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import servers
import uvloop
from peers import PEERS, Peer, choose
from servers import Running

Row = dict[str, Any]
PACKAGES = ("uvicorn", "uvloop", "websockets", "fastapi", "sqlalchemy")


class Bench:
    """One run of one benchmark: where it runs, and what it found. `members` and the like are in `options`."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.server_core, load_core = servers.cores()
        servers.allow_many_sockets()
        os.sched_setaffinity(0, load_core)
        self.has_two_cores = self.server_core != load_core
        print(self.setting(), flush=True)
        self.peers: dict[str, Peer] = choose(options.only, options.install)

    def setting(self) -> str:
        packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        where = "server and load on a core each" if self.has_two_cores else "both on one core: do not compare figures"
        return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}; {where}"

    def rounds(self, measure: Callable[[Peer], Coroutine[Any, Any, list[Row]]]) -> Iterator[Row]:
        """What each peer gives in each round, as it comes. One that fails is left out of the round, with a line."""
        for turn in range(self.options.rounds):
            for name, peer in self.peers.items():
                try:
                    rows = uvloop.run(measure(peer))
                except (SystemExit, TimeoutError) as error:
                    if name == "hubbub":
                        raise
                    print(f"  round {turn}  {peer.name} failed: {error or 'it took too long'}", flush=True)
                    continue
                for row in rows:
                    yield {"server": name, "round": turn, **row}

    def write(self, **figures: Any) -> None:
        """To the file of --json, with what it was measured on."""
        facts = {
            "setting": self.setting(),
            "options": {name: value for name, value in vars(self.options).items() if name not in ("json", "install")},
            "versions": {name: peer.version() for name, peer in self.peers.items()},
        }
        self.options.json.write_text(json.dumps(facts | figures, indent=2) + "\n")


def options(doc: str | None, name: str, peers: list[str]) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has; those that choose servers only where there are several."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    file = Path(f"{name}.json")
    parser.add_argument("--json", type=Path, default=file, help=f"where to write all figures [{file}]")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured, in turn [3]")
    if len(peers) == 1:
        parser.set_defaults(only=peers, install=False)
        return parser
    words = f"servers to measure [{' '.join(peers)}]"
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=peers, metavar="SERVER", help=words)
    parser.add_argument("--install", action="store_true", help="get peers from npm and PyPI, into a cache folder")
    return parser


class Meter:
    """What a server, this load generator and all other programs on their cores have used since the meter was made."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self._cores = os.sched_getaffinity(server.pid) | os.sched_getaffinity(0)
        self._before = self._now()

    def read(self) -> Row:
        """Seconds and kB, and how busy everybody was: 1.0 is a whole core."""
        used = {name: value - self._before[name] for name, value in self._now().items()}
        others = used["cores_s"] - used["cpu_s"] - used["load_s"]
        busy = {"server_busy": used["cpu_s"], "load_busy": used["load_s"], "others_busy": max(0.0, others)}
        return used | {name: seconds / used["took_s"] for name, seconds in busy.items()}

    def _now(self) -> Row:
        return {
            "took_s": time.monotonic(),
            "cpu_s": self._server.cpu_s(),
            "system_s": self._server.system_s(),
            "rss_kb": self._server.rss_kb(),
            "load_s": time.process_time(),
            "cores_s": servers.busy_s(self._cores),
        }


BUSY = ("server_busy", "load_busy", "others_busy")


def medians(rows: list[Row], *keys: str) -> list[Row]:
    """One row for each combination of what the keys hold: the medians of its figures."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [
        dict(zip(keys, group, strict=True))
        | {name: statistics.median(row[name] for row in mine) for name in mine[0] if name not in (*keys, "round")}
        for group, mine in groups.items()
    ]


def percentile(values: list[float], percent: float) -> float:
    return sorted(values)[min(int(len(values) * percent / 100), len(values) - 1)]


def table(rows: list[Row], columns: dict[str, str]) -> str:
    """As Markdown; `columns` gives for each key of a row how it is written: "µs CPU|.2f"."""
    heads, formats = zip(*(words.split("|") for words in columns.values()), strict=True)
    lines = ["", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [format(row[key], form) if key in row else "–" for key, form in zip(columns, formats, strict=True)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
