"""From the evaluated CSV to what checks see: exact integers, and what an empty cell means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from assembled import frame, together

from ctrlkit import canvas
from ctrlkit.kind import shipped
from ctrlkit.literal import logical


def prepared(folder: Path, kind: str, text: str, zone: str = "Asia/Manila") -> tuple[pl.DataFrame, canvas.Canvas]:
    path = folder / "kind.csv"
    path.write_text(text, "utf-8")
    columns = text.partition("\n")[0].split(",")[2:]
    found = canvas.prepare(path, shipped()[kind], columns, folder / "kind.parquet", zone)
    return pl.read_parquet(found.parquet), found


@pytest.mark.parametrize(
    ("status", "last", "none"),
    [
        ("active", "", True),
        ("on_leave", "", True),
        ("terminated", "", False),
        ("?", "", False),
        ("", "", False),
        ("active", "?", False),
        ("active", "2026-10-05", False),
    ],
)
def test_emptiness_answers_only_in_the_rows_for_which_the_kind_says_so(
    tmp_path: Path, status: str, last: str, none: bool
) -> None:
    seen, _ = prepared(tmp_path, "roster", f"_file,_row,employee_id,status,last_day_worked\na,2,p_1,{status},{last}\n")
    assert seen["last_day_worked__none"].to_list() == [none]


def test_emptiness_answers_nothing_without_the_column_that_gives_it_meaning(tmp_path: Path) -> None:
    seen, _ = prepared(tmp_path, "roster", "_file,_row,employee_id,last_day_worked\na,2,p_1,\n")
    assert seen["last_day_worked__none"].to_list() == [False]


def test_a_column_without_null_meaning_is_unknown_where_it_is_empty(tmp_path: Path) -> None:
    seen, found = prepared(tmp_path, "roster", "_file,_row,employee_id,role\na,2,p_1,\n")
    assert seen["role"].to_list() == [None]
    assert "role__none" not in seen.columns
    assert not found.columns["role"].none


def test_times_days_and_numbers_are_exact(tmp_path: Path) -> None:
    text = "_file,_row,ts,system,account_id,result,factors\n"
    text += "a,2,2026-10-05T01:00:00.000001Z,crm,p_1,success,2\na,3,1969-12-31T23:59:59Z,crm,p_1,success,0.000001\n"
    seen, _ = prepared(tmp_path, "auth_events", text)
    assert [logical(v, "datetime") for v in seen["ts"]] == ["2026-10-05T01:00:00.000001Z", "1969-12-31T23:59:59Z"]
    assert seen["factors"].to_list() == [2_000_000, 1]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Text with separators, quotes, line breaks and letters of everywhere, through both files."""
    head = "system,account_id,employee_id,enabled,role\n"
    text = '"crm, ""eu""",a1,e1,yes,"Ünïcode\nsecond; line"\n'
    seen = frame(together(tmp_path, "accounts", head + text, columns="role enabled"), tmp_path)
    assert seen["system"].to_list() == ['crm, "eu"']
    assert seen["role"].to_list()[0].startswith("ünïcode") or seen["role"].to_list()[0].startswith("Ünïcode")


def test_days_are_those_of_the_zone(tmp_path: Path) -> None:
    text = "_file,_row,ts,system,account_id,result\na,2,2026-10-05T15:59:59Z,crm,p_1,success\n"
    text += "a,3,2026-10-05T16:00:00Z,crm,p_1,success\n"
    _, found = prepared(tmp_path, "auth_events", text)
    assert found.days == (date(2026, 10, 5), date(2026, 10, 6))
    assert found.systems == ("crm",)


def test_numbers_too_great_for_a_frame_do_not_wrap(tmp_path: Path) -> None:
    """They are unknown: a great sum of money must not become a small or negative one."""
    head = "_file,_row,ts,system,account_id,result,factors\n"
    row = "a,{},2026-10-05T01:00:00Z,crm,p_1,success,{}\n"
    seen, _ = prepared(tmp_path, "auth_events", head + row.format(2, "99999999999999") + row.format(3, "9000000000"))
    assert seen["factors"].to_list() == [None, 9_000_000_000_000_000]
