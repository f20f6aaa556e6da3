"""Ingestion: what a file becomes, that no row is lost, and which cause each broken file has."""

from __future__ import annotations

import csv
import importlib
import io
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion import causes, problems, read, read_text, table

from ctrlkit import cache as cache_folder
from ctrlkit.errors import InputError
from ctrlkit.hooks import Adapter
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

HEADER = "system,account_id,enabled,mfa_enrolled,created_at\n"


def test_a_file_becomes_typed_columns_with_where_each_row_stood(tmp_path: Path) -> None:
    found = read_text(tmp_path, HEADER + "crm,Ana,yes,no,2026-10-01 08:00:00\n")
    assert table(found).to_dicts() == [
        {
            "system": "crm",
            "account_id": "ana",
            "enabled": True,
            "created_at": datetime(2026, 10, 1),  # noqa: DTZ001  (naive UTC is how instants are kept)
            "mfa_enrolled": False,
            "_file": "accounts.csv",
            "_row": 2,
            "_bad": None,
        }
    ]
    assert table(found).schema["_row"] == pl.Int64
    assert found.columns == ("system", "account_id", "enabled", "created_at", "mfa_enrolled")
    assert (found.rows, found.bad_rows, found.faults, found.grade) == (1, 0, (), Grade.TYPED)
    assert found.sha256 is not None


def test_numbers_are_exact_decimals(tmp_path: Path) -> None:
    text = "employee_id,period_start,period_end,payday,gross\nE1,2026-10-01,2026-10-15,2026-10-20,0.1\n"
    frame = table(read_text(tmp_path, text, kind="payroll"))
    assert frame.schema["gross"] == pl.Decimal(38, 6)
    assert frame["gross"].to_list() == [Decimal("0.1")]


def test_a_cell_that_cannot_be_read_is_null_named_and_explained(tmp_path: Path) -> None:
    found = read_text(tmp_path, HEADER + "crm,ana,yes,perhaps,?\n")
    assert table(found)["_bad"].to_list() == [";created_at;mfa_enrolled;"]
    assert found.bad_cells == {"created_at": 1, "mfa_enrolled": 1}
    assert problems(found) == [
        {
            "file": "accounts.csv",
            "row": 2,
            "column": "created_at",
            "value": "?",
            "expected": "an answer; this says that nothing is known, or is damaged",
        },
        {"file": "accounts.csv", "row": 2, "column": "mfa_enrolled", "value": "perhaps", "expected": "true or false"},
    ]


def test_a_problem_names_the_column_and_the_value_as_they_stand_in_the_file(tmp_path: Path) -> None:
    found = read_text(
        tmp_path,
        "Sys,Login,State\ncrm,a,Live\ncrm,b,Parked\n",
        columns={"Sys": "system", "Login": "account_id", "State": "enabled"},
        values={"enabled": {"Live": "true", "Parked": "unknown"}},
    )
    (said,) = problems(found)
    assert (said["column"], said["header"], said["value"]) == ("enabled", "State", "Parked")


def test_an_unknown_answer_is_marked_even_where_null_is_an_answer(tmp_path: Path) -> None:
    text = "system,account_id,enabled,employee_id\ncrm,a,yes,unknown\ncrm,b,yes,\n"
    found = read_text(tmp_path, text)
    assert table(found)["employee_id"].to_list() == [None, None]
    assert table(found)["_bad"].to_list() == [";employee_id;", None]


@pytest.mark.parametrize("row", ["crm,,yes,no,", "crm,ana,,no,", "crm,ana,perhaps,no,", "crm,ana,n/a,no,"])
def test_a_row_without_a_required_value_is_bad_and_counted(tmp_path: Path, row: str) -> None:
    found = read_text(tmp_path, HEADER + row + "\ncrm,raj,no,no,\n")
    assert (found.rows, found.bad_rows) == (1, 1)
    assert [p["row"] for p in problems(found)] == [2]


def test_a_day_after_the_as_of_date_makes_its_row_bad(tmp_path: Path) -> None:
    found = read_text(tmp_path, HEADER + "crm,ana,yes,no,2026-10-31T16:00:00Z\ncrm,raj,yes,no,2026-10-31T15:59:59Z\n")
    assert table(found)["account_id"].to_list() == ["raj"]
    assert problems(found)[0]["expected"] == "a day not after 2026-10-31"


def test_a_word_outside_the_closed_list_of_a_required_column_leaves_the_row(tmp_path: Path) -> None:
    found = read_text(tmp_path, "employee_id,status\nE1,Regular\n", kind="roster")
    assert (found.rows, found.bad_rows, found.bad_cells) == (1, 0, {"status": 1})
    assert problems(found)[0]["expected"] == "one of active, on_leave, terminated"


def test_personal_values_are_masked_in_problems(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled,last_login_at\ncrm,ana,yes,yesterday at noon\n")
    assert problems(found)[0]["value"] == "y… (17 characters)"


def test_ambiguous_days_are_unreadable_and_the_message_says_what_to_set(tmp_path: Path) -> None:
    text = "employee_id,status,hire_date\nE1,active,01/02/2026\nE2,active,03/04/2026\n"
    found = read_text(tmp_path, text, kind="roster")
    assert found.bad_cells == {"hire_date": 2}
    assert "date_order" in problems(found)[0]["expected"]
    told = read_text(tmp_path, text, kind="roster", date_order="dmy")
    assert table(told)["hire_date"].to_list() == [date(2026, 2, 1), date(2026, 4, 3)]


def test_one_day_beyond_twelve_decides_its_whole_column(tmp_path: Path) -> None:
    text = "employee_id,status,hire_date\nE1,active,01/02/2026\nE2,active,31/01/2026\n"
    found = read_text(tmp_path, text, kind="roster")
    assert table(found)["hire_date"].to_list() == [date(2026, 2, 1), date(2026, 1, 31)]


def test_one_clear_number_shows_that_commas_group_thousands(tmp_path: Path) -> None:
    head = "employee_id,period_start,period_end,payday,gross\n"
    row = "E1,2026-10-01,2026-10-15,2026-10-20,"
    text = f'{head}{row}"12,500"\n{row}"1,250,000.00"\n'
    assert table(read_text(tmp_path, text, kind="payroll"))["gross"].to_list() == [12500, 1250000]
    assert read_text(tmp_path, f'{head}{row}"12,500"\n', kind="payroll").bad_cells == {"gross": 1}


def test_a_year_of_two_digits_says_what_to_set(tmp_path: Path) -> None:
    text = "employee_id,status,hire_date\n1,active,4-Sep-26\n2,active,05-Oct-25\n"
    found = read_text(tmp_path, text, kind="roster")
    assert found.bad_cells == {"hire_date": 2}
    assert "where date_order in pack.yaml says dmy" in problems(found)[0]["expected"]
    told = read_text(tmp_path, text, kind="roster", date_order="dmy")
    assert table(told)["hire_date"].to_list() == [date(2026, 9, 4), date(2025, 10, 5)]


def test_a_text_that_an_export_wraps_for_excel_is_that_text(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'system,account_id,enabled\ncrm,="007",yes\ncrm,"=""008""",yes\ncrm,=1+1,no\n')
    assert table(found)["account_id"].to_list() == ["007", "008", "=1+1"]


def amounts(folder: Path, *rows: str) -> Ingested:
    head = "employee_id;period_start;period_end;payday;gross;net\n"
    days = "2026-10-01;2026-10-15;2026-10-20"
    return read_text(folder, head + "".join(f"E{n};{days};{row}\n" for n, row in enumerate(rows)), kind="payroll")


def test_one_clear_number_shows_that_a_comma_begins_the_decimals_of_the_file(tmp_path: Path) -> None:
    whole = amounts(tmp_path, "12.000,50;9.000", "1.000;8.500", "7;6")
    assert "a comma begins the decimals of gross, net, as the file shows" in str(whole.notes)
    found = table(whole)
    assert found["gross"].to_list() == [Decimal("12000.5"), 1000, 7]
    assert found["net"].to_list() == [9000, 8500, 6]


def test_where_two_columns_show_two_ways_a_third_is_not_guessed(tmp_path: Path) -> None:
    found = amounts(tmp_path, "12.000,50;9.50", "1.000;8.500")
    assert table(found)["gross"].to_list() == [Decimal("12000.5"), 1000]
    assert table(found)["net"].to_list() == [Decimal("9.5"), Decimal("8.5")]
    both = amounts(tmp_path, "12.000,50;1", "9.50;2", "1.234;3")
    assert table(both)["gross"].to_list() == [Decimal("12000.5"), Decimal("9.5"), None]
    assert "1.250 may be two numbers" in str(problems(both))


def test_times_without_a_zone_are_read_in_the_zone_of_the_source(tmp_path: Path) -> None:
    text = HEADER + "crm,ana,yes,no,2026-10-01 08:00:00\n"
    hours = {
        zone: table(read_text(tmp_path, text, time_zone=zone))["created_at"][0].hour
        for zone in (None, "UTC", "Asia/Kolkata")
    }
    assert hours == {None: 0, "UTC": 8, "Asia/Kolkata": 2}


def test_a_zone_that_does_not_exist_is_the_packs_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Asia/Manilla"):
        read_text(tmp_path, HEADER, time_zone="Asia/Manilla")


def test_a_column_blank_throughout_is_left_out_unless_null_is_an_answer(tmp_path: Path) -> None:
    text = "system,account_id,enabled,privileged,employee_id\ncrm,a,yes,,\ncrm,b,no,,\n"
    found = read_text(tmp_path, text)
    assert found.columns == ("system", "account_id", "employee_id", "enabled")
    assert "privileged" not in table(found).columns
    assert "accounts.csv: privileged is empty in every row and counts as left out" in found.notes
    assert "accounts.csv: employee_id is empty in every row, read as: no owner is recorded" in found.notes


def test_columns_the_kind_does_not_have_are_named(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled,Shoe Size\ncrm,a,yes,44\n")
    assert "accounts.csv: columns not read: Shoe Size" in found.notes


def test_headers_match_whatever_their_case_and_spaces(tmp_path: Path) -> None:
    assert read_text(tmp_path, " System ,ACCOUNT_ID,\u00a0Enabled\ncrm,a,yes\n").rows == 1


def test_total_rows_at_the_end_are_noted_and_not_counted(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,a,yes\nGrand Total,,\n", rows=1)
    assert (found.rows, found.bad_rows, found.faults) == (1, 0, ())
    assert "accounts.csv: total rows are not records: row 3" in found.notes


@pytest.mark.parametrize("total", ["Total,,3", "TOTAL HEADCOUNT,1,", 'Grand total:,"1,000.50",2'])
def test_a_sum_beside_a_total_is_no_record_under_whatever_column_it_stands(tmp_path: Path, total: str) -> None:
    found = read_text(tmp_path, f"system,account_id,enabled\ncrm,a,yes\n{total}\n")
    assert (found.rows, found.bad_rows) == (1, 0)


def test_a_total_row_in_the_middle_is_a_bad_row(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\nTotal,,\ncrm,a,yes\n")
    assert (found.rows, found.bad_rows) == (1, 1)


def test_the_bounds_of_the_time_column_are_told(tmp_path: Path) -> None:
    text = "ts,system,account_id,result\n2026-10-02T00:00:00Z,g,a,success\n2026-10-01T00:00:00Z,g,a,failure\n"
    found = read_text(tmp_path, text, kind="auth_events")
    assert (found.first, found.last) == ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")


# Layouts


def test_the_packs_map_leads_from_their_words_to_ours(tmp_path: Path) -> None:
    found = read_text(
        tmp_path,
        "Employee No.,Status (HR)\nE1,Regular\nE2,Resigned\n",
        kind="roster",
        columns={"employee no.": "employee_id", "Status (HR)": "status"},
        values={"status": {"Regular": "active", "resigned": "terminated"}},
    )
    assert table(found)["status"].to_list() == ["active", "terminated"]
    assert found.grade == Grade.TYPED
    said = "values read through a map: status regular → active (1 row); resigned → terminated (1 row)"
    assert f"accounts.csv: {said}" in found.notes


def test_a_constant_stands_in_every_row_and_is_noted(tmp_path: Path) -> None:
    found = read_text(tmp_path, "account_id,enabled\na,yes\nb,no\n", constants={"system": "crm"})
    assert table(found)["system"].to_list() == ["crm", "crm"]
    assert "accounts.csv: system is crm in every row, as the map says" in found.notes


@pytest.mark.parametrize(
    ("text", "told", "said"),
    [
        ("system,acount_id,enabled\n", {}, "no column account_id, which accounts needs; found: system, acount_id"),
        ("system,account_id\n", {}, "no column enabled"),
        ("system,account_id,enabled,Enabled\n", {}, "enabled stands twice"),
        ("system,account_id,enabled\n", {"constants": {"enabled": "yes"}}, "is a constant in pack.yaml and a column"),
        ("system,account_id,enabled\n", {"columns": {"Owner": "employee_id"}}, 'columns: no header "Owner"'),
        ("system,account_id,enabled\n", {"columns": {"system": "sistem"}}, 'did you mean "system"?'),
        ("system,account_id,enabled\n", {"adapter": "okta"}, 'adapter "okta" is not known for accounts'),
        ("a;b\n", {}, "no column system, account_id, enabled"),
    ],
)
def test_a_layout_that_does_not_fit_is_malformed_and_said(
    tmp_path: Path, text: str, told: dict[str, Any], said: str
) -> None:
    found = read_text(tmp_path, text + "x,y,yes\n", **told)
    assert set(causes(found)) == {Cause.MALFORMED}
    assert any(said in fault.message for fault in found.faults), found.faults
    assert found.parquet is None


def adapter(name: str, *headers: str) -> Adapter:
    columns = {"Login": "account_id", "On": "enabled", "Tags": "role|last"}
    return Adapter(name, "accounts", name.title(), headers, columns, {"enabled": {"Active": "true"}}, {"system": name})


ONE, OTHER = adapter("one", "Login", "On"), adapter("other", "login [READ ONLY]", "on")
EXPORT = 'Login,On,Tags\nana,Active,"x, y"\nraj,false,\n'


def test_an_adapter_knows_its_export_by_the_headers(tmp_path: Path) -> None:
    found = read_text(tmp_path, EXPORT, adapters=(ONE,))
    assert (found.adapter, found.grade) == ("one", Grade.EXPORT)
    assert table(found).select("system", "enabled", "role").rows() == [("one", True, "y"), ("one", False, None)]


def test_two_adapters_that_know_the_headers_are_a_question(tmp_path: Path) -> None:
    found = read_text(tmp_path, EXPORT, adapters=(ONE, OTHER))
    assert causes(found) == [Cause.MALFORMED]
    assert "one, other" in found.faults[0].message
    assert read_text(tmp_path, EXPORT, adapters=(ONE, OTHER), adapter="other").adapter == "other"


def test_no_adapter_is_tried_where_the_pack_says_none(tmp_path: Path) -> None:
    assert causes(read_text(tmp_path, EXPORT, adapters=(ONE,), adapter="none")) == [Cause.MALFORMED]


def test_a_named_adapter_must_know_the_file(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,a,yes\n", adapters=(ONE,), adapter="one")
    assert "not an export of One: no header Login, On" in found.faults[0].message


def test_canonical_columns_are_typed_whatever_the_adapters(tmp_path: Path) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\ncrm,a,yes\n", adapters=(ONE,), method="export")
    assert (found.adapter, found.grade) == (None, Grade.TYPED)


def test_the_packs_words_stand_above_the_adapters(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "constants": {"system": "crm"},
        "values": {"enabled": {"Active": "false"}},
        "columns": {"Tags": "client"},
    }
    frame = table(read_text(tmp_path, EXPORT, adapters=(ONE,), **told))
    assert frame.select("system", "enabled", "client").rows() == [("crm", False, "x, y"), ("crm", False, None)]


@pytest.mark.parametrize(
    ("told", "grade"),
    [({"party": "client"}, Grade.CLIENT), ({"method": "typed"}, Grade.TYPED), ({"method": "api"}, Grade.EXPORT)],
)
def test_the_grade_rests_on_who_hands_over_and_how(tmp_path: Path, told: dict[str, Any], grade: Grade) -> None:
    assert read_text(tmp_path, EXPORT, adapters=(ONE,), **told).grade == grade


# Broken wholes


def test_a_header_alone_is_empty(tmp_path: Path) -> None:
    found = read_text(tmp_path, HEADER)
    assert causes(found) == [Cause.EMPTY]
    assert table(found).height == 0


@pytest.mark.parametrize("total", [1, 3])
def test_a_control_total_missed_is_truncated(tmp_path: Path, total: int) -> None:
    found = read_text(tmp_path, HEADER + "crm,a,yes,no,\ncrm,,yes,no,\n", rows=total)
    assert causes(found) == [Cause.TRUNCATED]
    assert f"holds 2 records where the control total says {total}" in found.faults[0].message


@pytest.mark.parametrize("records", [65_535, 65_536, 1_048_575])
def test_as_many_rows_as_a_spreadsheet_holds_are_truncated(tmp_path: Path, records: int) -> None:
    found = read_text(tmp_path, "system,account_id,enabled\n" + "crm,a,yes\n" * records)
    assert causes(found) == [Cause.TRUNCATED]


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'system,account_id,enabled\ncrm,a,yes\ncrm,"b', rows=9)
    assert causes(found) == [Cause.TRUNCATED, Cause.TRUNCATED]


# The cache


def test_a_second_reading_comes_from_the_cache_and_is_the_same(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = read_text(tmp_path, HEADER + "crm,a,yes,?,\ncrm,,yes,no,\n", cache=cache)
    stamp = first.parquet.stat().st_mtime_ns if first.parquet else 0
    again = read(tmp_path / "accounts.csv", cache=cache)
    assert again == first
    assert again.parquet is not None
    assert again.parquet.stat().st_mtime_ns == stamp
    assert cache.stat().st_mode & 0o077 == 0
    assert not list(cache.glob("*.part"))


def test_whatever_decides_how_a_file_is_read_decides_its_place_in_the_cache(tmp_path: Path) -> None:
    text = "account_id,enabled\na,yes\n"
    told: list[dict[str, Any]] = [
        {"constants": {"system": "a"}},
        {"constants": {"system": "b"}},
        {"constants": {"system": "a"}, "rows": 1},
    ]
    found = [read_text(tmp_path, text, cache=tmp_path / "cache", **t) for t in told]
    assert len({f.parquet for f in found}) == 3


UNFOLDS = """
from ctrlkit.hooks import Unfolded

def unfold(document):
    return Unfolded(((1, {"A": "crm", "B": document[0]["login"] + "%s", "C": "true"}),))
"""


def test_other_code_of_an_adapter_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for version in ("-old", "-new"):
        path = tmp_path / version / "acme_export.py"
        path.parent.mkdir()
        path.write_text(UNFOLDS % version, "utf-8")
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.delitem(sys.modules, "acme_export", raising=False)
        unfold = importlib.import_module("acme_export").unfold
        known = replace(adapter("acme", "A", "B", "C"), unfold=unfold)
        known = replace(known, columns={"A": "system", "B": "account_id", "C": "enabled"}, constants={}, form="json")
        text = '[{"login": "ana"}]'
        found = read_text(tmp_path, text, "a.json", adapters=(known,), cache=tmp_path / "cache")
        seen += table(found)["account_id"].to_list()
    assert seen == ["ana-old", "ana-new"]


def test_a_damaged_entry_is_read_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = read_text(tmp_path, HEADER + "crm,a,yes,no,\n", cache=cache)
    for entry in cache.glob("*.json"):
        entry.write_text("{", "utf-8")
    assert read(tmp_path / "accounts.csv", cache=cache) == first


def test_the_cache_forgets_what_is_old_and_touches_nothing_else(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    read_text(tmp_path, HEADER + "crm,a,yes,no,\n", cache=cache)
    (cache / "notes.json").write_text("mine", "utf-8")
    now = datetime.now(UTC)
    assert cache_folder.forget(cache, 7, now=now) == 0
    assert cache_folder.forget(cache, 0, now=now) == 3
    assert [p.name for p in cache.iterdir()] == ["notes.json"]
    assert cache_folder.forget(tmp_path / "none", 7, now=now) == 0


# Nothing is lost

DAYS = st.dates(date(2020, 1, 1), date(2026, 10, 31))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.one_of(
            st.just(("", "", "")),
            st.tuples(
                st.sampled_from(["E1", "peña", "", "n/a", "a,b", 'x"y', "l\nm"]),
                st.sampled_from(["active", "On Leave", "Regular", "", "?"]),
                st.one_of(DAYS.map(str), DAYS.map(lambda d: d.strftime("%d/%m/%Y")), st.sampled_from(["", "soon"])),
            ),
        ),
        max_size=12,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_every_row_is_canonical_or_bad_or_blank(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, ends: str, encoding: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ends)
    writer.writerows([("employee_id", "status", "hire_date"), *rows])
    found = read_text(tmp_path, text.getvalue().encode(encoding), kind="roster")
    blank = sum(not any(cell.strip() for cell in row) for row in rows)
    assert found.rows + found.bad_rows + blank == len(rows)
    known = {"E1", "peña", "a,b", 'x"y', "l\nm"}
    assert found.rows == sum(who in known and what in {"active", "On Leave", "Regular"} for who, what, _ in rows)
    bad = {p["row"] for p in problems(found)}
    kept = set(table(found)["_row"].to_list())
    marked = set(table(found).filter(pl.col("_bad").is_not_null())["_row"].to_list())
    assert len(kept) == found.rows
    assert bad == marked | (bad - kept)
    assert len(bad - kept) == found.bad_rows


@pytest.mark.parametrize("kind", sorted(shipped()))
def test_every_shipped_kind_reads_a_row_of_its_own(tmp_path: Path, kind: str) -> None:
    """One good value for each column of each kind is read, without a fault or a bad cell."""
    good = {"string": "word", "number": "1", "decimal": "1.5", "date": "2026-10-01", "boolean": "yes"}
    columns = shipped()[kind].columns
    cells = {n: str(c.values[0]) if c.values else good.get(c.type, "2026-10-01T00:00:00Z") for n, c in columns.items()}
    found = read_text(tmp_path, f"{','.join(cells)}\n{','.join(cells.values())}\n", f"{kind}.csv", kind=kind)
    assert (found.rows, found.bad_cells, found.faults, found.columns) == (1, {}, (), tuple(columns))
