"""Bringing a database to the newest schema."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from hubbub.store import migrate
from tests.store.conftest import migrated, running

ROOT = Path(__file__).parents[2]
OPEN = """
import sys
from pathlib import Path
import tests.store.conftest as stage
import asyncio

async def open_it():
    async with stage.running(Path(sys.argv[1])):
        pass

asyncio.run(open_it())
print("alembic" in sys.modules)
"""


def test_the_names_of_the_migrations_tell_what_alembic_knows() -> None:
    scripts = ScriptDirectory.from_config(migrate._config())
    assert migrate.revisions() == [script.revision for script in scripts.walk_revisions()]


@pytest.mark.parametrize("state", ["new", "current", "old"])
async def test_alembic_is_loaded_only_for_a_database_that_is_not_up_to_date(tmp_path: Path, state: str) -> None:
    path = tmp_path / "hubbub.db"
    if state == "old":
        migrated(path, "0001")
    elif state == "current":
        async with running(path):
            pass
    command = [sys.executable, "-c", OPEN, str(path)]
    opening = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    told, _ = await opening.communicate()
    assert told.decode() == f"{state == 'old'}\n"
