"""A server that breaks a promise, to show that torture notices: `sabotage.py NAME ARGUMENTS OF THE FAULTY SERVER`."""

import sys
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from hubbub.hub.fast_outlet import FastOutlet
from hubbub.store import sqlite
from hubbub.store.transaction import SqlTransaction
from hubbub.testing.faulty_server import main


def lose_frames() -> None:
    """After a while every fiftieth write to a socket is lost."""
    write, count = FastOutlet.write, 0

    def lossy(outlet: FastOutlet, batch: Any) -> None:
        nonlocal count
        count += 1
        if count < 300 or count % 50:
            write(outlet, batch)

    FastOutlet.write = lossy  # type: ignore[method-assign]


def lose_commits() -> None:
    """Every hundredth transaction is rolled back, and nobody is told."""
    append, commit, count = SqlTransaction.append, SQLiteDialect_pysqlite.do_commit, 0

    def counted(transaction: SqlTransaction, draft: Any) -> Any:
        nonlocal count
        count += 1
        return append(transaction, draft)

    def lossy(dialect: Any, connection: Any) -> None:
        nonlocal count
        if count > 100:
            count = 0
            dialect.do_rollback(connection)
        else:
            commit(dialect, connection)

    SqlTransaction.append = counted  # type: ignore[method-assign]
    SQLiteDialect_pysqlite.do_commit = lossy


def keep_deleted_texts() -> None:
    SqlTransaction._erase = lambda transaction, room, seq: None  # type: ignore[method-assign]


def trust_the_cache() -> None:
    """A commit is acknowledged before it is on the disk."""
    pragmas = tuple(pragma for pragma in sqlite.PRAGMAS if "synchronous" not in pragma)
    sqlite.PRAGMAS = (*pragmas, "synchronous=OFF")


if __name__ == "__main__":
    {f.__name__: f for f in (lose_frames, lose_commits, keep_deleted_texts, trust_the_cache)}[sys.argv[1]]()
    main(sys.argv[2:])
