"""A database as an older version of the program would have left it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from hubbub.store.migrate import _config


def make_older(path: Path, revision: str) -> None:
    """Replaces the database by one of that revision's schema, with all of its rows for which there is a place."""
    newer = path.rename(path.with_suffix(".newer"))
    engine = create_engine(f"sqlite:///{path}")
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        database.execute("ATTACH ? AS newer", (str(newer),))
        tables = [name for (name,) in database.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table != "alembic_version":
                columns = ", ".join(f'"{column[1]}"' for column in database.execute(f"PRAGMA main.table_info({table})"))
                database.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        database.commit()
    newer.unlink()
