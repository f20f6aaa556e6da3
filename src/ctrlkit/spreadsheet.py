"""A workbook for a person: every text as text, never a formula or a link; the one module that knows `xlsxwriter`."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import xlsxwriter

from ctrlkit.errors import InputError
from ctrlkit.visible import visible

Cell = str | int | date | None
MOST_ROWS: Final = 1_048_575
"""Rows under the header that a sheet of this format holds."""
LONGEST: Final = 32_767
"""Characters that a cell of this format holds."""
_TEXT: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}


@dataclass(frozen=True, slots=True)
class Column:
    """The header of a column and its width, in characters."""

    header: str
    width: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its columns, its rows; each row has a cell for every column."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@contextmanager
def opened(out: io.BytesIO, created: datetime, **properties: str) -> Iterator[xlsxwriter.Workbook]:
    """A workbook to fill, written to `out` at the end: texts stay texts, and the same cells give the same bytes."""
    with xlsxwriter.Workbook(out, _TEXT) as book:
        book.set_properties({"created": created.replace(tzinfo=None), "author": "ctrlkit", **properties})
        yield book


def workbook(sheets: Sequence[Sheet], created: datetime) -> bytes:
    """The sheets as XLSX, each with a header that stays in sight and can be filtered; `created` is when, by the caller.

    Raises InputError where a sheet has more rows than the format holds: none is left out.
    """
    out = io.BytesIO()
    with opened(out, created) as book:
        head = book.add_format({"bold": True, "bg_color": "#E7ECF3", "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
        for sheet in sheets:
            if len(sheet.rows) > MOST_ROWS:
                msg = f"{sheet.name}: {len(sheet.rows):,} rows; a sheet holds {MOST_ROWS:,}; select fewer controls"
                raise InputError(msg)
            page = book.add_worksheet(sheet.name)
            for place, column in enumerate(sheet.columns):
                page.set_column(place, place, column.width)
                page.write_string(0, place, column.header, head)
            for number, row in enumerate(sheet.rows, 1):
                for place, cell in enumerate(row):
                    if isinstance(cell, date):
                        page.write_datetime(number, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
                    elif isinstance(cell, int):
                        page.write_number(number, place, cell, wrapped)
                    elif cell:
                        page.write_string(number, place, _fitting(cell), wrapped)
            page.freeze_panes(1, 0)
            page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    return out.getvalue()


def _fitting(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
