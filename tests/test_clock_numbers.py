"""Numbers of clocks: whose they are by the identity map, decided by all the numbers of a file, never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desks import ready, started
from ingestion import read_text, table

from ctrlkit import readiness
from ctrlkit.clock_numbers import known, resolved
from ctrlkit.ingested import Ingested

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
    return resolved(found, told, folder / "people") if told else found


def whose(found: Ingested) -> list[str]:
    return list(table(found)["employee_id"])


def test_a_number_is_the_person_s_to_whom_the_map_gives_it_with_zeros_or_without(tmp_path: Path) -> None:
    found = punches(tmp_path, "7=1001 008=1002", "0007", "8", "7")
    assert whose(found) == ["1001", "1002", "1001"]
    assert (found.rows, found.bad_rows, found.faults) == (3, 0, ())
    assert "the numbers of 2 people are read as identity_map gives them" in found.notes[-1]


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
    assert "hand in the file of each clock by itself" in found.notes[-1]


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
