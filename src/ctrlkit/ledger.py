"""The past in a database: one code for a SQLite file and for a PostgreSQL server, rebuilt whole in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ctrlkit.errors import InputError
from ctrlkit.past import Asked, Bundle, Found, Judged, LeftOut, Past

LAYOUT: Final = 1
"""Part of each table's name: a ctrlkit with other columns makes tables of its own beside these."""

_LOCK: Final = 0x6374726C6B6974
"""`ctrlkit` in ASCII: the advisory lock that two rebuilds of one PostgreSQL database wait for."""

_TYPES: Final = {
    "str": Text,
    "str | None": Text,
    "bool": Boolean,
    "int": BigInteger,
    "int | None": BigInteger,
    "date": Date,
    "date | None": Date,
}
_META: Final = MetaData()
_Row = TypeVar("_Row")


def _table(name: str, row: type, *keys: str) -> Table:
    """The table of a row's class: its columns are the fields, in order."""
    columns: list[Column[Any]] = [
        Column(f.name, _TYPES[str(f.type)], primary_key=f.name in keys, nullable="None" in str(f.type))
        for f in fields(row)
    ]
    return Table(f"ctrlkit_history{LAYOUT}_{name}", _META, *columns)


_TABLES: Final[dict[type, Table]] = {
    Bundle: _table("bundle", Bundle, "bundle"),
    Judged: _table("verdict", Judged, "bundle", "control", "subject"),
    Found: _table("finding", Found, "bundle", "control", "subject", "number"),
    LeftOut: _table("left_out", LeftOut),
    Asked: _table("engagement", Asked),
}


def is_url(word: str) -> bool:
    """Whether a word of the command line names a database server or file by URL."""
    return "://" in word


def rebuild(where: str, past: Past) -> None:
    """Make the database hold this past and nothing else of ours; readers see the old one until it is whole.

    `where` is the URL of a PostgreSQL database, or of a SQLite file or its path, which is made where it is not there.
    Raises InputError where the database cannot be reached or written.
    """
    with _engine(where) as engine, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        _META.create_all(connection)
        for table in _TABLES.values():
            connection.execute(delete(table))
        for row, rows in _rows(past):
            if rows:
                connection.execute(insert(_TABLES[row]), [_values(one) for one in rows])


def recall(where: str) -> Past:
    """The past that the database holds, as of one instant. Raises InputError where it holds none."""
    if not is_url(where) and not Path(where).is_file():
        msg = f"{where}: is not there; expected a database of history; rebuild it: ctrlkit history runs {where}"
        raise InputError(msg)
    with _engine(where) as engine, engine.connect() as plain:
        connection = plain.execution_options(isolation_level="SERIALIZABLE")
        held = set(inspect(connection).get_table_names())
        if not {table.name for table in _META.sorted_tables} <= held:
            msg = f"{shown(where)}: holds no history; name the folder of bundles as well: ctrlkit history runs"
            raise InputError(f"{msg} {shown(where)}")
        return Past(
            tuple(_all(connection, Bundle)),
            tuple(_all(connection, Judged)),
            tuple(_all(connection, Found)),
            tuple(_all(connection, LeftOut)),
            tuple(_all(connection, Asked)),
        )


def _rows(past: Past) -> Iterator[tuple[type, Sequence[Any]]]:
    yield Bundle, past.bundles
    yield Judged, past.verdicts
    yield Found, past.findings
    yield LeftOut, past.left_out
    yield Asked, past.engagements


def _values(row: Any) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in fields(row)}


def _all(connection: Connection, row: type[_Row]) -> Iterator[_Row]:
    table = _TABLES[row]
    # In the order of the bytes, which no collation of a server changes.
    found = connection.execute(select(table)).mappings()
    yield from (row(**one) for one in sorted(found, key=lambda one: tuple(map(str, one.values()))))


def shown(where: str) -> str:
    """The database as a message may name it: without its password."""
    try:
        return make_url(where).render_as_string(hide_password=True) if is_url(where) else where
    except ArgumentError:
        return "the URL"


@contextmanager
def _engine(where: str) -> Iterator[Engine]:
    url = _url(where)
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        _begin_at_once(engine)
    try:
        yield engine
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise InputError(f"{shown(where)}: {said}; check the database, it can be rebuilt from the bundles") from error
    finally:
        engine.dispose()


def _url(where: str) -> URL:
    if not is_url(where):
        return URL.create("sqlite+pysqlite", database=where)
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise InputError("the URL of the database cannot be read; expected postgresql://user@host/name") from error
    backend = "postgresql" if url.get_backend_name() in {"postgres", "postgresql"} else url.get_backend_name()
    if backend == "postgresql":
        if find_spec("psycopg") is None:
            msg = f"{shown(where)}: psycopg is not installed; expected it beside ctrlkit"
            raise InputError(f"{msg}; pip install 'ctrlkit[postgres]'")
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database:
        return url.set(drivername="sqlite+pysqlite")
    msg = f"{shown(where)}: is of no database that history knows; expected postgresql://… or a SQLite file"
    raise InputError(msg)


def _begin_at_once(engine: Engine) -> None:
    """Let SQLite begin a transaction where we do, not where Python guesses: else tables would be made outside it."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
