"""Shifts of a clock in the rows of the schedule that they were worked by, where each was a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind

KIND: Final = "timesheets"
_PLANNED: Final = ("sched_start", "sched_end")
_WORKED: Final = ("clock_in", "clock_out")
_SHARED: Final = ("employee_id", "work_date")


def joined(read: Sequence[Ingested], kind: Kind, work: Path) -> list[Ingested]:
    """The files, each shift of one with clock times alone laid into the row of the schedule that it belongs to.

    It belongs to the one scheduled shift of its person of which it covers half or more, where no other shift does; or,
    where it meets none, to the rest day of its day. What belongs to nothing stays where it is. `work` takes the rows.
    """
    plans = [n for n, i in enumerate(read) if _holds(i, _PLANNED, _WORKED)]
    clocks = [n for n, i in enumerate(read) if _holds(i, _WORKED, _PLANNED)]
    if not plans or not clocks:
        return list(read)
    planned, worked = (
        _rows([(n, read[n]) for n in of], columns) for of, columns in ((plans, _PLANNED), (clocks, _WORKED))
    )
    pairs = _pairs(planned, worked)
    if pairs.is_empty():
        return list(read)
    work.mkdir(parents=True, exist_ok=True)
    shifts = pl.concat([_numbered(read[n], n, "_worked") for n in clocks], how="diagonal_relaxed")
    told = [c for c in kind.columns if any(c in read[n].columns for n in clocks) and c not in _SHARED]
    made = list(read)
    for n in plans:
        made[n] = _filled(read[n], n, pairs, shifts, [c for c in told if c not in read[n].columns], kind, work)
    for n in clocks:
        rest = _numbered(read[n], n, "_worked").join(pairs.lazy(), on="_worked", how="anti", maintain_order="left")
        made[n] = _written(read[n], rest.drop("_worked"), work)
        count = pairs.filter(pl.col("_worked").struct.field("of") == n).height
        into = ", ".join(read[p].file for p in plans)
        made[n] = replace(made[n], notes=(*made[n].notes, f"{made[n].file}: {count} shifts are laid into {into}"))
    return made


def _holds(found: Ingested, these: Sequence[str], none_of: Sequence[str]) -> bool:
    return found.parquet is not None and {*these} <= {*found.columns} and not {*none_of} & {*found.columns}


def _numbered(found: Ingested, n: int, name: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(found.parquet or "").with_row_index("_at")
    return rows.with_columns(pl.struct(pl.lit(n, pl.Int64).alias("of"), pl.col("_at").alias("at")).alias(name)).drop(
        "_at"
    )


def _rows(files: Sequence[tuple[int, Ingested]], columns: Sequence[str]) -> pl.DataFrame:
    """The rows with their place in `_planned` or `_worked`; a cell that nobody could read is none, and known not."""
    name = "_planned" if columns == _PLANNED else "_worked"
    frames = [_numbered(found, n, name).select(*_SHARED, *columns, "_bad", name) for n, found in files]
    known = ~pl.any_horizontal(pl.col("_bad").fill_null("").str.contains(f";{c};", literal=True) for c in columns)
    return pl.concat(frames).with_columns(known.alias("_known")).filter("_known").drop("_bad", "_known").collect()


def _pairs(planned: pl.DataFrame, worked: pl.DataFrame) -> pl.DataFrame:
    """`_planned` and `_worked`, each once."""
    shifts = worked.filter(pl.col("clock_in") < pl.col("clock_out"))
    near = pl.concat([shifts.with_columns(pl.col("work_date").dt.offset_by(f"{days}d")) for days in (-1, 0, 1)])
    on = planned.filter(pl.col("sched_start") < pl.col("sched_end"))
    met = near.join(on, on=list(_SHARED)).with_columns(
        both=pl.min_horizontal("clock_out", "sched_end") - pl.max_horizontal("clock_in", "sched_start"),
        whole=pl.col("sched_end") - pl.col("sched_start"),
    )
    met = met.filter(pl.col("both") > pl.duration(seconds=0))
    by_time = _alone(met.filter(pl.col("both") * 2 >= pl.col("whole")))
    rest_days = planned.filter(pl.col("sched_start").is_null() & pl.col("sched_end").is_null())
    idle = shifts.join(met.select("_worked").unique(), on="_worked", how="anti")
    return pl.concat([by_time, _alone(idle.join(rest_days, on=list(_SHARED)))])


def _alone(met: pl.DataFrame) -> pl.DataFrame:
    once = ~pl.col("_planned").is_duplicated() & ~pl.col("_worked").is_duplicated()
    return met.select("_planned", "_worked").filter(once)


def _filled(  # noqa: PLR0913, PLR0917  (the schedule, what was worked, and which columns come of it)
    found: Ingested, n: int, pairs: pl.DataFrame, shifts: pl.LazyFrame, told: Sequence[str], kind: Kind, work: Path
) -> Ingested:
    """The schedule with the cells of the shifts; in a row without one, these are not known."""
    marks = pl.col("_bad").fill_null(";").alias("_marks")
    cells = pairs.lazy().join(shifts.select("_worked", *told, marks), on="_worked").drop("_worked")
    rows = _numbered(found, n, "_planned").join(cells, on="_planned", how="left", maintain_order="left")
    unread = [pl.when(pl.col("_marks").str.contains(f";{c};", literal=True)).then(pl.lit(f"{c};")) for c in told]
    missing = pl.when(pl.col("_marks").is_null()).then(pl.lit("".join(f"{c};" for c in told)))
    added = missing.otherwise(pl.concat_str(unread, separator="", ignore_nulls=True))
    bad = pl.when(added != "").then(pl.col("_bad").fill_null(";") + added).otherwise(pl.col("_bad"))
    columns = tuple(c for c in kind.columns if c in {*found.columns, *told})
    whole = rows.with_columns(bad.alias("_bad")).select(*columns, "_file", "_row", "_bad")
    return replace(_written(found, whole, work), columns=columns)


def _written(found: Ingested, rows: pl.LazyFrame, work: Path) -> Ingested:
    target = work / f"{(found.parquet or Path()).stem}.rostered.parquet"
    rows.sink_parquet(target, maintain_order=True)
    return replace(found, parquet=target)
