"""Servers to measure: each in a process of its own, on a core of its own when there are two."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
START_TIMEOUT_S = 30.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024
UNLIMITED = ("posts_per_second", "posts_burst", "commands_per_second", "commands_burst")


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    """`{port}` and `{data}` are replaced."""
    is_hubbub: bool
    """Whether its clients sign in and speak the chat protocol; else the tutorial's."""


UVICORN = (sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--no-access-log")
HUBBUB = Program("hubbub serve", (sys.executable, "-m", "hubbub", "--port", "{port}", "--data", "{data}"), True)
PORTABLE = Program("hubbub on plain uvicorn", (*UVICORN, "--factory", "hubbub.app:create_app"), True)
TUTORIAL = Program("FastAPI tutorial, uvicorn", (*UVICORN, "tutorial:app"), False)


class Running:
    """A started server; figures are of it and of all processes that it has started."""

    def __init__(self, pid: int, port: int, data: Path) -> None:
        self.pid = pid
        self.port = port
        self.data = data

    def cpu_s(self) -> float:
        """User and system time since its start."""
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in self.processes()) / TICKS_PER_S

    def rss_kb(self) -> float:
        return sum(int(_stat(pid)[21]) for pid in self.processes()) * PAGE_KB

    def processes(self) -> list[int]:
        parents = {int(p.name): int(_stat(int(p.name))[1]) for p in Path("/proc").iterdir() if p.name.isdigit()}
        tree = [self.pid]
        for pid in tree:
            tree += [child for child, parent in parents.items() if parent == pid]
        return tree


def cores() -> tuple[set[int], set[int]]:
    """Where the server runs and where the load comes from: two different cores, if there are two."""
    mine = sorted(os.sched_getaffinity(0))
    return {mine[0]}, {mine[-1]}


@contextmanager
def run(program: Program, core: set[int]) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        command = [part.format(port=port, data=folder) for part in program.command]
        environment = os.environ | {"HUBBUB_DATA": folder} | {f"HUBBUB_{name.upper()}": "1000000" for name in UNLIMITED}
        process = subprocess.Popen(
            command,
            cwd=HERE,
            env=environment,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, core),
        )
        try:
            _wait_for(process, port)
            yield Running(process.pid, port, Path(folder))
        finally:
            for pid in Running(process.pid, port, Path(folder)).processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: {process.args}") from None
            time.sleep(0.05)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may contain anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # it has just ended
        return ["Z", "0", *["0"] * 50]
