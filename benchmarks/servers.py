"""Servers to measure: each in a process of its own, on a core of its own when there are two."""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hubbub.testing.process import UNLIMITED

HERE = Path(__file__).parent
START_TIMEOUT_S = 30.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    """`{port}` and `{data}` are replaced."""
    is_hubbub: bool = False
    """Whether it is given Hubbub's settings: as much as the load wants."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Made in its folder; `{port}` and `{data}` are replaced."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """`{data}` is replaced."""


UVICORN = (
    *(sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--no-access-log"),
    *("--ws-ping-interval", "600", "--ws-ping-timeout", "600"),
)
"""Without pings: on a machine that has much else to do, those who wait for an answer would be taken for dead."""
HUBBUB = Program("hubbub serve", (sys.executable, "-m", "hubbub", "--port", "{port}", "--data", "{data}"), True)
PORTABLE = Program("hubbub on plain uvicorn", (*UVICORN, "--factory", "hubbub.app:create_app"), True)
TUTORIAL = Program("FastAPI tutorial, uvicorn", (*UVICORN, "tutorial:app"))


class Running:
    """A started server; figures are of it and of all processes that it has started."""

    def __init__(self, pid: int, port: int, data: Path) -> None:
        self.pid = pid
        self.port = port
        self.data = data

    def cpu_s(self) -> float:
        """User and system time since its start."""
        return self.user_s() + self.system_s()

    def user_s(self) -> float:
        return self._ticks(11)

    def system_s(self) -> float:
        return self._ticks(12)

    def rss_kb(self) -> float:
        return sum(int(_stat(pid)[21]) for pid in self.processes()) * PAGE_KB

    def processes(self) -> list[int]:
        parents = {int(p.name): int(_stat(int(p.name))[1]) for p in Path("/proc").iterdir() if p.name.isdigit()}
        tree = [self.pid]
        for pid in tree:
            tree += [child for child, parent in parents.items() if parent == pid]
        return tree

    def _ticks(self, column: int) -> float:
        return sum(int(_stat(pid)[column]) for pid in self.processes()) / TICKS_PER_S


def cores() -> tuple[set[int], set[int]]:
    """Where the server runs and where the load comes from: two different cores, if there are two."""
    mine = sorted(os.sched_getaffinity(0))
    return {mine[0]}, {mine[-1]}


def allow_many_sockets() -> int:
    """Raises the limit of open files as far as this user may, for the servers too; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def busy_s(cores: set[int]) -> float:
    """Time in which these cores have worked for anybody, since the machine was started."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    mine = [fields for fields in lines if fields[0] in {f"cpu{core}" for core in cores}]
    return sum(sum(map(int, fields[1:4] + fields[6:9])) for fields in mine) / TICKS_PER_S


@contextmanager
def run(program: Program, core: set[int], data: Path | None = None, port: int = 0) -> Iterator[Running]:
    """`data` is a folder that stays, for a server that is started again; `port` 0: a free one."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = data or Path(temporary)
        port = port or free_port()
        for name, text in program.files.items():
            (folder / name).write_text(text.replace("{port}", str(port)).replace("{data}", str(folder)))
        process = subprocess.Popen(
            [part.format(port=port, data=folder) for part in program.command],
            cwd=HERE,
            env=os.environ | _environment(program, folder),
            stdout=subprocess.DEVNULL,
            stderr=None if program.is_hubbub else subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, core),
        )
        server = Running(process.pid, port, folder)
        try:
            _wait_for(process, port, program.name)
            yield server
        finally:
            for pid in server.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def _environment(program: Program, folder: Path) -> dict[str, str]:
    own = {name: value.replace("{data}", str(folder)) for name, value in program.environment.items()}
    if program.is_hubbub:
        own |= {"HUBBUB_DATA": str(folder)} | {f"HUBBUB_{name.upper()}": str(most) for name, most in UNLIMITED.items()}
    return own


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_for(process: "subprocess.Popen[bytes]", port: int, name: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start: {process.args!r}") from None
            time.sleep(0.05)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may contain anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return ["Z", "0", *["0"] * 50]
