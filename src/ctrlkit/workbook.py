"""Workbooks: the sheets of an .xlsx as tables of text, rows numbered as on the sheet, damaged cells marked."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

import fastexcel
import polars as pl

from ctrlkit.errors import did_you_mean
from ctrlkit.model import Cause
from ctrlkit.raw import HEADER_ROWS, Candidate, Raw
from ctrlkit.reader import COLUMN_LIMIT, UnreadableError

UNPACKED_LIMIT: Final = 2 * 2**30
RATIO_LIMIT: Final = 200
_RATIO_FROM: Final = 10 * 2**20
_MEMBER_LIMIT: Final = 10_000

DAMAGED: Final = "#UNREADABLE!"
"""Stands in a cell whose value the workbook does not hold: an error, a formula never computed, a number too long."""

_SUSPECT: Final = re.compile(rb't="e"|<f|<v>-?[0-9.]+E\+?(?:1[5-9]|[2-9][0-9])|<v>-?[0-9]{16}')
_CUT_NUMBER: Final = 10**15
_CHUNK: Final = 2**20
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_LINK: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


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
        head = tuple(
            (number, tuple(cell or "" for cell in row))
            for number, row in enumerate(_table(book, name, HEADER_ROWS * 2).rows(), 1)
            if any(cell and cell.strip() for cell in row)
        )[:HEADER_ROWS]
        found.append(Candidate(head, partial(_load, path, name, head), name))
    return tuple(found)


def grid(path: Path, sheet: str | int | None) -> list[list[tuple[int, tuple[str, ...]]]]:
    """The rows of each sheet (of the one that is named), numbered as on the sheet, blank ones left out."""
    _weigh(path)
    try:
        book = fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None
    names = book.sheet_names if sheet is None else [_named(book.sheet_names, sheet)]
    return [_numbered(_marked(_table(book, name), path, name)) for name in names]


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


def _load(
    path: Path, name: str, head: tuple[tuple[int, tuple[str, ...]], ...], header: int, indexes: Sequence[int]
) -> Raw:
    line, cells = head[header]
    if len(cells) > COLUMN_LIMIT:
        raise UnreadableError(Cause.MALFORMED, f"has {len(cells)} columns; at most {COLUMN_LIMIT} are read")
    table = _marked(_table(fastexcel.read_excel(path), name), path, name)
    blank = pl.all_horizontal([pl.col(c).is_null() | (pl.col(c).str.strip_chars() == "") for c in table.columns])
    rows = table.with_row_index("_row").with_columns((pl.col("_row").cast(pl.Int64) + 1).alias("_row"))
    wanted = [f"c{i}" for i in sorted(set(indexes))]
    kept = rows.filter((pl.col("_row") > line) & ~blank).select(
        "_row", pl.lit(None, pl.String).alias("_flaw"), pl.col("c0").alias("_first"), *wanted
    )
    return Raw(kept.lazy())


def _marked(table: pl.DataFrame, path: Path, name: str) -> pl.DataFrame:
    """The table with damaged cells marked: the reader shows them as empty, or as digits that are not the true ones."""
    try:
        first, damaged = _damaged(path, name)
    except (KeyError, ET.ParseError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise UnreadableError(Cause.MALFORMED, f"is no whole workbook ({_first_line(error)}); save it again") from None
    by_column: dict[int, list[int]] = {}
    for row, column in damaged:
        by_column.setdefault(column - first, []).append(row - 1)
    for column, rows in sorted(by_column.items()):
        if 0 <= column < table.width:
            series = table[f"c{column}"]
            table = table.with_columns(series.scatter([r for r in rows if r < table.height], DAMAGED))
    return table


def _damaged(path: Path, name: str) -> tuple[int, list[tuple[int, int]]]:
    """The first column of the sheet that holds anything, and the damaged cells as (row, column), all from 1."""
    with zipfile.ZipFile(path) as packed:
        part = _part(packed, name)
        with packed.open(part) as file:
            before, suspect = b"", False
            while chunk := file.read(_CHUNK):
                _refuse_declarations(before + chunk)
                suspect = suspect or bool(_SUSPECT.search(before + chunk))
                before = chunk[-64:]
        if not suspect:
            return 1, []
        first, damaged = 2**20, []
        with packed.open(part) as file:
            for row, column, kind, formula, text in _cells(file):
                if text or kind == "e":
                    first = min(first, column)
                if kind == "e" or (formula and text is None) or (kind == "n" and _cut(text)):
                    damaged.append((row, column))
    return first, damaged


def _part(packed: zipfile.ZipFile, name: str) -> str:
    book = _document(packed, "xl/workbook.xml")
    links = _document(packed, "xl/_rels/workbook.xml.rels")
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in (*book.iter(f"{_MAIN}sheet"), *book.iter(f"{_STRICT}sheet")):
        if sheet.get("name") == name:
            target = targets.get(sheet.get(_LINK) or sheet.get(_STRICT_LINK), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise UnreadableError(Cause.MALFORMED, f'sheet "{name}" has no content; save the workbook again')


def _document(packed: zipfile.ZipFile, part: str) -> ET.Element:
    data = packed.read(part)
    _refuse_declarations(data)
    return ET.fromstring(data)  # noqa: S314  (no document type, so no entity)


def _refuse_declarations(data: bytes) -> None:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise UnreadableError(Cause.MALFORMED, "holds XML declarations that no workbook needs; refused, save it again")


def _cells(file: IO[bytes]) -> Iterator[tuple[int, int, str, bool, str | None]]:
    """Row, column, type, whether a formula, and text of each cell of a sheet."""
    row = column = 0
    for event, node in ET.iterparse(file, events=("start", "end")):  # noqa: S314  (as in _document)
        tag = node.tag.rpartition("}")[2]
        if event == "start" and tag == "row":
            row, column = int(node.get("r") or row + 1), 0
        elif event == "end" and tag == "c":
            place = re.match(r"([A-Z]+)", node.get("r") or "")
            column = _number(place[1]) if place else column + 1
            parts = {child.tag.rpartition("}")[2]: child for child in node}
            text = parts["v"].text if "v" in parts else ("".join(parts["is"].itertext()) if "is" in parts else None)
            yield row, column, node.get("t") or "n", "f" in parts, text
        elif event == "end" and tag == "row":
            node.clear()


def _number(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    return value


def _cut(text: str | None) -> bool:
    """Whether a number is so long that Excel kept only its first 15 digits."""
    try:
        return text is not None and abs(float(text)) >= _CUT_NUMBER
    except ValueError:
        return True


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
