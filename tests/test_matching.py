"""The identity map that init proposes: by e-mail and numbers, never by names, and with those that stay unmatched."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from desks import NOW, write

from ctrlkit import start
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.kind import shipped
from ctrlkit.matching import PROPOSED, UNMATCHED, Proposal, propose, recognised_in
from ctrlkit.recognition import look

ANA, BEN = "7a1b0000-0000-4000-8000-0000000000aa", "7a1b0000-0000-4000-8000-0000000000ab"
ROSTER = """\
employee_id,status,site,role,client,hire_date,Work Email,Manager Email,Biometric ID,Name
E-1001,active,MNL,agent,nw,2026-01-05,ana.cruz@desk.example,boss@desk.example,77,Ana Cruz
E-1002,active,MNL,agent,nw,2026-01-05,ben.diaz@desk.example,boss@desk.example,,Ben Diaz
0012,active,MNL,agent,nw,2026-01-05,,,,Carla Reyes
E-1004,active,MNL,agent,nw,2026-01-05,shared@desk.example,,,Dan Yap
E-1005,active,MNL,agent,nw,2026-01-05,shared@desk.example,,,Eva Lim
E-1006,active,MNL,agent,nw,2026-01-05,,,,Fe Sy
"""
ACCOUNTS = f"""\
system,account_id,enabled,employee_id,Object ID,Name
entra,Ana.Cruz@desk.example,yes,,{ANA},Ana Cruz
crm,12,yes,,,Nobody
crm,ben,yes,E-1002,,Ben Diaz
crm,fe,yes,,,Fe Sy
crm,shared@desk.example,yes,,,Dan Yap
crm,boss@desk.example,yes,,,Boss
crm,e-1006,yes,,,X
"""
EVENTS = f"""\
ts,system,account_id,result
2026-10-01T01:00:00Z,entra,{ANA},success
2026-10-01T01:00:00Z,entra,{BEN},success
"""
FILES = {"roster.csv": ROSTER, "accounts.csv": ACCOUNTS, "auth_events.csv": EVENTS}


def proposed(folder: Path, adapters: tuple[Adapter, ...] = ()) -> Proposal | None:
    known, _ = look(folder, shipped(), adapters, deep=True)
    return propose(recognised_in(folder, known), shipped(), adapters)


def found(folder: Path, files: dict[str, str] = FILES) -> Proposal:
    made = proposed(write(folder, files))
    assert made is not None
    return made


def test_identities_are_joined_by_email_number_and_the_guid_beside_an_email(tmp_path: Path) -> None:
    assert found(tmp_path).rows == (
        ("e-1001", "badge", "", "", "", "77"),
        ("e-1001", "entra", ANA, "", "", ""),
        ("e-1001", "entra", "ana.cruz@desk.example", "ana.cruz@desk.example", ANA, ""),
        ("e-1002", "crm", "ben", "", "", ""),
        ("e-1006", "crm", "e-1006", "", "", ""),
    )


def test_who_stays_unmatched_is_listed_with_file_row_and_reason(tmp_path: Path) -> None:
    none = "no e-mail address or number of the roster"
    assert found(tmp_path).unmatched == (
        ("accounts.csv", "3", "crm", "12", none),
        ("accounts.csv", "5", "crm", "fe", none),
        ("accounts.csv", "6", "crm", "shared@desk.example", "may be 2 people"),
        ("accounts.csv", "7", "crm", "boss@desk.example", none),
        ("auth_events.csv", "3", "entra", BEN, none),
        ("roster.csv", "4", "", "0012", "no account"),
        ("roster.csv", "5", "", "e-1004", "no account"),
        ("roster.csv", "6", "", "e-1005", "no account"),
    )


def test_zeros_that_a_spreadsheet_lost_do_not_part_a_number(tmp_path: Path) -> None:
    accounts = "system,account_id,enabled,employee_id\ncrm,carla,yes,12\n"
    assert found(tmp_path, {"roster.csv": ROSTER, "accounts.csv": accounts}).rows[0][:3] == ("0012", "crm", "carla")


def test_a_number_and_an_address_of_two_people_join_nobody(tmp_path: Path) -> None:
    accounts = "system,account_id,enabled,employee_id\ncrm,ana.cruz@desk.example,yes,E-1002\n"
    assert "may be 2 people" in {
        u[4] for u in found(tmp_path, {"roster.csv": ROSTER, "accounts.csv": accounts}).unmatched
    }


@pytest.mark.parametrize(
    "files",
    [
        {"accounts.csv": ACCOUNTS},
        {**FILES, "identity_map.csv": "employee_id,system,account_id\nE-1,crm,a\n"},
        {"roster.csv": "employee_id,status,Name\nE-1,active,Fe Sy\n", "accounts.csv": ACCOUNTS},
    ],
)
def test_nothing_is_proposed_where_nothing_joins_or_a_map_is_there(tmp_path: Path, files: dict[str, str]) -> None:
    assert proposed(write(tmp_path, files)) is None


def test_init_writes_the_proposal_beside_the_pack_and_never_as_evidence(tmp_path: Path) -> None:
    said = start.start(write(tmp_path / "desk", FILES), start.DEFAULT_PROFILE, None, None, NOW)
    with (tmp_path / "desk" / PROPOSED).open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 5
    assert (tmp_path / "desk" / UNMATCHED).is_file()
    assert "5 identities are joined to people by e-mail or number; 8 stay unmatched" in said
    assert "identity_map" not in (tmp_path / "desk/pack.yaml").read_text("utf-8").split("# Still wanted")[0]
    (tmp_path / "desk" / UNMATCHED).write_text("checked")
    start.start(tmp_path / "desk", start.DEFAULT_PROFILE, None, None, NOW)
    assert (tmp_path / "desk" / UNMATCHED).read_text() == "checked"


def test_a_pack_that_is_there_says_which_file_is_the_roster(tmp_path: Path) -> None:
    desk = write(
        tmp_path / "desk", {"accounts.csv": ACCOUNTS, "staff.csv": "No,State,Mail\nE-1,active,ana.cruz@desk.example\n"}
    )
    (desk / "pack.yaml").write_text(
        "vendor: desk\nevidence:\n  accounts: {file: accounts.csv}\n"
        "  roster: {file: staff.csv, columns: {'No': employee_id, State: status}}\n"
    )
    said = start.start(desk, start.DEFAULT_PROFILE, None, None, NOW)
    assert "1 identities are joined" in said


def test_the_columns_that_an_adapter_leaves_out_still_tell_who_is_who(tmp_path: Path) -> None:
    """A list of employees is read into fewer columns than it has: addresses and PINs stand in the others."""
    adapters = tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)
    people = "Employee No.,Date Hired,Status,Work Email,Biometric ID\nE-1,2026-01-05,Regular,ana@desk.example,77\n"
    accounts = "system,account_id,enabled\ncrm,ana@desk.example,yes\n"
    made = proposed(write(tmp_path, {"people.csv": people, "accounts.csv": accounts}), adapters)
    assert made is not None
    assert made.rows == (
        ("e-1", "badge", "", "", "", "77"),
        ("e-1", "crm", "ana@desk.example", "ana@desk.example", "", ""),
    )
