"""A workbook for a person: texts stay texts, nothing is left out in silence, equal lists give equal bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import fastexcel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctrlkit import spreadsheet
from ctrlkit.errors import InputError
from ctrlkit.spreadsheet import Column, Sheet


def sheet(text: str) -> bytes:
    columns = (Column("a", 10), Column("b", 10))
    return spreadsheet.workbook([Sheet("s", columns, [(text, "end")])], datetime(2026, 11, 2, tzinfo=UTC))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["=1+1", "+1", "-1", "@x", "{=1}", "https://a.example", "1", "\t=1", "'x"]), st.text(max_size=9))
def test_a_text_stays_a_text(start: str, rest: str) -> None:
    """No formula, no link, no number: the cell is a shared string, whatever it begins with."""
    with zipfile.ZipFile(io.BytesIO(sheet(start + rest))) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in page
        assert "hyperlink" not in page
        assert '<c r="A2" s="2" t="s">' in page
        assert 'state="frozen"' in page
        assert "<autoFilter" in page


def test_the_same_list_gives_the_same_bytes() -> None:
    assert sheet("x") == sheet("x")


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "long.xlsx").write_bytes(sheet("x" * 40_000))
    ((cell, _),) = fastexcel.read_excel(tmp_path / "long.xlsx").load_sheet(0).to_polars().iter_rows()
    assert (len(cell), cell[-1]) == (spreadsheet.LONGEST, "…")


def test_rows_that_a_sheet_cannot_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 0)
    with pytest.raises(InputError, match="1 rows; a sheet holds 0"):
        sheet("x")
