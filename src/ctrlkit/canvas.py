"""From an evaluated CSV to the frame that checks see: integers for days, instants and numbers, emptiness told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from ctrlkit.evaluated import NOT_KNOWN
from ctrlkit.kind import ANY_VALUE, Column, Kind
from ctrlkit.literal import DAY, MICRO
from ctrlkit.term import Info

LONGEST_NUMBER = 20
"""Characters: longer ones are beyond 64 bits of millionths, or have more places than evidence keeps."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A kind's frame on disk: its Parquet, what an expression may name in it, and the local days its rows fall on."""

    parquet: Path
    columns: Mapping[str, Info]
    rows: int
    days: tuple[date, ...]
    systems: tuple[str, ...]


def prepare(csv: Path, kind: Kind, columns: Sequence[str], target: Path, zone: str) -> Canvas:
    """Write the Parquet that the engines read, from nothing but the CSV and the kind.

    Raises polars errors where the CSV is not one that ctrlkit wrote; a bundle is verified before it comes here.
    """
    text = pl.scan_csv(csv, infer_schema=False, row_index_name="_id", glob=False)
    rows = text.select(
        pl.col("_id").cast(pl.Int64),
        "_file",
        pl.col("_row").cast(pl.Int64),
        *(_physical(kind.column(name)).alias(name) for name in columns),
        *(
            _none(kind.column(name), columns, kind).alias(f"{name}__none")
            for name in columns
            if _may_be_none(kind.column(name))
        ),
    )
    rows.sink_parquet(target, compression="zstd", compression_level=1, maintain_order=True)
    frame = pl.scan_parquet(target, glob=False)
    infos = {
        name: Info(kind.column(name).type, none=_may_be_none(kind.column(name)), pseudonym=kind.column(name).pseudonym)
        for name in columns
    }
    count: int = frame.select(pl.len()).collect().item()
    return Canvas(target, infos, count, _days(frame, kind, columns, zone), _systems(frame, columns))


def _may_be_none(column: Column) -> bool:
    return column.null_means is not None


def _read(column: Column) -> pl.Expr:
    text = pl.col(column.name)
    return pl.when(text != NOT_KNOWN).then(text)


def _physical(column: Column) -> pl.Expr:
    text = _read(column)
    match column.type:
        case "datetime":
            whole = text.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False, cache=False)
            rest = pl.when(whole.is_null()).then(text.str.strip_chars_end("Z"))  # the few with a fraction of a second
            fine = rest.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=True)
            return pl.coalesce(whole, fine).to_physical()
        case "date":
            return text.str.to_date("%Y-%m-%d", strict=True).to_physical().cast(pl.Int64)
        case "number" | "decimal":
            # an amount that no frame can hold is unknown; it must not wrap round to a small one
            held = pl.when(text.str.len_chars() <= LONGEST_NUMBER).then(text)
            return (held.str.to_decimal(scale=6) * MICRO).cast(pl.Int64, strict=False)
        case "boolean":
            return pl.when(text == "true").then(pl.lit(value=True)).when(text == "false").then(pl.lit(value=False))
    return text


def _none(column: Column, columns: Sequence[str], kind: Kind) -> pl.Expr:
    """Whether the cell is empty and that is an answer; false where it could not be read, null where that is open."""
    empty = pl.col(column.name).is_null()
    for name, values in (column.null_where or {}).items():
        if name not in columns:
            return pl.lit(value=False)
        other = kind.column(name)
        empty &= _is_one_of(pl.col(name), other, values).fill_null(value=False)
    return empty


def _is_one_of(text: pl.Expr, column: Column, values: Sequence[object]) -> pl.Expr:
    if ANY_VALUE in values:
        return text.is_not_null() & (text != NOT_KNOWN)
    words = [_word(value, column) for value in values if value is not None]
    answer = text.is_in(words)
    return answer | text.is_null() if None in values else answer


def _word(value: object, column: Column) -> str:
    return str(value).lower() if column.type == "boolean" else str(value)


def _days(frame: pl.LazyFrame, kind: Kind, columns: Sequence[str], zone: str) -> tuple[date, ...]:
    """The local days on which rows fall, for kinds that are dated."""
    if kind.time is None or kind.time not in columns:
        return ()
    column = pl.col(kind.time)
    if kind.column(kind.time).type == "date":
        days = frame.select(column.unique().cast(pl.Int32).cast(pl.Date))
    else:
        # hours first: far fewer values to convert than rows
        hours = frame.select((column // (DAY // 24) * (DAY // 24)).unique())
        days = hours.select(column.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.date().unique())
    return tuple(sorted(d for d in days.collect().to_series().to_list() if d is not None))


def _systems(frame: pl.LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
    if "system" not in columns:
        return ()
    return tuple(sorted(frame.select(pl.col("system").unique().drop_nulls()).collect().to_series().to_list()))
