"""The request as a workbook: cover, checklist, notices, and a sheet to fill in for each kind that no system exports."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from ctrlkit import request_words as said
from ctrlkit import spreadsheet
from ctrlkit.asked import Asking, Wanted
from ctrlkit.catalogue import meaning
from ctrlkit.kind import Column
from ctrlkit.staff_notice import CHECK_FIRST, notices
from ctrlkit.visible import visible

ROWS: Final = 5_000
"""Rows of a sheet that have drop-downs and checks; what is typed below them is read all the same."""
LIST_LIMIT: Final = 255
"""Characters that Excel takes for the words of a drop-down."""
_TITLE, _MESSAGE = 32, 255
"""Characters of the title and the text that Excel shows beside a cell."""
_WIDTHS: Final = {"what": 30, "how": 90, "columns": 50, "purpose": 70, "seen by": 60, "kept": 60, "meaning": 80}
_NUMBERS: Final = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "number": "General", "decimal": "0.00"}


def workbook(asking: Asking) -> bytes:
    """The workbook as bytes, the same for the same request."""
    out = io.BytesIO()
    start = datetime.combine(asking.engagement.period.start, time(), UTC)
    with spreadsheet.opened(out, start, title=f"Request {asking.engagement.id}") as book:
        _prose(book, "Read me first", said.cover(asking))
        _table(book, "Checklist", said.CHECKLIST, said.checklist(asking))
        for one in said.sheets(asking):
            _form(book, one)
        _table(book, "All columns", said.COLUMNS, said.columns(asking))
        _table(book, "Purpose and retention", said.RETENTION, said.retention(asking))
        paragraphs = [CHECK_FIRST]
        for notice in notices(asking):
            paragraphs += [f"{notice.language}: {notice.title}", *notice.paragraphs]
        _prose(book, "Notice to staff", paragraphs)
    return out.getvalue()


def _prose(book: Any, name: str, paragraphs: Sequence[str]) -> None:
    sheet = book.add_worksheet(name)
    wrap, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True, "font_size": 14})
    sheet.set_column(0, 0, 110)
    for row, text in enumerate(paragraphs):
        sheet.write_string(row, 0, visible(text), wrap if row else bold)


def _table(book: Any, name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    sheet = book.add_worksheet(name)
    wrap, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    for place, word in enumerate(head):
        sheet.set_column(place, place, _WIDTHS.get(word, 22))
        sheet.write_string(0, place, word, bold)
    for row, cells in enumerate(rows, 1):
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, "\n".join(map(visible, cell.split("\n"))), wrap)
    sheet.freeze_panes(1, 0)


def _form(book: Any, one: Wanted) -> None:
    """A sheet named after its kind, its columns in the first row, nothing else that could be read as a record."""
    sheet = book.add_worksheet(said.sheet(one))
    must = book.add_format({"bold": True, "bg_color": "#DDEBF7", "num_format": "@"})
    helps = book.add_format({"italic": True, "bg_color": "#F2F2F2", "num_format": "@"})
    for place, name in enumerate(one.columns):
        column = one.kind.columns[name]
        form = book.add_format({"num_format": _NUMBERS.get(column.type, "@")})
        sheet.set_column(place, place, max(14, len(name) + 2), form)
        sheet.write_string(0, place, name, must if name in one.needed else helps)
        sheet.data_validation(1, place, ROWS, place, _validation(column, needed=name in one.needed))
    sheet.freeze_panes(1, 0)


def _validation(column: Column, *, needed: bool) -> dict[str, Any]:
    """What a cell takes, and what is said beside it; open lists only warn."""
    words = f"{'Must be filled in where it is known' if needed else 'Helps'}. {meaning(column)}. "
    told: dict[str, Any] = {
        "input_title": column.name[:_TITLE],
        "input_message": f"{words}Example: {said.example(column)}"[:_MESSAGE],
        "error_title": column.name[:_TITLE],
        "validate": "any",
    }
    values = ["true", "false"] if column.type == "boolean" else [str(v) for v in column.values or column.known_values]
    if values and not column.is_list and len(",".join(values)) <= LIST_LIMIT:
        error = "stop" if column.values or column.type == "boolean" else "warning"
        return told | {"validate": "list", "source": values, "error_type": error}
    if column.type in {"date", "datetime"}:
        limits = {"criteria": ">=", "value": 1, "error_message": f"A date such as {said.example(column)}"}
        # An instant with its own offset is text: Excel may ask about it and must not refuse it.
        error = "stop" if column.type == "date" else "warning"
        return told | {"validate": "date", "error_type": error, **limits}
    if column.type in {"number", "decimal"} and not column.is_list:
        limits = {"criteria": "between", "minimum": -(10**12), "maximum": 10**12, "error_message": "A number"}
        return told | {"validate": "decimal", **limits}
    return told
