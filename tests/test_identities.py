"""Names and numbers of systems: whose they are by the identity map, decided by all those of a file, never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desks import ready, started
from ingestion import read_text, table

from ctrlkit import readiness
from ctrlkit.identities import known, resolved
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped

MAP = "employee_id,system,account_id,badge_pin\n"
PEOPLE = "employee_id,status\n1001,active\n1002,active\n17,active\n"


def punches(folder: Path, pairs: str, *numbers: str, people: str = PEOPLE) -> Ingested:
    """Punches of these numbers, read under an identity map of those pairs `number=person`."""
    rows = "".join(f"{who},clock,,{number}\n" for number, _, who in (pair.partition("=") for pair in pairs.split()))
    maps = read_text(folder, MAP + rows, "identity_map.csv", kind="identity_map")
    roster = read_text(folder, people, "roster.csv", kind="roster")
    text = "".join(f"2026-10-01T00:0{n}:00Z,{number},in\n" for n, number in enumerate(numbers))
    found = read_text(folder, f"ts,employee_id,direction\n{text}", "punches.csv", kind="punches")
    told = known([maps], [roster])
    return resolved(found, shipped()["punches"], told, folder / "people") if told else found


def whose(found: Ingested) -> list[str | None]:
    return list(table(found)["employee_id"])


def test_a_number_is_the_person_s_to_whom_the_map_gives_it_with_zeros_or_without(tmp_path: Path) -> None:
    found = punches(tmp_path, "7=1001 008=1002", "0007", "8", "7")
    assert whose(found) == ["1001", "1002", "1001"]
    assert (found.rows, found.bad_rows, found.faults) == (3, 0, ())
    assert "2 people in employee_id are named as identity_map names them" in found.notes[-1]


@pytest.mark.parametrize("pairs", ["7=1001", "7=1001 9=1001 9=1002"])
def test_a_number_of_nobody_or_of_several_is_a_bad_row_that_is_named(tmp_path: Path, pairs: str) -> None:
    found = punches(tmp_path, pairs, "7", "9", "77")
    assert whose(found) == ["1001"]
    assert (found.rows, found.bad_rows) == (1, 2)
    said = [json.loads(line) for line in found.problems.read_text("utf-8").splitlines()]
    assert [(line["row"], line["column"]) for line in said] == [(3, "employee_id"), (4, "employee_id")]


def test_employee_ids_stay_what_they_are(tmp_path: Path) -> None:
    found = punches(tmp_path, "7=1001", "1001", "1002")
    assert (whose(found), found.notes, found.faults) == (["1001", "1002"], (), ())


def test_a_file_whose_numbers_could_all_be_either_is_not_decided(tmp_path: Path) -> None:
    found = punches(tmp_path, "17=1001", "17")
    assert "nothing tells which" in found.faults[0].message
    assert punches(tmp_path, "17=17", "17").faults == ()
    assert punches(tmp_path, "17=1001", "17", "1002").faults == ()


def test_a_file_of_both_sorts_is_left_as_it_is_and_says_so(tmp_path: Path) -> None:
    found = punches(tmp_path, "7=1001", "7", "1002")
    assert whose(found) == ["7", "1002"]
    assert "hand in the file of each system by itself" in found.notes[-1]


ANA, GUID = "ana@v.example", "7a1b0000-0000-4000-8000-0000000000aa"
WHO = f"employee_id,system,account_id,email,object_guid\n1001,entra,{ANA},,{GUID}\n1002,acd,agent7,raj@v.example,\n"


def told(folder: Path, kind: str, text: str, who: str = WHO) -> Ingested:
    """A file of the kind, read under an identity map."""
    maps = read_text(folder, who, "identity_map.csv", kind="identity_map")
    identities = known([maps], [read_text(folder, PEOPLE, "roster.csv", kind="roster")])
    assert identities is not None
    return resolved(read_text(folder, text, f"{kind}.csv", kind=kind), shipped()[kind], identities, folder / "people")


def test_accounts_without_a_column_for_it_belong_to_whom_the_map_names(tmp_path: Path) -> None:
    found = told(tmp_path, "accounts", f"system,account_id,enabled\nentra,{ANA.upper()},yes\nentra,x@v.example,yes\n")
    assert whose(found) == ["1001", None]
    assert list(table(found)["_bad"]) == [None, ";employee_id;"]
    assert found.bad_cells == {"employee_id": 1}
    assert "employee_id" in found.columns
    assert "whose the others are is not known: row 3" in found.notes[-1]


def test_an_account_that_two_people_have_in_the_map_is_nobody_s(tmp_path: Path) -> None:
    rows = "system,account_id,enabled\nacd,agent7,yes\nacd,agent8,yes\n"
    found = told(tmp_path, "accounts", rows, WHO + "1001,acd,agent7,,\n1001,acd,agent8,,\n")
    assert whose(found) == [None, "1001"]


def test_accounts_that_say_themselves_whose_they_are_stay_so(tmp_path: Path) -> None:
    found = told(tmp_path, "accounts", f"system,account_id,enabled,employee_id\nentra,{ANA},yes,1002\nacd,b,yes,\n")
    assert whose(found) == ["1002", None]
    assert list(table(found)["_bad"]) == [None, None]


def test_an_account_called_by_its_guid_here_and_by_its_name_there_is_one(tmp_path: Path) -> None:
    head = "ts,system,account_id,result\n2026-10-01T00:00:00Z,{},{},success\n"
    for system, name in (("entra", ANA), ("okta", GUID)):
        assert list(table(told(tmp_path, "auth_events", head.format(system, GUID)))["account_id"]) == [name]


def test_people_named_by_address_are_the_map_s_and_whom_it_does_not_know_is_listed(tmp_path: Path) -> None:
    rows = "".join(f"C,{who},2026-10-01T00:00:00Z\n" for who in ("Raj@v.example", ANA, "x@v.example", "1001"))
    found = told(tmp_path, "phish", f"campaign_id,employee_id,sent_at\n{rows}")
    assert whose(found) == ["1002", "1001", "x@v.example", "1001"]
    assert "does not say who is meant in employee_id: row 4" in "\n".join(found.notes)
    assert (found.rows, found.bad_rows) == (4, 0)


def test_agents_named_by_their_login_are_the_map_s_where_no_login_is_an_employee_id(tmp_path: Path) -> None:
    head = "interaction_id,start,agent_id\n1,2026-10-01T00:00:00Z,Agent7\n2,2026-10-01T00:00:00Z,{}\n"
    assert list(table(told(tmp_path, "interactions", head.format("agent9")))["agent_id"]) == ["1002", "agent9"]
    assert list(table(told(tmp_path, "interactions", head.format("1001")))["agent_id"]) == ["agent7", "1001"]


def test_without_numbers_in_the_map_nothing_is_said(tmp_path: Path) -> None:
    assert whose(punches(tmp_path, "", "7")) == ["7"]


def test_a_pack_with_such_a_map_hands_in_people(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    folder = started(
        tmp_path / "desk",
        {
            "roster.csv": PEOPLE,
            "identity_map.csv": f"{MAP}1001,clock,,7\n",
            "punches.csv": "ts,employee_id,direction\n2026-10-01T00:00:00Z,7,in\n2026-10-01T00:01:00Z,8,in\n",
        },
    )
    found = ready(folder, work)
    assert {f.kind: f.rows for f in found.files}["punches"] == 1
    assert "row 3, employee_id: found" in readiness.text(found)
