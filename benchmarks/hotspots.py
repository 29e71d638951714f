#!/usr/bin/env python3
"""Where the server's time goes under full load: benchmarks/hotspots.py [--help]

Takes samples of all threads of Hubbub with py-spy, while 1,000 members hear messages or 100 people post durably, and
writes as text which functions the CPU was in (itself, and with what they called), and the share of the kernel.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import uvloop
from archives import Authors, come_to_hubbub
from measuring import Bench, Meter
from peers import PEERS
from peers.packages import PY_SPY, pypi_install
from servers import Running

SAMPLES_PER_S = 200
LINES = 25
WAITING = ("_worker ", "Condition.wait ", "Writer._take ", "Readers._run ")
"""Functions in which a thread has nothing to do."""
Load = Callable[[Running, Bench], AbstractAsyncContextManager[None]]


def main() -> None:
    arguments = _arguments()
    if arguments.get_py_spy:
        pypi_install("py-spy", folder=PY_SPY.parents[1])
    if not _py_spy():
        sys.exit("py-spy is missing: run again with --get-py-spy, to get it with pip into a cache folder.")
    bench = Bench(arguments)
    texts = [bench.setting()]
    for load in (fan_out, ingest):
        texts.append(uvloop.run(profile(load, bench)))
        print(texts[-1], flush=True)
    arguments.text.write_text("\n\n".join(texts) + "\n")


@asynccontextmanager
async def fan_out(server: Running, bench: Bench) -> AsyncIterator[None]:
    """1,000 members, 4 messages under way"""
    peer, seconds = PEERS["hubbub"], bench.options.seconds
    crowd = await peer.join(server, await peer.sign_in(server.port, bench.options.members))
    talking = asyncio.create_task(crowd.talk(2 * seconds, in_flight=4))
    yield
    await talking
    crowd.leave()


@asynccontextmanager
async def ingest(server: Running, bench: Bench) -> AsyncIterator[None]:
    """people in small rooms, each posts the next message when the last one is safe"""
    authors = Authors()
    senders = min(100, bench.options.members)
    await come_to_hubbub(authors, server, senders, max(1, senders // 5))
    pushing = asyncio.create_task(authors.push(2 * bench.options.seconds))
    yield
    await pushing
    authors.leave()


async def profile(load: Load, bench: Bench) -> str:
    """What the server does under this load, as text."""
    seconds = bench.options.seconds
    with PEERS["hubbub"].start(bench.server_core) as server, tempfile.TemporaryDirectory() as folder:
        async with load(server, bench):
            await asyncio.sleep(seconds / 4)
            meter = Meter(server)
            stacks = await _sample(server, seconds, Path(folder) / "stacks")
            used = meter.read()
    kernel = used["system_s"] / max(used["cpu_s"], 1e-9)
    title = f"== {load.__name__}: {load.__doc__}"
    busy = f"server {used['server_busy']:.0%} of a core, of that {kernel:.0%} in the kernel (system calls)"
    return "\n".join([title, busy, *_functions(stacks)])


async def _sample(server: Running, seconds: float, file: Path) -> Counter[tuple[str, ...]]:
    """How often each stack of functions was seen on a CPU, outermost first."""
    process = await asyncio.create_subprocess_exec(
        *[_py_spy(), "record", "--pid", str(server.pid), "--duration", str(max(1, round(seconds)))],
        *["--rate", str(SAMPLES_PER_S), "--format", "raw", "--function", "--threads", "--output", str(file)],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        sys.exit(f"py-spy could not look into the server: {output.decode().strip()[-300:]}")
    return _stacks(file)


def _stacks(file: Path) -> Counter[tuple[str, ...]]:
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        functions = tuple(part.partition("): ")[2] or part for part in stack.split(";"))
        if not functions[-1].startswith(WAITING):
            stacks[functions] += int(count)
    return stacks


def _functions(stacks: Counter[tuple[str, ...]]) -> list[str]:
    """The heaviest functions of each thread: the share of all samples in which they ran, and in which they or what
    they called did."""
    total = max(1, stacks.total())
    own: Counter[tuple[str, str]] = Counter()
    inclusive: Counter[tuple[str, str]] = Counter()
    for (thread, *functions), count in stacks.items():
        if functions:
            own[thread, functions[-1]] += count
        for function in set(functions):
            inclusive[thread, function] += count
    lines = [f"{total} samples", "   self   total  thread, function"]
    for (thread, function), count in own.most_common(LINES):
        shares = f"{count / total:7.1%} {inclusive[thread, function] / total:7.1%}"
        lines.append(f"{shares}  {thread}: {function}")
    return lines


def _py_spy() -> str:
    """ "" when it is nowhere."""
    return str(PY_SPY) if PY_SPY.exists() else shutil.which("py-spy") or ""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(only=["hubbub"], install=False)
    parser.add_argument("--seconds", type=float, default=5.0, help="time in which samples are taken [5]")
    parser.add_argument("--members", type=int, default=1000, help="people in the room [1000]")
    parser.add_argument("--text", type=Path, default=Path("hotspots.txt"), help="where to write it [hotspots.txt]")
    parser.add_argument("--get-py-spy", action="store_true", help="get py-spy from PyPI, into a cache folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
