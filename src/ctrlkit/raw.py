"""Raw tables: the rows of a file as text, numbered as a person counts, held in memory or given block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from ctrlkit.model import Fault

HEADER_ROWS: Final = 20
"""The header must stand in the first rows of a table."""

FOOTER: Final = (
    r"(?i)^\W*(?:(?:(?:this )?(?:report|list|file|export|data)? ?(?:was )?"
    r"(?:generated|exported|printed|downloaded|extracted|run|prepared|created)) ?(?:by|on|at|from|date|:)\W?.{0,120}"
    r"|(?:end|bottom) of (?:the )?(?:report|file|list|export|data|page)|page [0-9]{1,6}(?: (?:of|/) [0-9]{1,6})?"
    r"|(?:strictly )?(?:confidential|for internal use)\b.{0,120}|(?:copyright|©|\(c\)) .{0,120}"
    r"|(?:filters?|filtered by|applied filters|as of|report date|run date)\s*:.{0,200}"
    r"|(?:grand |sub)?totals?\s*:?\s*[0-9][0-9,.]{0,20}"
    r"|(?:grand )?(?:total|number of|count of|total number of)?\s*(?:records?|rows?|entries|count)"
    r"\s*:?\s*(?P<a>[0-9]{1,12})"
    r"|(?:total\s*:?\s*)?(?P<b>[0-9]{1,12}) (?:records?|rows?|entries)(?: (?:found|exported|total|listed|in total))?"
    r"|(?:total )?(?:users|employees|items)\s*:\s*[0-9]{1,12}|[0-9]{1,12} (?:users|employees|items))\W*$"
)
"""What the first cell of a line says that is no record: who made a list and when, how many records, that it ends."""

STAGED_FROM: Final = 128 * 2**20
"""Bytes from which a table is kept on disk and not in memory."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A table as text.

    `frame` holds `_row` (Int64, as a person counts), `_flaw` (String, why the row is no record), `_first` (String, its
    first cell) and `c<i>` (String) for each column asked for; wholly blank rows are left out. `unended`: the last line
    has no line break, and nothing shows that it is whole. `blocks`, where the table is too large to be held, gives the
    rows of `frame` again and again, some hundred thousand at a time. `serials`: the day that a workbook counts as 0.
    `held`: the rows of the file, where an adapter made others of them.
    """

    frame: pl.LazyFrame
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    unended: bool = False
    blocks: Iterable[pl.DataFrame] | None = None
    serials: date | None = None
    held: int | None = None

    def up_to(self, row: int) -> Raw:
        """The same without the rows after that one."""
        return self.less(pl.col("_row") > row)

    def less(self, rule: pl.Expr) -> Raw:
        """The same without the rows that fit the rule."""
        blocks = self.blocks and Blocks(self.blocks, ~rule)
        return replace(self, frame=self.frame.filter(~rule), blocks=blocks)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a table, less the rows that do not fit `rule`, of the columns `shown` where any are named."""

    of: Iterable[pl.DataFrame]
    rule: pl.Expr
    shown: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The blocks, read anew."""
        for block in self.of:
            kept = block.filter(self.rule)
            yield kept.select(self.shown) if self.shown else kept


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read a file: a sheet, a delimiter. `head` holds its first rows with their numbers.

    `load(header, indexes)` reads the rows below the header at that place of `head`, of the columns at those positions.
    `by` names the adapter that unfolded it, which is the only one that knows its headers; `source` are the names in the
    document itself.
    """

    head: tuple[tuple[int, tuple[str, ...]], ...]
    load: Callable[[int, Sequence[int]], Raw]
    name: str = ""
    notes: tuple[str, ...] = field(default=())
    by: str = ""
    source: tuple[str, ...] = ()


def in_blocks(blocks: Iterable[pl.DataFrame], schema: pl.Schema) -> pl.LazyFrame:
    """A frame whose rows come block by block, anew whenever it is asked for."""

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for block in blocks:
            kept = block if predicate is None else block.filter(predicate)
            yield kept if columns is None else kept.select(columns)

    return register_io_source(source, schema=schema)


def settle(frame: pl.LazyFrame, size: int, target: Path) -> pl.LazyFrame:
    """The frame computed once: in memory, or from `STAGED_FROM` bytes of `size` on as Parquet at `target`."""
    if size < STAGED_FROM:
        return frame.collect(engine="streaming").lazy()
    frame.sink_parquet(target, maintain_order=True)
    return pl.scan_parquet(target, glob=False)
