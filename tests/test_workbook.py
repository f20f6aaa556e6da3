"""Workbooks: the right sheet, true row numbers, real dates, and cells that a workbook damages in silence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingestion import causes, problems, read, table

from ctrlkit.model import Cause

HEADER = ("system", "account_id", "enabled", "role", "password_last_set", "created_at")


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write sheets of cells, the first at row 1 and column A unless told."""

    def write(sheets: dict[str, list[tuple[Any, ...]]], row: int = 0, column: int = 0) -> Path:
        path = tmp_path / "accounts.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as workbook:
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                for number, cells in enumerate(rows, row):
                    for place, value in enumerate(cells, column):
                        if isinstance(value, str) and value.startswith("="):
                            formula, _, kept = value.partition("|")
                            sheet.write_formula(number, place, formula, None, kept)
                        else:
                            sheet.write(number, place, value)
        return path

    return write


def test_cells_come_with_their_own_types(book: Callable[..., Path]) -> None:
    path = book({"Active": [HEADER, ("crm", 1001, True, "x", date(2026, 10, 1), datetime(2026, 10, 1, 8, 20, 5))]})  # noqa: DTZ001
    row = table(read(path)).row(0, named=True)
    assert row["account_id"] == "1001"
    assert row["enabled"] is True
    assert row["password_last_set"] == date(2026, 10, 1)
    assert row["created_at"] == datetime(2026, 10, 1, 0, 20, 5)  # noqa: DTZ001


def test_rows_are_numbered_as_on_the_sheet(book: Callable[..., Path]) -> None:
    rows = [("Staff list",), (), HEADER, ("crm", "a", "yes"), (), ("crm", "b", "no"), ("Total",)]
    found = read(book({"Active": rows}, row=2, column=1))
    assert table(found)["_row"].to_list() == [6, 8]
    assert "accounts.xlsx: total rows are not records: row 9" in found.notes


def test_the_sheet_is_found_by_its_header_or_named_or_numbered(book: Callable[..., Path]) -> None:
    sheets = {"Notes": [("hello",)], "Now": [HEADER, ("crm", "a", "yes")], "Old": [HEADER, ("crm", "b", "no")]}
    path = book(sheets)
    assert table(read(path))["account_id"].to_list() == ["a"]
    assert 'accounts.xlsx: read from sheet "Now"' in read(path).notes
    assert table(read(path, sheet="Old"))["account_id"].to_list() == ["b"]
    assert table(read(path, sheet=3))["account_id"].to_list() == ["b"]
    assert (
        'has no sheet "Odl"; it has Notes, Now, Old; did you mean "Old"?' in read(path, sheet="Odl").faults[0].message
    )


def test_an_error_or_a_formula_never_computed_is_unreadable_and_not_empty(book: Callable[..., Path]) -> None:
    rows = [HEADER, ("crm", "a", True, "=1/0|#DIV/0!"), ("crm", "b", True, "=A1|kept"), ("crm", "c", True, "=A1|")]
    for column in (0, 2):
        found = read(book({"Active": rows}, column=column))
        assert table(found)["role"].to_list() == [None, "kept", None]
        assert table(found)["_bad"].to_list() == [";role;", None, ";role;"]
        error, formula = problems(found)
        assert (error["value"], formula["value"]) == ("#DIV/0!", "#FORMULA NEVER COMPUTED!")
        assert "open the workbook in a program, let it compute" in formula["expected"]


def test_a_number_beyond_fifteen_digits_is_unreadable(book: Callable[..., Path]) -> None:
    found = read(book({"Active": [HEADER, ("crm", 1234567890123456789, True), ("crm", "1234567890123456789", True)]}))
    assert table(found)["account_id"].to_list() == ["1234567890123456789"]
    assert found.bad_rows == 1
    assert "export it again with this column as text" in problems(found)[0]["expected"]


def test_an_empty_sheet_and_a_header_alone_are_told_apart(book: Callable[..., Path]) -> None:
    assert causes(read(book({"Active": []}))) == [Cause.MALFORMED]
    assert causes(read(book({"Active": [HEADER]}))) == [Cause.EMPTY]


def test_a_bomb_is_refused_before_it_is_unpacked(book: Callable[..., Path]) -> None:
    path = book({"Active": [HEADER]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/bomb.bin", bytes(30 * 2**20))
    found = read(path)
    assert causes(found) == [Cause.MALFORMED]
    assert "times its size" in found.faults[0].message


def test_a_workbook_with_a_document_type_is_refused(book: Callable[..., Path], tmp_path: Path) -> None:
    path = book({"Active": [HEADER, ("crm", "a", True)]})
    hostile = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(hostile, "w") as target:
        for member in source.infolist():
            data = source.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY e "boom">]><worksheet', 1)
            target.writestr(member, data)
    assert causes(read(hostile)) == [Cause.MALFORMED]
