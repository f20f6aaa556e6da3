"""Columns read at once give what the rules for single cells give, whatever stands in them and however they are held."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingestion import Told, problems, table

from ctrlkit import column, delimited
from ctrlkit.cell import Rules, tidy
from ctrlkit.column import Reading, read_series
from ctrlkit.ingest import ingest
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.moment import Clock

RULES = Rules(Clock("Asia/Manila", "Asia/Manila", date(2026, 10, 31)), {"hire_date": "dmy"}, {"gross": "grouped"})
COLUMNS = {
    f"{kind}.{name}": shipped()[kind].columns[name]
    for kind, name in [
        ("auth_events", "ts"), ("auth_events", "account_id"), ("auth_events", "result"), ("auth_events", "factors"),
        ("auth_events", "country"), ("auth_events", "remote"), ("roster", "hire_date"), ("payroll", "gross"),
        ("accounts", "system"), ("accounts", "role"),
    ]
}  # fmt: skip
ODD = [
    *(None, "", " ", "Ana", " bob@x.example ", "ÉCOLE", "straße", "unknown", "N/A", "None", "none", "-", "#REF!", "NA"),
    *("System.Object[]", "@{x=1}", "***", "Microsoft.X", "a\u0301", "1", "2", "3", "1,234", "1,234.50", "1e5", ".5"),
    *("true", "No", "perhaps", "success", "Failure", "PH", "2026-10-01T08:00:00Z", "2026-10-01T08:00:00+08:00"),
    *("2026-10-01T08:00:00+14:00", "2026-10-01T08:00:00+15:00", "2026-10-01T08:00:00+08:99", "2026-10-01 08:00:00"),
    *("0001-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-01", "01/02/2026", "31/01/2026", "2026-10-01"),
    *("2026-13-01T08:00:00Z", "2026-10-31T16:00:00Z", "1 Jan 2026", "1234567890123456789012345678901234567890"),
]


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=30, deadline=None)
@given(cells=st.lists(st.sampled_from(ODD), min_size=1, max_size=40), few=st.booleans())
def test_the_quick_way_and_the_full_rules_agree(name: str, cells: list[str | None], few: bool) -> None:
    """Plain cells read at once, the others one distinct text at a time: the same value, reason and text for each."""
    reading = Reading(COLUMNS[name], RULES, tidy(pl.col("raw")), plain=True)
    raw = pl.Series("raw", cells, pl.String)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column, "_FEW", 0 if few else 2**40)
        quick = read_series(reading, raw)
    slow = pl.concat([read_series(Reading(COLUMNS[name], RULES, tidy(pl.col("raw")), plain=False), raw)])
    assert quick.equals(slow, null_equal=True)
    assert dict(quick.schema) == reading.fields


HEAD = "ts,system,account_id,result,logout_ts\n"
ROWS = [
    "2026-10-01T08:00:00Z,crm,ana,success,",
    "2026-10-01T08:00:00+08:00,crm,RAJ,failure,2026-10-01 09:00:00",
    "2027-01-01T00:00:00Z,crm,mia,success,",
    "2026-10-02T08:00:00Z,crm,,success,",
    "2026-10-03T08:00:00Z,crm,unknown,strange,never",
]


def in_blocks(path: Path, bytes_each: int) -> Ingested:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "STAGED_FROM", 0)
        patch.setattr(delimited, "_BLOCK", bytes_each)
        return as_it_comes(path)


def as_it_comes(path: Path) -> Ingested:
    source, kind = Told("auth_events", path.name, path), shipped()["auth_events"]
    work = path.parent / "work"
    return ingest(source, kind, adapters=(), zone="Asia/Manila", as_of_date=date(2026, 10, 31), cache=None, work=work)


@pytest.mark.parametrize("ending", ["", "\n", ",,,,\n", "Total,,,,\n", "2026-10-09T08:00:00Z,crm\n"])
@pytest.mark.parametrize("bytes_each", [1, 70, 500])
def test_a_large_file_read_block_by_block_loses_no_row(tmp_path: Path, ending: str, bytes_each: int) -> None:
    path = tmp_path / "auth_events.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in ROWS * 7) + ending, "utf-8", newline="")
    held = as_it_comes(path)
    rows, said = table(held), problems(held)
    blocks = in_blocks(path, bytes_each)
    assert table(blocks).equals(rows, null_equal=True)
    assert problems(blocks) == said
    facts = ("columns", "rows", "bad_rows", "bad_cells", "faults", "notes", "first", "last")
    assert [getattr(blocks, fact) for fact in facts] == [getattr(held, fact) for fact in facts]
