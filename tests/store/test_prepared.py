"""Statements that go to the driver without SQLAlchemy."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.exc import IntegrityError, OperationalError

from hubbub.core.models import LOBBY
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.tables import metadata, room

NEW = Prepared(insert(room))
LOOK = Prepared(select(room.c.id, room.c.archived, room.c.created_by).where(room.c.id == bindparam("room")))
ROW: dict[str, Any] = {"id": LOBBY, "name": "Lobby", "name_key": "lobby", "created_at": 1, "created_by": None}
ROW |= {"archived": True, "head": 1, "last_at": 1, "kind": "public", "announcement": False, "slow_s": 0}
ROW |= {"topic": None, "retention_days": None, "floor": 0}


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def test_rows_have_names_and_the_values_that_sqlalchemy_would_give(connection: Connection) -> None:
    driver = Driver(connection)
    assert LOOK.run(driver, {"room": LOBBY}) == []
    assert NEW.run(driver, ROW) == []
    [found] = LOOK.run(driver, {"room": LOBBY})
    assert (found.id, found.archived, found.created_by) == (LOBBY, True, None)
    assert found.archived is True
    assert tuple(found) == tuple(connection.execute(select(room.c.id, room.c.archived, room.c.created_by)).one())


def test_a_value_that_stands_in_the_statement_need_not_be_given(connection: Connection) -> None:
    NEW.run(Driver(connection), ROW)
    archived = Prepared(select(room.c.id).where(room.c.head + 1 == bindparam("next"), room.c.name == "Lobby").limit(7))
    assert [row.id for row in archived.run(Driver(connection), {"next": 2})] == [LOBBY]
    everything = Prepared(select(room.c.id))
    assert [row.id for row in everything.run(Driver(connection), {})] == [LOBBY]


def test_errors_are_those_of_sqlalchemy(connection: Connection) -> None:
    NEW.run(Driver(connection), ROW)
    with pytest.raises(IntegrityError) as twice:
        NEW.run(Driver(connection), ROW)
    assert twice.value.statement is not None
    assert twice.value.statement.startswith("INSERT INTO room")
    connection.exec_driver_sql("DROP TABLE room")
    with pytest.raises(OperationalError):
        LOOK.run(Driver(connection), {"room": LOBBY})


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'some.db'}", connect_args={"isolation_level": None})
    metadata.create_all(engine)
    with engine.connect() as connection, engine.connect() as other:
        driver, look = Driver(connection), Driver(other)
        with suppress(LookupError), driver.transaction("BEGIN IMMEDIATE"):
            NEW.run(driver, ROW)
            raise LookupError
        assert LOOK.run(look, {"room": LOBBY}) == []
        with driver.transaction():
            NEW.run(driver, ROW)
            assert LOOK.run(look, {"room": LOBBY}) == []
        assert len(LOOK.run(look, {"room": LOBBY})) == 1
        driver.begin("BEGIN")
        with pytest.raises(OperationalError, match="within a transaction"), driver.transaction():
            raise AssertionError("it has not begun")
    engine.dispose()


def test_a_driver_that_takes_values_by_name_gets_them_by_name() -> None:
    class Cursor:
        def execute(self, sql: str, values: object) -> None:
            self.given = (sql, values)

        def fetchall(self) -> list[tuple[object, ...]]:
            return [(LOBBY, False, None)]

    class Postgres(Driver):
        def __init__(self) -> None:
            self.cursor = Cursor()
            self.dialect = psycopg.dialect()
            self.dialect.dbapi = sqlite3  # type: ignore[assignment]

    driver = Postgres()
    [found] = LOOK.run(driver, {"room": LOBBY})
    assert (found.id, found.archived) == (LOBBY, False)
    sql, values = driver.cursor.given
    assert values == {"room": LOBBY}
    assert "%(room)s" in sql
