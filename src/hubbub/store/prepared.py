"""What is done thousands of times a second is given straight to the driver: statements that are compiled once, and the
transactions around them.

SQLAlchemy's own way to the driver takes ten times as long as SQLite with what arrives there. So the statements on a
post's way go around it. They are written in SQLAlchemy all the same, once for every dialect.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError


class Driver:
    """The driver's side of a connection."""

    __slots__ = ("cursor", "dialect")

    def __init__(self, connection: Connection) -> None:
        self.cursor: Any = connection.connection.cursor()
        self.dialect: Dialect = connection.dialect

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """Commits at the end, or takes back what was done when something raises. SQLAlchemy must not begin or commit
        any on this connection, and is not told of these. Raises DBAPIError."""
        self.begin(begin)
        try:
            yield
            self.commit()
        except BaseException:
            with suppress(DBAPIError):  # some failures have ended it already
                self._run("ROLLBACK")
            raise

    def begin(self, statement: str) -> None:
        self._run(statement)

    def commit(self) -> None:
        self._run("COMMIT")

    def _run(self, sql: str) -> None:
        failure: Any = self.dialect.loaded_dbapi.Error
        try:
            self.cursor.execute(sql)
        except failure as error:
            raise DBAPIError.instance(sql, None, error, failure, dialect=self.dialect) from error


class Prepared:
    """A statement without lists among its parameters. An INSERT takes all columns of its table."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._forms: dict[str, _Form] = {}

    def run(self, driver: Driver, binds: Mapping[str, Any]) -> list[Any]:
        """Returns the rows, if the statement gives any, as named tuples. Raises DBAPIError as SQLAlchemy does."""
        form = self._forms.get(driver.dialect.name)
        if form is None:
            form = self._forms[driver.dialect.name] = _Form(self.statement, driver.dialect)
        values = form.values(binds)
        try:
            driver.cursor.execute(form.sql, values)
            rows = driver.cursor.fetchall() if form.row_of else ()
        except form.error as error:
            raise DBAPIError.instance(form.sql, values, error, form.error, dialect=driver.dialect) from error
        return [form.row_of(row) for row in rows]


class _Form:
    """The statement as the driver of one dialect takes it."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.error: Any = dialect.loaded_dbapi.Error
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        self.values = _arrange(compiled.positiontup, constants)
        self.row_of: Any = None
        if columns := list(statement.exported_columns):
            self.row_of = _reader([column.name for column in columns], [_read(c.type, dialect) for c in columns])


def _arrange(names: list[str] | None, constants: dict[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Makes what the driver wants to have: all values in their order, or with their names."""
    if names is None:
        return lambda binds: {**constants, **binds}
    if len(names) < 2:
        return lambda binds: [binds[name] if name in binds else constants[name] for name in names]
    pick = itemgetter(*names)
    return (lambda binds: pick({**constants, **binds})) if constants else pick


def _read(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """What makes a value of this type from what the driver gives; None when that is the value."""
    made: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return made


def _reader(names: list[str], reads: list[Callable[[Any], Any] | None]) -> Callable[[Any], Any]:
    row: Any = namedtuple("Row", names)  # type: ignore[misc]
    make: Callable[[Any], Any] = row._make
    special = [(at, read) for at, read in enumerate(reads) if read]
    if not special:
        return make

    def read_row(values: Sequence[Any]) -> Any:
        columns = list(values)
        for at, read in special:
            columns[at] = read(columns[at])
        return make(columns)

    return read_row
