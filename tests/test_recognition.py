"""What a file in a folder is: one of several kinds, each of several, sheet by sheet, or a question with its answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from desk_exports import JIRA, RECORDING_DETAILS

from ctrlkit.guessing import guess
from ctrlkit.hooks import plugin_manager
from ctrlkit.kind import shipped
from ctrlkit.recognition import Recognised, Unknown, look

ADAPTERS = [a for given in plugin_manager().hook.ctrlkit_adapters() for a in given]
PEOPLE = ("employee_id", "status", "site")
LOGINS = ("system", "account_id", "enabled")


def found(folder: Path) -> tuple[list[tuple[str, str | None, str | None]], tuple[Unknown, ...]]:
    known, unknown = look(folder, shipped(), ADAPTERS, deep=False)
    return [(r.kind, r.adapter, r.sheet) for r in known], unknown


def book(path: Path, **sheets: tuple[tuple[str, ...], ...]) -> None:
    with xlsxwriter.Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)


def test_a_file_that_one_product_makes_of_two_kinds_is_each_of_them(tmp_path: Path) -> None:
    (tmp_path / "recordings details.csv").write_text(RECORDING_DETAILS, "utf-8")
    (tmp_path / "x.csv").write_text(RECORDING_DETAILS, "utf-8")
    known, unknown = found(tmp_path)
    assert {kind for kind, *_ in known} == {"interactions", "recordings"}
    assert unknown == ()


def test_what_a_person_must_say_comes_with_the_answers(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(JIRA, "utf-8")
    known, (question,) = found(tmp_path)
    assert known == []
    assert question.choices == (
        Recognised("x.csv", "findings", "jira_findings"),
        Recognised("x.csv", "incidents", "jira_incidents"),
    )


def test_a_header_of_a_kind_that_vendors_have_goes_before_the_same_of_the_client_s(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("system,account_id,enabled,employee_id\ncrm,a,yes,1\n", "utf-8")
    assert found(tmp_path) == ([("accounts", None, None)], ())


def test_each_sheet_that_holds_records_is_recognised_and_a_blank_one_is_none(tmp_path: Path) -> None:
    book(
        tmp_path / "x.xlsx",
        Active=(PEOPLE, ("1", "active", "MNL")),
        Resigned=(PEOPLE, ("2", "terminated", "MNL")),
        Logins=(LOGINS, ("crm", "a", "yes")),
        Next=(PEOPLE,),
        Notes=(("To do",),),
    )
    known, unknown = found(tmp_path)
    assert known == [("roster", None, "Active"), ("roster", None, "Resigned"), ("accounts", None, "Logins")]
    assert unknown == ()


def test_each_sheet_of_an_export_is_recognised_by_its_adapter(tmp_path: Path) -> None:
    header = ("Employee ID", "Name", "Date Hired", "Status")
    people = {name: (("ACME",), (), header, (who, "Ana", "2024-01-05", "Regular")) for who, name in ("1A", "2B")}
    book(tmp_path / "x.xlsx", **people, C=(("ACME",), (), header))
    assert found(tmp_path)[0] == [("roster", "employee_list", "A"), ("roster", "employee_list", "B")]


def test_a_month_of_grids_is_recognised_week_by_week_beside_a_sheet_of_another_kind(tmp_path: Path) -> None:
    weeks = {
        f"Week {number}": (
            ("Employee ID", *(f"2026-10-{day:02}" for day in range(number, number + 3))),
            ("1", "22:00-07:00", "RD", "VL"),
        )
        for number in (1, 8)
    }
    book(tmp_path / "x.xlsx", **weeks, Logins=(LOGINS, ("crm", "a", "yes")))
    assert found(tmp_path) == (
        [
            ("timesheets", "wfm_grid", "Week 1"),
            ("leave", "wfm_grid_leave", "Week 1"),
            ("timesheets", "wfm_grid", "Week 8"),
            ("leave", "wfm_grid_leave", "Week 8"),
            ("accounts", None, "Logins"),
        ],
        (),
    )


def test_one_sheet_among_others_that_say_nothing_needs_no_name(tmp_path: Path) -> None:
    book(tmp_path / "x.xlsx", Cover=(("Accounts",),), Data=(LOGINS, ("crm", "a", "yes")))
    assert found(tmp_path)[0] == [("accounts", None, None)]


@pytest.mark.parametrize(
    ("header", "kind", "columns", "lacks"),
    [
        (("Emp Code", "Name", "Status", "Branch"), "roster", {"Emp Code": "employee_id", "Branch": "site"}, ()),
        (
            ("Username", "Application", "Is Active", "Last Login"),
            "accounts",
            {"Username": "account_id", "Application": "system", "Is Active": "enabled", "Last Login": "last_login_at"},
            (),
        ),
        (("Visitor", "Time In", "Time Out"), "visitors", {"Time In": "in_at", "Time Out": "out_at"}, ("visit_id",)),
    ],
)
def test_a_header_of_its_own_is_guessed_for_a_person_to_check(
    header: tuple[str, ...], kind: str, columns: dict[str, str], lacks: tuple[str, ...]
) -> None:
    told = guess(header, shipped())
    assert told is not None
    assert (told.kind, told.lacks) == (kind, lacks)
    assert columns.items() <= told.columns.items()


@pytest.mark.parametrize("header", [(), ("Colour", "Size"), ("Status",)])
def test_a_header_that_tells_nothing_is_not_guessed(header: tuple[str, ...]) -> None:
    assert guess(header, shipped()) is None
