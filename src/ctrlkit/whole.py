"""Whether a fast reading of delimited text took in every byte of the file, so that no line was short and none lost."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from ctrlkit.reader import CELL_LIMIT, Survey, counted


def signs(names: Sequence[str], wanted: Sequence[str], delimiter: str, *, quoted: bool) -> list[pl.Expr]:
    """What each line tells: its bytes, its longest wanted cell, whether it is blank, and its quotes where there are."""
    sizes = {name: pl.col(name).str.len_bytes().cast(pl.Int64) for name in names}
    longest = pl.max_horizontal(pl.lit(0, pl.Int64), *(sizes[name] for name in wanted)).alias("_longest")
    blank = _is_blank(names, wanted[0] if wanted else "c0").alias("_blank")
    size = pl.sum_horizontal(list(sizes.values())).alias("_bytes")
    return [size, longest, blank, *(_quoted(names, delimiter) if quoted else ())]


def is_whole(blocks: Iterable[pl.DataFrame], path: Path, seen: Survey, delimiter: str, width: int) -> bool:
    """Whether the blocks, which hold the signs, are the whole file of that width and no cell is too large."""
    sums = [pl.col(name).sum() for name in ("_bytes", "_blank", *(("_marks", "_odd") if seen.quoted else ()))]
    longest = pl.col("_longest").max()
    parts = [block.select(pl.len().cast(pl.Int64).alias("rows"), longest, *sums) for block in blocks]
    total = pl.concat(parts).select(pl.col("_longest").max(), pl.exclude("_longest").sum()).row(0, named=True)
    if total["_longest"] > CELL_LIMIT:
        return False
    empty = _empty_lines(path) if total["_blank"] else 0
    between = (total["rows"] - empty) * (width - 1)
    return _with_quotes(path, seen, delimiter, between, total) if seen.quoted else _plain(seen, between, total)


def _plain(seen: Survey, between: int, total: Mapping[str, int]) -> bool:
    """Whether cells, delimiters and line ends make up every byte."""
    breaks = total["rows"] - (not seen.ended) + (seen.returns or 0)
    lead = len(codecs.BOM_UTF8) if seen.encoding == "utf-8-sig" else 0
    return lead + total["_bytes"] + between + breaks == seen.size


def _with_quotes(path: Path, seen: Survey, delimiter: str, between: int, total: Mapping[str, int]) -> bool:
    """Whether each line is one row, and the delimiters between and inside the cells are all there are."""
    mark = delimiter.encode()
    counts = counted(path, [mark, b"\n"])
    lines = counts[b"\n"] + (not seen.ended)
    return total["rows"] == lines and counts[mark] == between + total["_marks"] and not total["_odd"]


def _empty_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(line in {b"\n", b"\r\n"} for line in file)


def _quoted(names: Sequence[str], delimiter: str) -> tuple[pl.Expr, pl.Expr]:
    """Delimiters inside the cells of a row, and whether a cell holds both a quote and a delimiter."""
    mark = pl.lit(delimiter)
    marks = pl.sum_horizontal([pl.col(n).str.count_matches(mark, literal=True).fill_null(0) for n in names])
    both = [pl.col(n).str.contains('"', literal=True) & pl.col(n).str.contains(mark, literal=True) for n in names]
    return marks.cast(pl.Int64).alias("_marks"), pl.any_horizontal(both).fill_null(False).alias("_odd")


def _is_blank(names: Sequence[str], telling: str) -> pl.Expr:
    """Whether no cell holds more than white space; the others are looked at only where the `telling` one is blank."""
    rest = [n for n in names if n != telling]

    def whole(series: pl.Series) -> pl.Series:
        rows = series.struct.unnest()
        blank = rows.select(pl.col(telling).fill_null("").str.strip_chars() == "").to_series()
        if not blank.any() or not rest:
            return blank
        others = rows.select(pl.all_horizontal([pl.col(n).fill_null("").str.strip_chars() == "" for n in rest]))
        return blank & others.to_series()

    return pl.struct(names).map_batches(whole, return_dtype=pl.Boolean, is_elementwise=True)
