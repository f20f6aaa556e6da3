"""Files of Parquet, their types turned into text without loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ctrlkit.model import Cause
from ctrlkit.raw import Candidate, Raw, settle
from ctrlkit.reader import UnreadableError


def candidates(path: Path, size: int, work: Path, digest: str) -> tuple[Candidate, ...]:
    """The one table in a Parquet file, its types turned into text without loss."""
    try:
        frame = pl.scan_parquet(path, glob=False)
        schema = frame.collect_schema()
        frame.select(pl.len()).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        found = str(error).splitlines()[0]
        raise UnreadableError(Cause.MALFORMED, f"is no whole Parquet file ({found}); export it again") from None
    target = work / f"{digest[:16]}.rows.parquet"

    def load(_header: int, indexes: Sequence[int]) -> Raw:
        names = schema.names()
        texts = {f"c{i}": _text(pl.col(names[i]), schema[names[i]]) for i in sorted(set(indexes))}
        whole = [_text(pl.col(n), schema[n]) for n in names]
        table = frame.select(
            (pl.int_range(pl.len(), dtype=pl.Int64) + 1).alias("_row"), pl.lit(None, pl.String).alias("_flaw"),
            _text(pl.col(names[0]), schema[names[0]]).alias("_first"),
            pl.all_horizontal([t.fill_null("").str.strip_chars() == "" for t in whole]).alias("_blank"),
            **texts,
        ).filter(~pl.col("_blank")).drop("_blank")  # fmt: skip
        try:
            return Raw(settle(table, size, target))
        except (pl.exceptions.PolarsError, OSError) as error:
            found = str(error).splitlines()[0]
            raise UnreadableError(Cause.MALFORMED, f"is no whole Parquet file ({found}); export it again") from None

    return (Candidate(((0, tuple(schema.names())),), load),)


def _text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A typed column as the text a person would write; a type that has none becomes a cell that cannot be read."""
    if isinstance(kind, pl.Datetime):
        shape = "%Y-%m-%dT%H:%M:%S%.6f"
        return (
            value.dt.convert_time_zone("UTC").dt.strftime(shape + "Z") if kind.time_zone else value.dt.strftime(shape)
        )
    if isinstance(kind, pl.List) and kind.inner == pl.String:
        return value.list.join(";")
    if kind.is_nested() or kind in {pl.Binary, pl.Object, pl.Duration, pl.Time}:
        return pl.when(value.is_not_null()).then(pl.lit("#UNREADABLE!"))
    return value.cast(pl.String)
