"""Brings a database to the newest schema, by Alembic, from inside the installed package.

Alembic is loaded only when there is something to bring: with what it needs itself it takes 8 MB.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


class NewerDatabase(Exception):
    """The database has a revision that this version of the program does not know."""


def revisions() -> list[str]:
    """What this version of the program knows, the newest first. The name of a migration's file begins with it."""
    names = (path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    return sorted((name.partition("_")[0] for name in names), reverse=True)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs the migrations that are missing up to this revision, each in a transaction. Raises NewerDatabase."""
    with connection.begin():
        if _revisions_of(connection) == revisions()[:1]:
            return
    from alembic import command
    from alembic.util.exc import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise NewerDatabase(f"known revisions: {sorted(revisions())}") from error


def _revisions_of(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(VERSION_TABLE):
        return []
    return list(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars())


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
