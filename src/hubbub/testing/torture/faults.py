"""The faults. Each takes the arena from health to health again; what the people saw meanwhile is for the checker.

A fault that cannot be had on this machine says why: `missing` lists those.
"""

import asyncio
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, closing
from typing import NamedTuple

from hubbub.testing.faulty_server import POINTS
from hubbub.testing.process import tell
from hubbub.testing.proxy import Link
from hubbub.testing.torture.arena import DATABASE, Arena
from hubbub.testing.torture.copies import back_up, interrupt_upgrades

LOCK_MAX_S = 10.0
DEATH_PATIENCE_S = 15.0
"""How long a server that is to die at a point may take to come there."""
NOTICE_PATIENCE_S = 10.0
"""How long a disk fault waits for somebody to notice it."""

Act = Callable[[Arena, random.Random], Awaitable[None]]


class Fault(NamedTuple):
    name: str
    promise: str
    act: Act
    cannot: Callable[[Arena], str | None] = lambda _: None
    """Why it cannot be had here; None when it can."""


def missing(arena: Arena, faults: Iterable[Fault]) -> dict[str, str]:
    """Those that cannot be had here, with the reason and the remedy."""
    return {fault.name: why for fault in faults if (why := fault.cannot(arena))}


# The program -----------------------------------------------------------------------------------------------------


async def kill(arena: Arena, chance: random.Random) -> None:
    await arena.kill()
    await asyncio.sleep(chance.uniform(0, 0.5))
    await arena.start()


async def die_at_a_point(arena: Arena, chance: random.Random) -> None:
    """Kills itself at a named point on the way of a message."""
    await arena.kill()
    await arena.start(f"die={chance.choice(POINTS)}:{chance.randint(1, 60)}")
    try:
        async with asyncio.timeout(DEATH_PATIENCE_S):
            await arena.server.process.wait()
        arena.counts.update(["kills", "cut points"])
    except TimeoutError:
        await arena.kill()
    await arena.start()


async def restart(arena: Arena, chance: random.Random) -> None:
    """SIGTERM, as an operator does it."""
    code = await arena.stop()
    if code != 0:
        raise AssertionError(f"SIGTERM ended the server with {code}, not with 0")
    await arena.start()


async def freeze_server(arena: Arena, chance: random.Random) -> None:
    process = arena.server.process
    tell(process, signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(0.5, 3))
    tell(process, signal.SIGCONT)


async def jump(arena: Arena, chance: random.Random) -> None:
    """The clock jumps once or twice."""
    for _ in range(chance.randint(1, 2)):
        tell(arena.server.process, signal.SIGUSR1)
        await asyncio.sleep(chance.uniform(0.2, 1))


# The disk --------------------------------------------------------------------------------------------------------


async def lock(arena: Arena, chance: random.Random) -> None:
    """Another program holds the database for up to 10 s."""
    with closing(sqlite3.connect(arena.data / DATABASE, isolation_level=None, timeout=NOTICE_PATIENCE_S)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(chance.uniform(0.5, LOCK_MAX_S))
        other.execute("ROLLBACK")


async def fill_the_disk(arena: Arena, chance: random.Random) -> None:
    """No space, until somebody was refused for it; then space again, and the same server goes on."""
    assert arena.disk is not None
    arena.disk.fill()
    try:
        await _somebody_is_refused(arena, "storage_full")
        await asyncio.sleep(chance.uniform(0, 1))
    finally:
        arena.disk.free()


async def cut_the_power(arena: Arena, chance: random.Random) -> None:
    assert arena.disk is not None
    tell(arena.server.process, signal.SIGSTOP)  # no program runs on without power; a flush under way goes on
    arena.disk.cut_power()
    arena.counts["power cuts"] += 1
    await arena.loses_power()
    await asyncio.to_thread(arena.disk.restore_power)
    await arena.start()


async def fail_to_flush(arena: Arena, chance: random.Random) -> None:
    """fsync says EIO, until somebody was refused for it. Nobody knows then what the disk holds: the power goes too."""
    async with _failing_fsync(arena.server.process.pid):
        await _somebody_is_refused(arena, "storage_failed")
    await (cut_the_power if arena.disk else kill)(arena, chance)


async def fail_to_write(arena: Arena, chance: random.Random) -> None:
    """No file may grow any more, which SQLite takes for a broken disk; the server is started again."""
    biggest = max(file.stat().st_size for file in arena.data.iterdir())
    resource.prlimit(arena.server.process.pid, resource.RLIMIT_FSIZE, (biggest // 2, biggest // 2))
    await _somebody_is_refused(arena, "storage_failed")
    await kill(arena, chance)


@asynccontextmanager
async def _failing_fsync(pid: int) -> AsyncIterator[None]:
    tracer = await asyncio.create_subprocess_exec(
        *["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fsync,fdatasync"],
        *["-e", "inject=fsync,fdatasync:error=EIO", "-p", str(pid)],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        tell(tracer, signal.SIGTERM)
        await tracer.wait()


async def _somebody_is_refused(arena: Arena, code: str) -> None:
    """Waits for the first refusal with this code; not for ever, because nobody may have written."""
    before = arena.refusals(code)
    deadline = asyncio.get_running_loop().time() + NOTICE_PATIENCE_S
    while arena.refusals(code) == before and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)


# The network and the clients -------------------------------------------------------------------------------------


async def cut(arena: Arena, chance: random.Random) -> None:
    """A connection is reset after some more bytes, in either direction."""
    link = await _some_link(arena, chance)
    flow = chance.choice([link.up, link.down])
    flow.cut_after(chance.randint(0, 400))
    arena.cuts.append(flow)


async def stall(arena: Arena, chance: random.Random) -> None:
    """A client reads nothing for a while, or for so long that the server gives it up."""
    link = await _some_link(arena, chance)
    link.down.hold()
    await asyncio.sleep(chance.choice([0.3, 1, 3, 9]))
    link.down.release()


async def trickle(arena: Arena, chance: random.Random) -> None:
    """A client reads a byte a second, then as fast as ever."""
    link = await _some_link(arena, chance)
    link.down.trickle(1)
    await asyncio.sleep(chance.uniform(1, 6))
    link.down.release()


async def _some_link(arena: Arena, chance: random.Random) -> Link:
    """One of the connections; waits while there is none."""
    while not arena.proxy.links:
        await asyncio.sleep(0.02)
    return chance.choice(arena.proxy.links)


async def freeze_clients(arena: Arena, chance: random.Random) -> None:
    """Client programs that stop, as a laptop does when it is closed."""
    if arena.elsewhere:
        tell(arena.elsewhere, signal.SIGSTOP)
        await asyncio.sleep(chance.choice([0.5, 2, 9]))
        tell(arena.elsewhere, signal.SIGCONT)


def _needs_a_disk(arena: Arena) -> str | None:
    return None if arena.disk else "needs a disk of its own: run as root, with e2fsprogs installed, on Linux"


def _needs_strace(_: Arena) -> str | None:
    return None if shutil.which("strace") else "needs strace: on Debian, apt-get install strace"


SERVER_FAULTS = (
    Fault("kill -9", "G1", kill),
    Fault("death at a named point", "G1", die_at_a_point),
    Fault("power cut", "G2", cut_the_power, _needs_a_disk),
    Fault("full disk", "G3", fill_the_disk, _needs_a_disk),
    Fault("failing fsync", "G3", fail_to_flush, _needs_strace),
    Fault("failing write", "G3", fail_to_write),
    Fault("frozen server", "G10", freeze_server),
    Fault("restart", "G11", restart),
    Fault("locked database", "G14", lock),
    Fault("backup", "G18", back_up),
    Fault("interrupted upgrade", "G19", interrupt_upgrades),
    Fault("clock jump", "G20", jump),
)
"""One at a time."""
NETWORK_FAULTS = (
    Fault("connection cut", "G4", cut),
    Fault("stalled reader", "G8", stall),
    Fault("byte-a-second reader", "G8", trickle),
    Fault("frozen clients", "G10", freeze_clients),
)
"""Several at once, and during the others."""
