"""A server that breaks a promise, to show that torture notices: `sabotage.py NAME ARGUMENTS OF THE FAULTY SERVER`."""

import re
import sys
import time
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from hubbub.hub.fast_outlet import FastOutlet
from hubbub.store import sqlite
from hubbub.store.prepared import Driver
from hubbub.store.transaction import SqlTransaction
from hubbub.testing.faulty_server import main, write_one_by_one

EVENT = re.compile(r'"type":"(message|member|room)\.')


def lose_frames() -> None:
    """After a while every fiftieth write of events to a socket is lost; answers and welcomes are not."""
    write_one_by_one()
    write, count = FastOutlet.write, 0

    def lossy(outlet: FastOutlet, batch: Any) -> None:
        nonlocal count
        is_of_events = all(EVENT.search(frame) for frame in batch.frames)
        count += is_of_events
        if not is_of_events or count < 200 or count % 50:
            write(outlet, batch)

    FastOutlet.write = lossy  # type: ignore[method-assign]


def lose_commits() -> None:
    """Every hundredth transaction is rolled back, and nobody is told."""
    append, commit, count = SqlTransaction.append, Driver.commit, 0

    def counted(transaction: SqlTransaction, draft: Any) -> Any:
        nonlocal count
        count += 1
        return append(transaction, draft)

    def lossy(driver: Driver) -> None:
        nonlocal count
        if count > 100:
            count = 0
            driver.cursor.execute("ROLLBACK")
        else:
            commit(driver)

    SqlTransaction.append = counted  # type: ignore[method-assign]
    Driver.commit = lossy  # type: ignore[method-assign]


def keep_deleted_texts() -> None:
    SqlTransaction._erase = lambda transaction, room, seq: None  # type: ignore[method-assign]


def trust_the_cache() -> None:
    """A commit is acknowledged before it is on the disk."""
    pragmas = tuple(pragma for pragma in sqlite.PRAGMAS if "synchronous" not in pragma)
    sqlite.PRAGMAS = (*pragmas, "synchronous=OFF")


def wait_for_readers() -> None:
    """Everybody waits a while for each connection that does not take what it is given."""
    write_one_by_one()
    write = FastOutlet.write

    def patient(outlet: FastOutlet, batch: Any) -> None:
        write(outlet, batch)
        if outlet.stalled_since() is not None:
            time.sleep(1)

    FastOutlet.write = patient  # type: ignore[method-assign]


def upgrade_by_halves() -> None:
    """Each statement that changes a schema is committed by itself."""
    execute = SQLiteDialect_pysqlite.do_execute

    def hasty(dialect: Any, cursor: Any, statement: str, *more: Any) -> None:
        execute(dialect, cursor, statement, *more)
        if statement.lstrip().startswith("CREATE"):
            cursor.connection.execute("COMMIT")
            cursor.connection.execute("BEGIN")

    SQLiteDialect_pysqlite.do_execute = hasty  # type: ignore[method-assign]


SABOTAGES = (lose_frames, lose_commits, keep_deleted_texts, trust_the_cache, wait_for_readers, upgrade_by_halves)

if __name__ == "__main__":
    {sabotage.__name__: sabotage for sabotage in SABOTAGES}[sys.argv[1]]()
    main(sys.argv[2:])
