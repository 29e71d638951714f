"""Brings a database to the newest schema, by Alembic, from inside the installed package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent / "migrations"


class NewerDatabase(Exception):
    """The database has a revision that this version of the program does not know."""


def revisions() -> list[str]:
    """What this version of the program knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs the migrations that are missing up to this revision, each in a transaction. Raises NewerDatabase."""
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise NewerDatabase(f"known revisions: {sorted(revisions())}") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
