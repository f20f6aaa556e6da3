"""Small tables with unknown cells, on every engine, and all the ways those cells could really be."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import duckdb
import narwhals as nw
import polars as pl

from ctrlkit.check import recording
from ctrlkit.engine import Open, opened_with
from ctrlkit.kind import Column, Kind, Type
from ctrlkit.literal import physical
from ctrlkit.outcome import Outcome, judge
from ctrlkit.table import Root, Table, table_of
from ctrlkit.term import Info

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Word:
    def __init__(self, word: str) -> None:
        self.word = word

    def __repr__(self) -> str:
        return self.word


UNKNOWN: Final = _Word("UNKNOWN")
"""A cell that nobody could read: it may hold anything of its column's domain."""
NONE: Final = _Word("NONE")
"""A cell whose emptiness is an answer."""


@dataclass(frozen=True)
class Field:
    """A column of a small table: its type, the values it may hold, whether it may be answered to be none."""

    type: Type
    values: tuple[Any, ...]
    none: bool = False

    @property
    def domain(self) -> tuple[Any, ...]:
        return (*self.values, NONE) if self.none else self.values


Shape = Mapping[str, Field]
Row = Mapping[str, Any]
Engine = Literal["polars", "duckdb", "spark"]
ENGINES: Final[tuple[Engine, ...]] = ("polars", "duckdb")
"""Spark, which takes a second for a question, is asked fewer of them: `test_spark.py`."""


def at(hours: int) -> datetime:
    """An instant so many hours into 1970."""
    return EPOCH + timedelta(hours=hours)


def kind(name: str, shape: Shape, key: Sequence[str] = (), *, required: Sequence[str] = ()) -> Kind:
    """A kind of evidence with these columns; without a key its rows may repeat."""
    columns = {
        n: Column(n, f.type, required=n in required, null_means="none" if f.none else None) for n, f in shape.items()
    }
    return Kind(
        name, "", MappingProxyType(columns), MappingProxyType({}), tuple(key), None, "vendor", "", repeats=not key
    )


def table(  # noqa: PLR0913, PLR0917  (what a table is made of)
    engine: Engine,
    name: str,
    shape: Shape,
    rows: Sequence[Row],
    key: Sequence[str] = (),
    required: Sequence[str] = (),
    pseudonyms: Mapping[str, str] | None = None,
) -> Table:
    """The rows as evidence on one engine; `_id` is a row's place."""
    hidden = pseudonyms or {}
    infos = {n: Info(f.type, none=f.none, pseudonym=hidden.get(n)) for n, f in shape.items()}
    frame = _polars(shape, rows)
    native = _HELD_BY[engine](frame)
    return table_of(Root(kind(name, shape, key, required=required), "vendor", native, infos))


_POLARS: Final[Mapping[str, Any]] = {"string": pl.String, "boolean": pl.Boolean}
_SQL: Final[Mapping[Any, str]] = {pl.String: "VARCHAR", pl.Boolean: "BOOLEAN", pl.Int64: "BIGINT"}


def _polars(shape: Shape, rows: Sequence[Row]) -> pl.DataFrame:
    data: dict[str, list[Any]] = {
        "_id": list(range(len(rows))),
        "_file": ["a.csv"] * len(rows),
        "_row": [place + 2 for place in range(len(rows))],
    }
    schema: dict[str, Any] = {"_id": pl.Int64, "_file": pl.String, "_row": pl.Int64}
    for name, field in shape.items():
        cells = [row[name] for row in rows]
        data[name] = [None if c in (UNKNOWN, NONE) else physical(c, field.type) for c in cells]
        schema[name] = _POLARS.get(field.type, pl.Int64)
        if field.none:
            data[f"{name}__none"] = [c is NONE for c in cells]
            schema[f"{name}__none"] = pl.Boolean
    return pl.DataFrame(data, schema=schema)


_NAMES = itertools.count()


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def _duckdb(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    """A table of its own in one database of the test process: opening one for each would take most of the time."""
    name = f"rows{next(_NAMES)}"
    columns = ", ".join(f'"{n}" {_SQL[type_]}' for n, type_ in frame.schema.items())
    _connection().execute(f"CREATE TABLE {name} ({columns})")
    if len(frame):
        marks = ", ".join([f"({', '.join('?' * frame.width)})"] * len(frame))
        _connection().execute(f"INSERT INTO {name} VALUES {marks}", list(itertools.chain(*frame.rows())))  # noqa: S608  (our own names)
    return nw.from_native(_connection().table(name))


@cache
def _spark_session() -> tuple[Path, Open, tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory(prefix="ctrlkit-test-")
    return Path(folder.name), opened_with("spark", folder.name), folder


def _spark(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    folder, opened, _ = _spark_session()
    path = folder / f"rows{next(_NAMES)}.parquet"
    frame.write_parquet(path)
    return opened(str(path))[0]


_HELD_BY: Final[Mapping[Engine, Callable[[pl.DataFrame], nw.LazyFrame[Any]]]] = {
    "polars": lambda frame: nw.from_native(frame.lazy()), "duckdb": _duckdb, "spark": _spark,
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a check decided: the verdict in a word, and the rows or groups it found broken."""

    state: str
    broken: frozenset[Any]
    population: int | None


def decided(check: Callable[[], None]) -> tuple[Said, Outcome]:
    """What the engine decides; a group is named by its keys, a row by its place."""
    with recording() as record:
        check()
        outcome = judge(record, "TST-01", "organisation")
    keys = {f.key for f in outcome.findings}
    broken = set()
    for stumble in record.stumbles.values():
        if any(mark.state == 0 for mark in stumble.marks):
            broken.add(stumble.keys or stumble.ids[""])
    state = outcome.state if outcome.state != "inconclusive" else str(outcome.cause)
    assert len(keys) == len(outcome.findings)
    return Said(state, frozenset(broken), outcome.population), outcome


def completions(*tables: tuple[Shape, Sequence[Row]], limit: int = 400) -> Iterator[tuple[list[Row], ...]]:
    """Every way in which the unknown cells could really be; at most `limit`, from both ends of the list."""
    places = [
        (which, place, name, shape[name].domain)
        for which, (shape, rows) in enumerate(tables)
        for place, row in enumerate(rows)
        for name in shape
        if row[name] is UNKNOWN
    ]
    for values in itertools.islice(itertools.product(*(domain for *_, domain in places)), limit):
        full = [[dict(row) for row in rows] for _, rows in tables]
        for (which, place, name, _), value in zip(places, values, strict=True):
            full[which][place][name] = value
        yield tuple(full)  # type: ignore[arg-type]


def unknowns(*tables: Sequence[Row]) -> int:
    """How many cells are unknown."""
    return sum(cell is UNKNOWN for rows in tables for row in rows for cell in row.values())


def assert_sound(said: Said, truths: Sequence[Said]) -> None:
    """A decided answer is the answer of every completion; a broken row is broken in each."""
    assert truths
    if said.state in {"passed", "failed"}:
        assert {t.state for t in truths} == {said.state}, (said, truths)
    for truth in truths:
        assert said.broken <= truth.broken, (said, truth)


def assert_exact(said: Said, truth: Said) -> None:
    """Where every cell is known, the engine says what plain Python says."""
    assert (said.state, said.broken) == (truth.state, truth.broken)
