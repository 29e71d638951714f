"""Statements that are run thousands of times a second: compiled once, then given straight to the driver.

SQLAlchemy's own way to the driver takes ten times as long as SQLite with what arrives there. So the statements on a
post's way go around it. They are written in SQLAlchemy all the same, once for every dialect.
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError


class Prepared:
    """A statement without lists among its parameters. An INSERT takes all columns of its table."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def run(self, connection: Connection, binds: Mapping[str, Any]) -> list[Any]:
        """Returns the rows, if the statement gives any, as named tuples. Raises DBAPIError as SQLAlchemy does."""
        dialect = connection.dialect
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, dialect)
        return form.run(connection, binds)


class _Form:
    """The statement as the driver of one dialect takes it."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._error: Any = dialect.loaded_dbapi.Error
        columns = list(statement.exported_columns)
        self._row: Any = namedtuple("Row", [column.name for column in columns]) if columns else None
        kinds = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._read = {position: read for position, read in enumerate(kinds) if read}
        """For each column that the driver does not give as what it is: how to make that of it."""

    def run(self, connection: Connection, binds: Mapping[str, Any]) -> list[Any]:
        binds = {**self._constants, **binds}
        values: Any = binds if self._order is None else [binds[name] for name in self._order]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._sql, values)
            return [self._row_of(values) for values in cursor.fetchall()] if self._row else []
        except self._error as error:
            raise DBAPIError.instance(self._sql, values, error, self._error, dialect=connection.dialect) from error
        finally:
            cursor.close()

    def _row_of(self, values: Any) -> Any:
        if self._read:
            values = list(values)
            for position, read in self._read.items():
                values[position] = read(values[position])
        return self._row._make(values)
