"""Workbooks: the sheets of an .xlsx as tables of text, rows numbered as on the sheet, damaged cells marked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import fastexcel
import polars as pl

from ctrlkit.errors import did_you_mean
from ctrlkit.model import Cause
from ctrlkit.raw import HEADER_ROWS, Candidate, Raw
from ctrlkit.reader import COLUMN_LIMIT, UnreadableError
from ctrlkit.sheet_parts import Sheet, damaged, look

UNPACKED_LIMIT: Final = 2 * 2**30
RATIO_LIMIT: Final = 200
_RATIO_FROM: Final = 10 * 2**20
_MEMBER_LIMIT: Final = 10_000

_BROKEN: Final = (
    *(KeyError, ValueError, ET.ParseError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RecursionError, RuntimeError),
)
"""What reading the parts of a workbook raises where they are no sound ones."""


def candidates(path: Path, sheet: str | int | None) -> tuple[Candidate, ...]:
    """One candidate for each sheet, or for the one that is named or numbered (from 1); raises UnreadableError."""
    _weigh(path)
    try:
        book = fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None
    names = book.sheet_names
    chosen = names if sheet is None else [_named(names, sheet)]
    found = []
    for name in chosen:
        sheet_seen = _looked(path, name)
        head = tuple(
            (number, tuple(cell or "" for cell in row))
            for number, row in enumerate(_table(book, name, HEADER_ROWS * 2).rows(), 1)
            if any(cell and cell.strip() for cell in row)
        )[:HEADER_ROWS]
        load = partial(_load, path, name, head, sheet_seen)
        found.append(Candidate(head, load, name, sheet_seen.notes(name)))
    return tuple(found)


def grid(path: Path, sheet: str | int | None) -> list[list[tuple[int, tuple[str, ...]]]]:
    """The rows of each sheet (of the one that is named), numbered as on the sheet, blank ones left out."""
    _weigh(path)
    try:
        book = fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None
    names = book.sheet_names if sheet is None else [_named(book.sheet_names, sheet)]
    return [_numbered(_marked(_looked(path, name), _table(book, name), path, name)) for name in names]


def _numbered(table: pl.DataFrame) -> list[tuple[int, tuple[str, ...]]]:
    rows = ((number, tuple(cell or "" for cell in row)) for number, row in enumerate(table.rows(), 1))
    return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def _weigh(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({error}); save it again") from None
    unpacked = sum(member.file_size for member in members)
    ratio = unpacked // max(1, path.stat().st_size)
    if unpacked > UNPACKED_LIMIT or len(members) > _MEMBER_LIMIT or (unpacked > _RATIO_FROM and ratio > RATIO_LIMIT):
        raise UnreadableError(
            Cause.MALFORMED, f"unpacks to {unpacked} bytes, {ratio} times its size; refused, hand over CSV instead"
        )


def _named(names: Sequence[str], sheet: str | int) -> str:
    if str(sheet) in names:
        return str(sheet)
    if str(sheet).isdecimal() and 1 <= int(sheet) <= len(names):
        return names[int(sheet) - 1]
    near = did_you_mean(str(sheet), names)
    raise UnreadableError(Cause.MALFORMED, f'has no sheet "{sheet}"; it has {", ".join(names)}{near}')


def _table(book: fastexcel.ExcelReader, name: str, rows: int | None = None) -> pl.DataFrame:
    try:
        table = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=rows, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise UnreadableError(Cause.MALFORMED, f'sheet "{name}" cannot be read ({_first_line(error)})') from None
    return table.rename({old: f"c{i}" for i, old in enumerate(table.columns)})


def _looked(path: Path, name: str) -> Sheet:
    try:
        return look(path, name)
    except _BROKEN as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None


def _load(  # noqa: PLR0913, PLR0917  (all of them decide)
    path: Path,
    name: str,
    head: tuple[tuple[int, tuple[str, ...]], ...],
    seen: Sheet,
    header: int,
    indexes: Sequence[int],
) -> Raw:
    line, cells = head[header]
    if len(cells) > COLUMN_LIMIT:
        raise UnreadableError(Cause.MALFORMED, f"has {len(cells)} columns; at most {COLUMN_LIMIT} are read")
    table = _marked(seen, _table(fastexcel.read_excel(path), name), path, name)
    table, filled = _unmerged(seen, table, path, name, line)
    blank = pl.all_horizontal([pl.col(c).is_null() | (pl.col(c).str.strip_chars() == "") for c in table.columns])
    rows = table.with_row_index("_row").with_columns((pl.col("_row").cast(pl.Int64) + 1).alias("_row"))
    wanted = [f"c{i}" for i in sorted(set(indexes))]
    kept = rows.filter((pl.col("_row") > line) & ~blank).select(
        "_row", pl.lit(None, pl.String).alias("_flaw"), pl.col("c0").alias("_first"), *wanted
    )
    said = (f"{filled} cells under merged ones read as the value that covers them",) if filled else ()
    return Raw(kept.lazy(), notes=said, serials=seen.serials)


def _unmerged(seen: Sheet, table: pl.DataFrame, path: Path, name: str, header: int) -> tuple[pl.DataFrame, int]:
    """The table with the value of each cell merged over rows in all of them, and how many were filled."""
    below = [(column, first, last) for column, first, last in seen.merged if first > header]
    if not below:
        return table, 0
    start, filled = _damaged(path, name)[0], 0
    for column, first, last in below:
        place, end = column - start, min(last, table.height)
        if 0 <= place < table.width and end > first:
            series = table[f"c{place}"]
            rows = [row for row in range(first, end) if series[row] is None]
            filled += len(rows) if series[first - 1] is not None else 0
            table = table.with_columns(series.scatter(rows, series[first - 1]))
    return table, filled


def _damaged(path: Path, name: str) -> tuple[int, list[tuple[int, int, str]]]:
    try:
        return damaged(path, name)
    except _BROKEN as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None


def _marked(seen: Sheet, table: pl.DataFrame, path: Path, name: str) -> pl.DataFrame:
    """The table with damaged cells marked: the reader shows them as empty, or as digits that are not the true ones."""
    first, found = _damaged(path, name) if seen.suspect else (1, [])
    by_column: dict[int, list[tuple[int, str]]] = {}
    for row, column, what in found:
        if row <= table.height:
            by_column.setdefault(column - first, []).append((row - 1, what))
    for column, cells in sorted(by_column.items()):
        if 0 <= column < table.width:
            rows, marks = zip(*cells, strict=True)
            table = table.with_columns(table[f"c{column}"].scatter(list(rows), pl.Series(marks, dtype=pl.String)))
    return table


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
