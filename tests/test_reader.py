"""Files as they come: encodings, delimiters, line numbers, cut ends, and files that are not what their name says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion import causes, problems, read, read_text, table

from ctrlkit import delimited, reader
from ctrlkit.model import Cause

PLAIN = "system,account_id,enabled\ncrm,ana,yes\ncrm,raj,no\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_is_read_in_the_encodings_that_vendors_use(tmp_path: Path, encoding: str) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,peña,yes\n".encode(encoding))
    assert table(found)["account_id"].to_list() == ["peña"]
    assert found.faults == ()


def test_an_encoding_that_was_guessed_is_noted(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,peña,yes\n".encode("cp1252"))
    assert "accounts.csv: read as cp1252, not UTF-8" in found.notes


def test_bytes_that_are_no_text_are_malformed(tmp_path: Path) -> None:
    assert causes(read_text(tmp_path, b"system,account_id,enabled\ncrm,\x81\x8d,yes\n")) == [Cause.MALFORMED]
    assert causes(read_text(tmp_path, b"system,account_id,enabled\ncrm,\x00,yes\n")) == [Cause.MALFORMED]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    assert read_text(tmp_path, PLAIN.replace(",", delimiter)).rows == 2


def test_a_declared_delimiter_settles_it(tmp_path: Path) -> None:
    found = read_text(tmp_path, "sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n"))
    assert table(found)["_row"].to_list() == [3, 4]


def test_rows_count_as_a_person_counts_lines(tmp_path: Path) -> None:
    text = 'Report\n\nsystem,account_id,enabled,role\ncrm,ana,yes,"a\nb"\n\n,,,\ncrm,raj,no,"x"\n'
    found = read_text(tmp_path, text)
    assert table(found)["_row"].to_list() == [4, 8]
    assert "accounts.csv: 1 line before the header on row 3 skipped" in found.notes


def test_blank_lines_are_no_records_and_keep_the_count(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\n\ncrm,ana,yes\n,,\ncrm,raj,no\n\n")
    assert table(found)["_row"].to_list() == [3, 5]
    assert found.bad_rows == 0


def test_a_ragged_row_is_a_bad_row(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,ana\ncrm,a,b,yes\ncrm,raj,no,,\ncrm,kim,no\n")
    assert table(found)["account_id"].to_list() == ["raj", "kim"]
    assert [(p["row"], p["value"]) for p in problems(found)] == [
        (2, "2 cells where the header has 3"),
        (3, "4 cells where the header has 3"),
    ]


@pytest.mark.parametrize("cut", range(len(PLAIN) - len("crm,raj,no\n") + 1, len(PLAIN)))
def test_a_file_cut_inside_its_last_line_is_truncated(tmp_path: Path, cut: int) -> None:
    assert Cause.TRUNCATED in causes(read_text(tmp_path, PLAIN[:cut]))


def test_a_missing_last_line_break_is_no_fault_where_the_control_total_is_met(tmp_path: Path) -> None:
    assert causes(read_text(tmp_path, PLAIN.rstrip())) == [Cause.TRUNCATED]
    assert causes(read_text(tmp_path, PLAIN.rstrip(), rows=2)) == []


def test_a_closing_quote_shows_that_the_last_cell_is_whole(tmp_path: Path) -> None:
    assert causes(read_text(tmp_path, 'system,account_id,enabled\ncrm,ana,"yes"')) == []


def test_an_open_quote_at_the_end_is_truncated_and_its_row_bad(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'system,account_id,enabled\ncrm,ana,yes\ncrm,"raj,no\ncrm,kim,no\n')
    assert causes(found) == [Cause.TRUNCATED]
    assert "line 3" in found.faults[0].message
    assert (found.rows, found.bad_rows) == (1, 1)


def test_a_file_cut_inside_a_character_is_truncated(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,ana,yes\ncrm,raj,pe\u00f1".encode()[:-1])
    assert Cause.TRUNCATED in causes(found)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        ("a.csv", b"\n<!-- portal --><div>Sign in</div>", "web page"),
        ("a.xml", b"<!DOCTYPE html><p>Sign in</p>", "web page"),
        ("a.xml", b"<!DOCTYPE l [<!ENTITY a 'aa'>]><l>&a;</l>", "no adapter knows"),
        ("a.zip", b"PK\x03\x04....", "unpack it"),
        ("a.csv", b"%PDF-1.7 ...", "PDF"),
        ("a.csv", b"PK\x03\x04....", "zip or Excel"),
        ("a.csv", b'[{"system":"crm"}]', "JSON"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        ("a.json", b"<html></html>", "web page"),
        ("a.json", b"system,account_id", "no JSON"),
        ("a.xlsx", b"system,account_id,enabled\n", "not XLSX"),
        ("a.xlsx", b"PK\x03\x04....", "no whole workbook"),
        ("a.parquet", b"PAR1....", "no whole Parquet"),
        ("a.parquet", b"system", "not PARQUET"),
        ("a.docx", b"text", "not read"),
        ("a.csv", b"", "0 bytes"),
        ("a.csv", b"\n\n \n", "no row"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_malformed(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    found = read_text(tmp_path, content, name)
    assert causes(found) == [Cause.MALFORMED]
    assert said in found.faults[0].message
    assert found.parquet is None


def test_no_file_is_missing_and_a_folder_is_malformed(tmp_path: Path) -> None:
    assert causes(read(tmp_path / "nothing.csv")) == [Cause.MISSING]
    (tmp_path / "folder.csv").mkdir()
    assert causes(read(tmp_path / "folder.csv")) == [Cause.MALFORMED]


def test_a_cell_beyond_the_limit_is_malformed(tmp_path: Path) -> None:
    found = read_text(tmp_path, f"system,account_id,enabled\ncrm,{'x' * (reader.CELL_LIMIT + 1)},yes\n")
    assert causes(found) == [Cause.MALFORMED]


def test_more_columns_than_the_limit_are_malformed(tmp_path: Path) -> None:
    header = ",".join(["system,account_id,enabled", *(f"x{i}" for i in range(reader.COLUMN_LIMIT))])
    assert causes(read_text(tmp_path, header + "\n")) == [Cause.MALFORMED]


def test_files_on_disk_and_in_memory_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "system,account_id,enabled,role\n" + "".join(
        f'crm,user{i},{("yes", "no", "perhaps", "")[i % 4]},"a, b"\n' for i in range(300)
    )
    small = read_text(tmp_path, text)
    rows, said = table(small), problems(small)
    monkeypatch.setattr(delimited, "STAGED_FROM", 0)
    monkeypatch.setattr(delimited, "_BLOCK", 1000)
    monkeypatch.setattr(delimited, "_QUOTED_FAST_FROM", 0)
    large = read_text(tmp_path, text)
    assert table(large).equals(rows)
    assert problems(large) == said
    assert {p.suffix for p in (tmp_path / "work").iterdir()} == {".parquet", ".ndjson"}
    assert len(list((tmp_path / "work").iterdir())) == 2


CELL = st.text(st.sampled_from('abé ",;\n-'), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    fast=st.booleans(),
)
def test_both_readers_of_delimited_text_see_what_was_written(
    tmp_path: Path, rows: list[list[str]], delimiter: str, ends: str, fast: bool
) -> None:
    """Cells come back as they were written, with the line each record starts on; blank rows are left out."""
    body, line, wanted = f"a{delimiter}b{delimiter}c{ends}", 2, []
    for cells in rows:
        quoted = [f'"{c.replace(chr(34), chr(34) * 2)}"' for c in cells]
        if any(c.strip() for c in cells):
            wanted.append((line, *cells))
        line += 1 + sum(c.count("\n") for c in cells)
        body += delimiter.join(quoted) + ends
    path = tmp_path / "t.csv"
    path.write_bytes(body.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_QUOTED_FAST_FROM", 0 if fast else 2**40)
        seen = reader.survey(path, reader.sha256(path))
        candidates = delimited.candidates(path, seen, tmp_path, tabs=delimiter == "\t")
        chosen = next(c for c in candidates if c.head[0][1] == ("a", "b", "c"))
        frame = chosen.load(0, (0, 1, 2)).frame.collect()
    found = [(row["_row"], *(row[f"c{i}"] or "" for i in range(3))) for row in frame.iter_rows(named=True)]
    assert found == wanted
    assert frame["_flaw"].null_count() == frame.height
    assert frame.schema["_row"] == pl.Int64
