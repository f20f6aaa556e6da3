"""What the parts of a workbook say that its cells do not: how far a sheet goes, what is hidden, merged, damaged."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

from ctrlkit.cell import NOT_COMPUTED, TOO_LONG
from ctrlkit.model import Cause
from ctrlkit.reader import UnreadableError, declares
from ctrlkit.value_map import UNKNOWN_WORDS

AREA_LIMIT: Final = 32_000_000
"""Cells of the rectangle around everything on a sheet, empty ones too; the reader holds them all."""
DAMAGED: Final = "#UNREADABLE!"
"""Stands in a cell that holds an error without a name."""

MERGED_LIMIT: Final = 1_000_000
"""Cells under merged ones that are filled in."""

_FILLED: Final = 4
"""A sheet of which one cell in so many is filled may be as large as a workbook can be."""
_SUSPECT: Final = re.compile(rb't="e"|<f|<v>-?[0-9.]+E\+?(?:1[5-9]|[2-9][0-9])|<v>-?[0-9]{16}')
_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]*)["']""")
_LETTERS: Final = re.compile(rb' r="([A-Za-z]+)')
_FAR_ROW: Final = re.compile(rb' r="[A-Za-z]*([0-9]{6,})"')
_ANY_ROW: Final = re.compile(rb' r="[A-Za-z]*([0-9]+)"')
_NARROW: Final = 300
"""Up to so many columns the rows before the 100,000th need not be looked at: they fit."""
_ODD_PLACES: Final = tuple(
    before + b"r" + after
    for before in (b" ", b"\t", b"\n", b"\r")
    for after in (b"='", b" ", b"\t", b"\n", b"\r", b"= ", b"=\t", b"=\n", b"=\r")
) + tuple(before + b'r="' for before in (b"\t", b"\n", b"\r"))
"""Spellings of the place of a cell that no office program writes."""
_CELL_STARTS: Final = tuple(before + b"c" + after for before in (b"<", b":") for after in b" |>|/|\n|\t|\r".split(b"|"))
_CELL: Final = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s/>]")
_ROW: Final = re.compile(rb"<(?:[^\s<>/:]+:)?row[\s/>]")
_HIDDEN_ROW: Final = re.compile(rb"""<(?:[^\s<>/:]+:)?row\s[^>]*\bhidden=["'](?:1|true)["']""")
_HIDDEN_COLUMNS: Final = re.compile(rb"""<(?:[^\s<>/:]+:)?col\s[^>]*\bhidden=["'](?:1|true)["'][^>]*>""")
_SPAN: Final = re.compile(rb"""\b(min|max)=["']([0-9]{1,5})["']""")
_MERGED: Final = re.compile(rb"""mergeCell\s[^>]*\bref=["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']""")
_CUT_NUMBER: Final = 10**15
_LAST_COLUMN: Final = 16_384
_CHUNK: Final = 2**20
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_LINK: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is peculiar about one sheet.

    `suspect`: some cell may be damaged. `rows` and `columns` count what is hidden, `hidden`: the sheet itself is.
    `merged` are the cells that span several rows: column, first and last row, from 1. `serials` is the day that the
    workbook counts as 0.
    """

    suspect: bool
    rows: int
    columns: int
    hidden: bool
    merged: tuple[tuple[int, int, int], ...]
    serials: date

    def notes(self, name: str) -> tuple[str, ...]:
        """What a person should know who looks at the sheet and does not see all that was read."""
        said = [f'sheet "{name}" is hidden and was read'] if self.hidden else []
        for count, noun in ((self.rows, "row"), (self.columns, "column")):
            if count:
                verb = "are" if count > 1 else "is"
                said.append(f"{count} {noun}{'s' * (count > 1)} of the sheet {verb} hidden and read as the others")
        return tuple(said)


def look(path: Path, name: str) -> Sheet:
    """What is peculiar about that sheet; raises UnreadableError for one that no memory could hold."""
    with zipfile.ZipFile(path) as packed:
        book = _document(packed, "xl/workbook.xml")
        seen = _Seen()
        with packed.open(_part(packed, book, name)) as file:
            rest = b""
            while chunk := file.read(_CHUNK):
                data = rest + chunk
                _refuse_declarations(data)
                cut = data.rfind(b"<")
                cut = cut if cut > 0 and len(data) - cut < _CHUNK else len(data)
                seen.take(data[:cut])
                rest = data[cut:]
            seen.take(rest)
    seen.refuse(name)
    hidden = any(s.get("name") == name and s.get("state", "visible") != "visible" for s in _sheets(book))
    props = next(iter((*book.iter(f"{_MAIN}workbookPr"), *book.iter(f"{_STRICT}workbookPr"))), None)
    later = props is not None and props.get("date1904", "0") in {"1", "true"}
    serials = date(1904, 1, 1) if later else date(1899, 12, 30)
    return Sheet(seen.suspect, seen.hidden_rows, seen.hidden_columns, hidden, tuple(seen.merged), serials)


class _Seen:
    """What one pass over the text of a sheet shows, piece by piece; each piece holds whole tags."""

    def __init__(self) -> None:
        self.suspect = False
        self.hidden_rows = self.hidden_columns = 0
        self.merged: list[tuple[int, int, int]] = []
        self._letters: set[bytes] = set()
        self._last_row = self._rows = self._cells = self._unplaced = self._in_row = self._longest = 0

    def take(self, data: bytes) -> None:
        self.suspect = self.suspect or bool(_SUSPECT.search(data))
        cells = sum(data.count(start) for start in _CELL_STARTS)
        if any(odd in data for odd in _ODD_PLACES):
            places = _PLACE.findall(data)
            letters, rows = [column for column, _ in places if column], [row for _, row in places if row]
        else:
            letters = _LETTERS.findall(data)
            self._letters.update(letter[:8] for letter in set(letters))
            rows = (_FAR_ROW if len(self._letters) <= _NARROW else _ANY_ROW).findall(data)
        self._letters.update(letter[:8] for letter in set(letters))
        self._last_row = max(self._last_row, max((int(row[:18]) for row in set(rows)), default=0))
        self._cells += cells
        self._unplaced += cells - data.count(b'<c r="') - data.count(b':c r="')
        self._count_rows(data)
        if b"hidden=" in data:
            self.hidden_rows += len(_HIDDEN_ROW.findall(data))
            spans = [dict(_SPAN.findall(tag)) for tag in _HIDDEN_COLUMNS.findall(data)]
            spans = [s for s in spans if int(s.get(b"max", 0)) < _LAST_COLUMN]  # up to the last: the empty rest
            self.hidden_columns += sum(int(s.get(b"max", 0)) - int(s.get(b"min", 0)) + 1 for s in spans)
        for column, first, _, last in _MERGED.findall(data):
            if int(last) > int(first):
                self.merged.append((column_number(column.decode()), int(first), int(last)))

    def _count_rows(self, data: bytes) -> None:
        """How many cells the longest row has; they may all be without a place of their own."""
        self._rows += data.count(b"<row") + data.count(b":row")
        if self._unplaced <= 0:
            return
        for number, piece in enumerate(_ROW.split(data)):
            self._in_row = (self._in_row if number == 0 else 0) + len(_CELL.findall(piece))
            self._longest = max(self._longest, self._in_row)

    def refuse(self, name: str) -> None:
        """Raise UnreadableError where the rectangle around the cells is far larger than what is in it."""
        width = max((column_number(letters.decode()) for letters in self._letters if letters), default=0)
        area = max(width, self._longest) * max(self._last_row, self._rows)
        if area > max(AREA_LIMIT, self._cells * _FILLED):
            found = f'sheet "{name}" reaches to row {self._last_row}, column {max(width, self._longest)}'
            raise UnreadableError(
                Cause.MALFORMED, f"{found} and is almost empty; delete what stands far from the table, or save as CSV"
            )
        if sum(last - first for _, first, last in self.merged) > MERGED_LIMIT:
            raise UnreadableError(
                Cause.MALFORMED, f'sheet "{name}" merges more than {MERGED_LIMIT} cells; take the merging away'
            )


def damaged(path: Path, name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """The first column of the sheet that holds anything, and the damaged cells: row, column (from 1), what is wrong."""
    first, found = 2**20, []
    with zipfile.ZipFile(path) as packed:
        part = _part(packed, _document(packed, "xl/workbook.xml"), name)
        with packed.open(part) as file:
            for row, column, kind, formula, text in _cells(file):
                if text or kind == "e":
                    first = min(first, column)
                if kind == "e":
                    found.append((row, column, text if (text or "").casefold() in UNKNOWN_WORDS and text else DAMAGED))
                elif formula and text is None:
                    found.append((row, column, NOT_COMPUTED))
                elif kind == "n" and _cut(text):
                    found.append((row, column, TOO_LONG))
    return first, found


def column_number(letters: str) -> int:
    """The number of a column by its letters, from 1."""
    value = 0
    for letter in letters.upper():
        value = value * 26 + ord(letter) - 64
    return value


def _sheets(book: ET.Element) -> Iterator[ET.Element]:
    yield from book.iter(f"{_MAIN}sheet")
    yield from book.iter(f"{_STRICT}sheet")


def _part(packed: zipfile.ZipFile, book: ET.Element, name: str) -> str:
    links = _document(packed, "xl/_rels/workbook.xml.rels")
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in _sheets(book):
        if sheet.get("name") == name:
            target = targets.get(sheet.get(_LINK) or sheet.get(_STRICT_LINK), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise UnreadableError(Cause.MALFORMED, f'sheet "{name}" has no content; save the workbook again')


def _document(packed: zipfile.ZipFile, part: str) -> ET.Element:
    data = packed.read(part)
    _refuse_declarations(data)
    return ET.fromstring(data)  # noqa: S314  (no document type, so no entity)


def _refuse_declarations(data: bytes) -> None:
    if declares(data):
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
            column = column_number(place[1]) if place else column + 1
            parts = {child.tag.rpartition("}")[2]: child for child in node}
            text = parts["v"].text if "v" in parts else ("".join(parts["is"].itertext()) if "is" in parts else None)
            yield row, column, node.get("t") or "n", "f" in parts, text
        elif event == "end" and tag == "row":
            node.clear()


def _cut(text: str | None) -> bool:
    """Whether a number is so long that Excel kept only its first 15 digits."""
    try:
        return text is not None and abs(float(text)) >= _CUT_NUMBER
    except ValueError:
        return True
