"""Tables of the sample packs as the files that systems export: CSV, the sign-in portal's CSV and an Excel workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

Row = dict[str, Any]
"""A row before it is written; names that begin with `_` are the generator's own and reach no file."""


@dataclass(slots=True)
class Table:
    """One evidence file. `order` sorts the rows in it; `cells` says a row in the product's own words."""

    kind: str
    file: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    header: tuple[str, ...] | None = None
    cells: Callable[[Row], Sequence[object]] | None = None
    party: str = "vendor"
    title: tuple[str, ...] = ()
    """Lines above the header, as reports have them."""

    def add(self, **row: Any) -> Row:
        """Append a row and return it."""
        self.rows.append(row)
        return row

    def sort(self) -> None:
        """Bring the rows into the order of the file."""
        self.rows.sort(key=lambda row: tuple("" if row[c] is None else _sortable(row[c]) for c in self.order))

    def row_number(self, row: Row) -> int:
        """The row as a person counts it in the file, once sorted: the first line is 1."""
        place = next(n for n, other in enumerate(self.rows) if other is row)
        return place + 2 + len(self.title)

    def lines(self) -> list[Sequence[object]]:
        """The header and the rows, each with its cells in order."""
        plain = (
            [[row.get(c) for c in self.columns] for row in self.rows]
            if self.cells is None
            else map(self.cells, self.rows)
        )
        return [self.header or self.columns, *plain]

    def content(self) -> bytes:
        """The bytes of the file."""
        self.sort()
        if self.file.endswith(".xlsx"):
            return _workbook("Attendance", [*((line,) for line in self.title), *self.lines()])
        return _csv(self.lines())


def _sortable(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def text(value: object) -> str:
    """One cell of a CSV: ISO dates and instants, true or false, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _csv(lines: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([text(cell) for cell in line] for line in lines)
    return out.getvalue().encode()


_NS: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OPC: Final = "http://schemas.openxmlformats.org/package/2006"
_REL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_OPC}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_OPC}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_NS} xmlns:r="{_REL}"><sheets>'
    '<sheet name="NAME" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OPC}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f"<styleSheet {_NS}>"
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def _workbook(name: str, lines: Sequence[Sequence[object]]) -> bytes:
    """An Excel workbook with one sheet; its parts are the same bytes anywhere, packed by the zlib at hand."""
    body = "".join(_sheet_row(n, line) for n, line in enumerate(lines, 1))
    parts = {**_PARTS, "xl/worksheets/sheet1.xml": f"<worksheet {_NS}><sheetData>{body}</sheetData></worksheet>"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part, xml in parts.items():
            entry = zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, (_HEAD + xml.replace("NAME", name)).encode())
    return out.getvalue()


def _sheet_row(number: int, line: Sequence[object]) -> str:
    cells = "".join(_sheet_cell(f"{_letters(n)}{number}", value) for n, value in enumerate(line) if value is not None)
    return f'<row r="{number}">{cells}</row>'


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else _letters(column // 26 - 1) + chr(65 + column % 26)  # noqa: PLR2004


def _sheet_cell(place: str, value: object) -> str:
    if isinstance(value, datetime):
        return f'<c r="{place}" s="2"><v>{_serial(value)}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{_days(value)}</v></c>'
    if isinstance(value, int | Decimal):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def _days(day: date) -> int:
    return (day - date(1899, 12, 30)).days


def _serial(moment: datetime) -> str:
    """A local time as Excel keeps it: days since 1900 began, the time of day as a fraction in fifteen decimals."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return f"{_days(moment.date()) + (Decimal(seconds) / 86400).quantize(Decimal(10) ** -15):f}"
