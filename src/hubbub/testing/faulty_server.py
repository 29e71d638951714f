"""`hubbub`, with faults wrapped around it from outside. The product itself knows nothing of them.

    python -m hubbub.testing.faulty_server [die=POINT:N] [jumps=SECONDS,SECONDS…] -- ARGUMENTS OF HUBBUB

`die`: kill -9 at the N-th time that the program comes to this point (see POINTS, STARTING_POINTS).
`jumps`: each SIGUSR1 moves the clock by the next of these.
"""

import functools
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from hubbub.app import Chat
from hubbub.hub.fast_outlet import FastOutlet
from hubbub.hub.hub import Hub
from hubbub.store.prepared import Driver
from hubbub.store.transaction import SqlTransaction
from hubbub.testing.process import end_with_the_parent

POINTS = [
    f"{when}-{what}"
    for what in ("insert", "commit", "announcing", "delivery", "fan-out", "write", "acknowledging")
    for when in ("before", "after")
]
"""The stations of a message: its row, COMMIT, the news of it on the bus, the hub, the end of the tick, each write to a
socket, the answer to its sender."""
STARTING_POINTS = ["before-statement", "after-statement"]
"""Of SQL: while it starts, those of a migration."""


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    faults = dict(argument.split("=", 1) for argument in arguments[:split])
    if "die" in faults:
        point, count = faults["die"].split(":")
        arm(point, int(count))
    if "jumps" in faults:
        let_the_clock_jump([float(jump) for jump in faults["jumps"].split(",")])
    end_with_the_parent()
    sys.argv = ["hubbub", *arguments[split + 1 :]]
    runpy.run_module("hubbub", run_name="__main__")


def arm(point: str, count: int) -> None:
    """The program kills itself when it comes to this point for the `count`-th time."""
    when, what = point.split("-", 1)
    passed = 0

    def pass_by(now: str) -> None:
        nonlocal passed
        if now == when:
            passed += 1
            if passed == count:
                os.kill(os.getpid(), signal.SIGKILL)

    has_written = threading.local()
    """Whether this thread's open transaction has: COMMIT after mere reading is no station."""

    def wrap(owner: Any, name: str, counts: Callable[..., bool] = lambda *_: True) -> None:
        real = getattr(owner, name)

        @functools.wraps(real)
        def wrapped(*values: Any, **options: Any) -> Any:
            relevant = counts(*values)
            if relevant:
                pass_by("before")
            result = real(*values, **options)
            if relevant:
                pass_by("after")
            return result

        setattr(owner, name, wrapped)

    def commits(*_: Any) -> bool:
        written, has_written.now = getattr(has_written, "now", False), False
        return written

    def inserts(*_: Any) -> bool:
        has_written.now = True
        return what == "insert"

    def acknowledges(_hub: Hub, _connection: Any, frame: str, *_: Any) -> bool:
        return frame.startswith('{"type":"result"')

    wrap(SqlTransaction, "append", inserts)
    match what:
        case "statement":
            wrap(SQLiteDialect_pysqlite, "do_execute")
        case "commit":
            wrap(Driver, "commit", commits)
        case "announcing":
            wrap(Chat, "_committed")
        case "delivery":
            wrap(Hub, "deliver")
        case "fan-out":
            wrap(Hub, "_write_pending")
        case "write":
            write_one_by_one()
            wrap(FastOutlet, "write")
        case "acknowledging":
            wrap(Hub, "tell", acknowledges)


def write_one_by_one() -> None:
    """From now on every batch comes by `FastOutlet.write`."""
    FastOutlet.send_now = property(lambda outlet: None, lambda outlet, send: None)  # type: ignore[assignment]


def let_the_clock_jump(jumps: list[float]) -> None:
    """Only what tells the date. Timers go by the monotonic clock, which does not jump on a real machine either."""
    real_ns, real = time.time_ns, time.time
    offset = 0.0

    def jump(*_: object) -> None:
        nonlocal offset
        if jumps:
            offset += jumps.pop(0)

    time.time_ns = lambda: max(0, real_ns() + int(offset * 1e9))
    time.time = lambda: max(0.0, real() + offset)
    signal.signal(signal.SIGUSR1, jump)


if __name__ == "__main__":
    main(sys.argv[1:])
