"""From files to the one evaluated CSV of a kind: what counts once, what clashes, whose rows are judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assembled import csv, engagement, frame, ties, together

from ctrlkit import parts
from ctrlkit.assemble import Evidence
from ctrlkit.model import Cause

HEAD = "system,account_id,employee_id,enabled,client\n"


@pytest.fixture(autouse=True, params=[parts.PART, 2, 1], ids="parts of {}".format)
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether rows are held together or a few at a time, what counts of them is the same."""
    monkeypatch.setattr(parts, "PART", request.param)


def problems(evidence: Evidence) -> list[dict[str, object]]:
    assert evidence.problems is not None
    return [json.loads(line) for line in evidence.problems.read_text("utf-8").splitlines()]


def test_identical_rows_count_once_and_are_counted(tmp_path: Path) -> None:
    """Within a file and across two; the first place stands."""
    one, other = HEAD + "crm,a1,e1,yes,\ncrm,a1,e1,yes,\n", HEAD + "CRM,A1,E1,yes,\ncrm,a2,e2,no,\n"
    found = together(tmp_path, "accounts", one, other)
    assert (found.rows, found.bad_rows) == (2, 0)
    assert csv(found).select("_file", "_row").rows() == [("part0.csv", "2"), ("part1.csv", "3")]
    assert "2 identical rows counted once" in found.notes


def test_rows_that_differ_under_one_key_are_both_unreadable(tmp_path: Path) -> None:
    """Nobody can say which is true, so neither counts, both are named, and the kind is never green."""
    found = together(tmp_path, "accounts", HEAD + "crm,a1,e1,yes,\ncrm,a1,e1,no,\ncrm,a2,e2,yes,\n")
    assert (found.rows, found.bad_rows) == (1, 2)
    assert [line["row"] for line in problems(found)] == [2, 3]
    assert "differ in enabled" in str(problems(found)[0]["value"])


def test_rows_of_which_a_part_of_the_key_is_not_known_are_no_contradiction(tmp_path: Path) -> None:
    """Two shifts of one day, of which nobody says by which schedule they were worked."""
    head = "employee_id,work_date,{}clock_in,clock_out\n"
    rows = (
        "e1,2026-10-01,{0}2026-10-01T00:00:00Z,2026-10-01T04:00:00Z\n"
        "e1,2026-10-01,{0}2026-10-01T06:00:00Z,2026-10-01T09:00:00Z\n"
    )
    for column, cell in (("", ""), ("sched_start,", "unknown,")):
        found = together(tmp_path, "timesheets", head.format(column) + rows.format(cell))
        assert (found.rows, found.bad_rows) == (2, 0)
    clash = together(tmp_path, "timesheets", head.format("sched_start,") + rows.format(","))
    assert clash.bad_rows == 2


def test_two_events_with_an_unreadable_cell_may_be_two(tmp_path: Path) -> None:
    """What could not be read may be just where they differ."""
    head = "ts,system,account_id,result,factors\n"
    rows = "2026-10-05T01:00:00Z,crm,a1,success,{}\n"
    same = together(tmp_path, "auth_events", head + rows.format(1) * 2)
    doubtful = together(tmp_path, "auth_events", head + rows.format("1o") + rows.format("2o"))
    assert (same.rows, doubtful.rows) == (1, 2)


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    texts = [HEAD + f"crm,a{n},e{n},yes,\n" for n in range(5)]
    first = together(tmp_path, "accounts", *texts)
    assert csv(first)["_file"].to_list() == sorted(csv(first)["_file"].to_list())
    again = together(tmp_path, "accounts", *texts)
    assert first.sha256 == again.sha256


def test_a_column_that_one_of_two_files_lacks_is_unknown_in_its_rows(tmp_path: Path) -> None:
    """Although emptiness would be an answer: the file never had the column."""
    head = "employee_id,agreement_signed_on"
    with_ = f"{head},approved_by,approved_until\ne1,2026-01-05,,\n"
    without = f"{head}\ne2,2026-01-05\n"
    found = together(tmp_path, "wfh_register", with_, without)
    seen = frame(found, tmp_path)
    assert csv(found)["approved_by"].to_list() == [None, "?"]
    assert seen["approved_by__none"].to_list() == [True, False]
    assert seen["approved_by"].to_list() == [None, None]


USERS = "system,account_id,employee_id,enabled,account_type\n"
FACTORS = "system,account_id,enabled,mfa_enrolled\n"


def test_files_that_know_different_things_of_one_account_complete_each_other(tmp_path: Path) -> None:
    """A directory's people and its report of second factors; the place is that of the first file."""
    users = USERS + "entra,a1,e1,yes,person\nentra,a2,e2,no,person\nentra,a3,e3,yes,person\n"
    factors = FACTORS + "Entra,A3,yes,no\nEntra,A1,yes,yes\nentra,a9,yes,yes\n"
    found = together(tmp_path, "accounts", users, factors)
    assert (found.rows, found.bad_rows) == (4, 0)
    assert csv(found).select("_file", "_row", "mfa_enrolled", "account_type").rows() == [
        ("part0.csv", "2", "true", "person"),
        ("part0.csv", "3", "?", "person"),
        ("part0.csv", "4", "false", "person"),
        ("part1.csv", "4", "true", "?"),
    ]
    assert "2 rows hold also what part1.csv says under the same key" in found.notes


def test_files_that_contradict_each_other_do_not_complete_each_other(tmp_path: Path) -> None:
    found = together(tmp_path, "accounts", USERS + "entra,a1,e1,no,person\n", FACTORS + "entra,a1,yes,yes\n")
    assert (found.rows, found.bad_rows) == (0, 2)
    once_more = FACTORS + "entra,a1,yes,yes\nentra,a1,yes,no\n"
    found = together(tmp_path, "accounts", USERS + "entra,a1,e1,yes,person\n", once_more)
    assert (found.rows, found.bad_rows) == (0, 3)


def test_a_cell_that_nobody_could_read_is_not_answered_by_another_file(tmp_path: Path) -> None:
    users = "system,account_id,enabled,account_type,mfa_enrolled\nentra,a1,yes,person,perhaps\n"
    found = together(tmp_path, "accounts", users, FACTORS + "entra,a1,yes,yes\n")
    assert (found.rows, found.bad_rows) == (1, 0)
    assert csv(found).select("account_type", "mfa_enrolled").rows() == [("person", "?")]


def test_only_what_is_read_is_carried(tmp_path: Path) -> None:
    """The key, the wanted columns, and those that give their emptiness a meaning."""
    head = "employee_id,status,role,last_day_worked,site\n"
    found = together(tmp_path, "roster", head + "e1,active,agent,,MNL1\n", columns="last_day_worked")
    assert found.columns == ("employee_id", "last_day_worked", "status")
    assert csv(found).columns == ["_file", "_row", *found.columns]


def test_nothing_left_is_empty_and_unreadable_rows_are_not_nothing(tmp_path: Path) -> None:
    empty = together(tmp_path, "accounts", HEAD)
    assert [f.cause for f in empty.faults] == [Cause.EMPTY]
    scoped = together(tmp_path, "accounts", HEAD + "crm,a1,e1,yes,other\n", terms=engagement(scope_clients=("mine",)))
    assert ([f.cause for f in scoped.faults], scoped.outside) == ([Cause.EMPTY], 1)
    bad = together(tmp_path, "accounts", HEAD + "crm,,e1,yes,\n")
    assert (bad.bad_rows, bad.rows, [f.cause for f in bad.faults if f.cause is Cause.EMPTY]) == (1, 0, [])


ROSTER = (
    "employee_id,status,site,client\ne1,active,MNL1,Mine\ne2,active,MNL2,Mine\ne3,active,MNL1,other; MINE\n"
    "e4,active,MNL1,other\ne5,active,,\n"
)


def accounts_of(found: Evidence) -> int:
    return len(csv(found))


def test_scope_by_the_rows_own_client(tmp_path: Path) -> None:
    """Without case, in lists, and a row without client is judged and counted."""
    rows = "".join(f"crm,a{i},e{i},yes,{c}\n" for i, c in enumerate(["mine", "MINE; other", "other", "", "minefield"]))
    found = together(tmp_path, "accounts", HEAD + rows, terms=engagement(scope_clients=("Mine",)))
    assert (found.rows, found.outside) == (3, 2)
    assert "1 rows cannot be tied to a client or site and are judged" in found.notes


def test_scope_through_the_roster(tmp_path: Path) -> None:
    """For rows that name a person; one whom the roster does not know is judged and counted."""
    rows = "".join(f"e{i},2026-10-05,2026-10-06,annual\n" for i in range(1, 7))
    terms = engagement(scope_clients=("mine",), scope_sites=("mnl1",))
    found = together(tmp_path, "leave", "employee_id,start,end,kind\n" + rows, terms=terms, ties=ties(tmp_path, ROSTER))
    assert (found.rows, found.outside) == (4, 2)
    assert "2 rows cannot be tied to a client or site and are judged" in found.notes


def test_scope_by_own_client_and_by_the_rosters_site(tmp_path: Path) -> None:
    """A row that names its client is still somebody's, at a site."""
    rows = "crm,a1,e1,yes,mine\ncrm,a2,e2,yes,mine\ncrm,a4,e4,yes,other\n"
    terms = engagement(scope_clients=("mine",), scope_sites=("MNL1",))
    found = together(tmp_path, "accounts", HEAD + rows, terms=terms, ties=ties(tmp_path, ROSTER))
    assert (found.rows, found.outside) == (1, 2)


def test_scope_through_the_owner_of_an_account(tmp_path: Path) -> None:
    head = "ts,system,account_id,result\n"
    rows = "".join(f"2026-10-05T01:0{i}:00Z,crm,a{i},success\n" for i in range(5))
    owners = HEAD.replace(",client", "") + "crm,a1,e1,yes\ncrm,a2,e2,yes\ncrm,a4,e4,yes\ncrm,a3,,yes\n"
    terms = engagement(scope_clients=("mine",))
    for files in ([owners], [owners, FACTORS + "crm,a2,yes,yes\n"]):
        tied = ties(tmp_path, ROSTER, *files)
        found = together(tmp_path, "auth_events", head + rows, terms=terms, ties=tied)
        assert (found.rows, found.outside) == (4, 1)


def test_a_person_whom_the_roster_gives_two_clients_is_not_excluded(tmp_path: Path) -> None:
    double = "employee_id,status,client\ne1,active,mine\ne1,active,other\n"
    rows = "employee_id,start,end,kind\ne1,2026-10-05,2026-10-06,annual\n"
    terms = engagement(scope_clients=("mine",))
    assert together(tmp_path, "leave", rows, terms=terms, ties=ties(tmp_path, double)).rows == 1


def test_without_scope_everybody_is_judged(tmp_path: Path) -> None:
    found = together(tmp_path, "accounts", HEAD + "crm,a1,e1,yes,other\n", ties=ties(tmp_path, ROSTER))
    assert (found.rows, found.outside, found.notes) == (1, 0, ())


@pytest.mark.parametrize("text", ["?", " ? "])
def test_a_question_mark_is_never_an_answer(tmp_path: Path, text: str) -> None:
    found = together(tmp_path, "accounts", HEAD + f"crm,a1,e1,yes,{text}\n", columns="client enabled")
    assert frame(found, tmp_path)["client"].to_list() == [None]


def test_evidence_knows_its_oldest_export(tmp_path: Path) -> None:
    """Without one, the newest value of its time; as soon as one source says neither, nobody knows."""
    found = together(tmp_path, "accounts", HEAD + "crm,a1,e1,yes,\n", HEAD + "crm,a2,e2,yes,\n")
    one, other = found.sources
    old = replace(found, sources=(one, replace(other, exported_at="2026-01-01T00:00:00+08:00")))
    assert old.exported_at is not None
    assert old.exported_at.isoformat() == "2026-01-01T00:00:00+08:00"
    assert replace(found, sources=(one, replace(other, exported_at=None))).exported_at is None
    by_row = replace(found, sources=(one, replace(other, exported_at=None, last="2026-10-30")))
    assert by_row.exported_at is not None
    assert isinstance(csv(found), pl.DataFrame)
