"""Canonical rows on their way to Parquet: the bad ones set aside, unreadable cells marked, blank columns left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ctrlkit import problem
from ctrlkit.canonical import Typed
from ctrlkit.column import TYPES
from ctrlkit.kind import Column, Kind
from ctrlkit.raw import in_blocks


@dataclass(frozen=True, slots=True)
class Written:
    """What a file of canonical rows holds: `columns` count as present, `bad_cells` are its unreadable cells by column.

    `wrong` are the rows with something unreadable, for `problem.write`; `first` and `last` bound the time column.
    """

    columns: tuple[str, ...]
    rows: int
    bad_cells: Mapping[str, int]
    wrong: pl.DataFrame
    notes: tuple[str, ...]
    first: object
    last: object


def write(cells: Typed, kind: Kind, name: str, target: Path) -> Written:
    """Write the rows of `cells` that count to `target`, with `_file` (`name`), `_row` and `_bad`."""
    wrong: list[pl.DataFrame] = []
    good = _Good(cells, name, wrong)
    beside, draft = target.with_suffix(".parquet.part"), target.with_suffix(".draft.part")
    if cells.held:
        rows = pl.concat(good).lazy()
    else:
        in_blocks(good, good.schema).sink_parquet(draft, maintain_order=True)
        rows = pl.scan_parquet(draft, glob=False)
    seen = _counts(rows, cells.columns, kind)
    present, notes = _present(cells.columns, seen)
    if cells.held or len(present) < len(cells.columns):
        rows.select(*present, "_file", "_row", "_bad").sink_parquet(beside, maintain_order=True)
        draft.unlink(missing_ok=True)
    else:
        beside = draft
    beside.replace(target)
    bad_cells = {name: seen[f"bad:{name}"] for name in present if seen[f"bad:{name}"]}
    whole = pl.concat(wrong)
    return Written(present, seen["rows"], bad_cells, whole, tuple(notes), seen.get("first"), seen.get("last"))


@dataclass(frozen=True, slots=True)
class _Good:
    """The canonical rows block by block; each block's rows with something unreadable are put into `wrong`."""

    cells: Typed
    name: str
    wrong: list[pl.DataFrame]

    @property
    def schema(self) -> pl.Schema:
        """The columns of a block."""
        values = {name: TYPES[column.type] for name, column in self.cells.columns.items()}
        return pl.Schema({**values, "_file": pl.String(), "_row": pl.Int64(), "_bad": pl.String()})

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The blocks, read anew."""
        self.wrong.clear()
        columns = self.cells.columns
        file = pl.lit(self.name, pl.String).alias("_file")
        for block in self.cells.blocks:
            self.wrong.append(problem.wrong_rows(block, columns))
            yield block.filter(~pl.col("_bad_row")).select(*columns, file, "_row", _marks(columns))


def _marks(columns: Mapping[str, Column]) -> pl.Expr:
    """The unreadable cells of a row, `;col;col;`, null where there are none; worked out only where there are some."""

    def whole(series: pl.Series) -> pl.Series:
        reasons = series.struct.unnest()
        if not reasons.select(pl.any_horizontal(pl.all() > 0).any()).item():
            return pl.Series(series.name, [None], pl.String()).new_from_index(0, len(series))
        named = [pl.when(pl.col(f"w:{n}") > 0).then(pl.lit(f"{n};")).otherwise(pl.lit("")) for n in columns]
        bad = pl.concat_str([pl.lit(";"), *named])
        return reasons.select(pl.when(bad != ";").then(bad)).to_series()

    reasons = pl.struct([f"w:{name}" for name in columns])
    return reasons.map_batches(whole, return_dtype=pl.String, is_elementwise=True).alias("_bad")


def _counts(good: pl.LazyFrame, columns: Mapping[str, Column], kind: Kind) -> dict[str, Any]:
    wanted = [pl.len().alias("rows")]
    for name in columns:
        mark = pl.col("_bad").drop_nulls().str.contains(f";{name};", literal=True)
        wanted += [mark.sum().alias(f"bad:{name}"), pl.col(name).count().alias(f"held:{name}")]
    if kind.time in columns:
        time = pl.col(str(kind.time))
        wanted += [time.min().alias("first"), time.max().alias("last")]
    return good.select(wanted).collect(engine="streaming").row(0, named=True)


def _present(columns: Mapping[str, Column], seen: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """The columns that count as present: one blank throughout is left out unless the kind says what null means."""
    present, notes = [], []
    for name, column in columns.items():
        blank = seen["rows"] > 0 and not seen[f"held:{name}"] and not seen[f"bad:{name}"]
        if blank and column.null_means is None:
            notes.append(f"{name} is empty in every row and counts as left out")
            continue
        if blank:
            notes.append(f"{name} is empty in every row, read as: {column.null_means}")
        present.append(name)
    return tuple(present), notes
