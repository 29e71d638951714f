"""Brings a database to the newest schema, by Alembic, from inside the installed package.

Alembic is loaded only when there is something to bring: with what it needs itself it takes 13 MB and 0.3 s. A new
database gets the tables as the program has them, which are exactly those that the migrations make.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from hubbub.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's own."""


class NewerDatabase(Exception):
    """The database has a revision that this version of the program does not know."""


def revisions() -> list[str]:
    """What this version of the program knows, the newest first. The name of a migration's file begins with it."""
    names = (path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    return sorted((name.partition("_")[0] for name in names), reverse=True)


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema that this version knows."""
    return _revisions_of(connection) == revisions()[:1]


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs the migrations that are missing up to this revision, each in a transaction. Raises NewerDatabase."""
    with connection.begin():
        if is_current(connection):
            return
        if to == "head" and not inspect(connection).get_table_names():
            _make(connection)
            return
    from alembic import command
    from alembic.util.exc import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise NewerDatabase(f"known revisions: {sorted(revisions())}") from error


def _make(connection: Connection) -> None:
    metadata.create_all(connection)
    VERSION.create(connection)
    connection.execute(insert(VERSION).values(version_num=revisions()[0]))


def _revisions_of(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(VERSION.name):
        return []
    return list(connection.execute(select(VERSION.c.version_num)).scalars())


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
