from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter
from desks import ACCOUNTS, DATASETS, MAIL_RULES, THREE, ready, started
from trials import shelf

from ctrlkit import privacy, readiness
from ctrlkit.inspection import KindState


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def kind(found: readiness.Readiness, name: str) -> KindState:
    return next(k for k in found.kinds if k.kind == name)


def test_three_files_decide_their_controls_and_the_others_wait_for_what_is_missing(tmp_path: Path, work: Path) -> None:
    found = ready(started(tmp_path / "desk", THREE), work)
    assert found.decidable == ("EML-06", "MFA-01", "MFA-03", "RET-01")
    assert {w.control: w.reasons for w in found.waiting}["EML-05"] == ("mail_trace: not handed in",)
    assert not found.complete


def test_every_control_is_decidable_or_waits_and_none_does_both(tmp_path: Path, work: Path) -> None:
    found = ready(started(tmp_path / "desk", THREE), work)
    both = sorted([*found.decidable, *(w.control for w in found.waiting)])
    assert both == sorted(id_ for id_ in shelf().controls if not id_.startswith("CLI-"))


def test_the_json_has_exactly_the_keys_of_the_contract(tmp_path: Path, work: Path) -> None:
    bad = ACCOUNTS.replace("crm,ben,person,true", "crm,ben,person,perhaps")
    said = readiness.to_json(ready(started(tmp_path / "desk", {**THREE, "accounts.csv": bad}), work))
    assert list(said) == ["files", "kinds", "controls"]
    assert list(said["files"][0]) == ["file", "kind", "adapter", "rows", "period", "grade", "problems"]
    assert list(said["files"][0]["problems"][0]) == ["row", "column", "value", "expected", "count"]
    assert list(said["kinds"][0]) == ["kind", "state", "needed_by"]
    assert list(said["controls"]) == ["decidable", "waiting"]
    assert list(said["controls"]["waiting"][0]) == ["control", "for"]
    assert json.loads(json.dumps(said)) == said


def test_an_unreadable_cell_is_named_with_row_column_value_and_what_was_expected(tmp_path: Path, work: Path) -> None:
    bad = ACCOUNTS.replace("E-2,false", "E-2,perhaps")
    found = ready(started(tmp_path / "desk", {"accounts.csv": bad}), work)
    problem = found.files[0].problems[0]
    assert (problem.row, problem.column, problem.value, problem.count) == (3, "mfa_enrolled", "perhaps", 1)
    assert 'row 3, mfa_enrolled: found "perhaps", expected true or false' in readiness.text(found)


def test_cells_of_one_sort_are_counted_together(tmp_path: Path, work: Path) -> None:
    bad = ACCOUNTS + "".join(f"crm,u{n},person,true,,perhaps,,,\n" for n in range(40))
    found = ready(started(tmp_path / "desk", {"accounts.csv": bad}), work)
    assert [(p.row, p.count) for p in found.files[0].problems] == [(4, 40)]
    assert "(and 39 more: row 5, 6, 7, 8, 9, 10, 11, 12, 13, …)" in readiness.text(found)


def test_a_file_s_columns_and_what_was_odd_in_it_are_told(tmp_path: Path, work: Path) -> None:
    found = ready(started(tmp_path / "desk", {"accounts.csv": f"Accounts of October\n{ACCOUNTS}2 records\n"}), work)
    said = readiness.text(found)
    assert "    columns: system, account_id, " in said
    assert "    note: 1 line before the header on row 2 skipped" in said
    assert "    note: lines after the last record are not read: row 5" in said


def test_values_of_personal_columns_are_masked(tmp_path: Path, work: Path) -> None:
    bad = ACCOUNTS + "crm,ana,person,false,E-1,true,totp,h1,\n"
    found = ready(started(tmp_path / "desk", {"accounts.csv": bad}), work)
    assert found.files[0].problems
    assert "ana" not in json.dumps(readiness.to_json(found))


def test_rows_that_cannot_be_read_make_every_control_over_them_wait(tmp_path: Path, work: Path) -> None:
    bad = ACCOUNTS.replace("crm,ben,person,true", "crm,ben,person,")
    found = ready(started(tmp_path / "desk", {"accounts.csv": bad}), work)
    assert found.decidable == ()
    assert kind(found, "accounts").state == "malformed"
    assert "accounts: 1 row could not be read" in {r for w in found.waiting for r in w.reasons}


def test_a_file_without_a_required_column_says_so_once_under_its_name(tmp_path: Path, work: Path) -> None:
    renamed = ACCOUNTS.replace("account_id", "login")
    found = ready(started(tmp_path / "desk", {"accounts.csv": renamed}), work)
    text = readiness.text(found)
    assert found.files[0].problems[0].expected.startswith("no column account_id, which accounts needs")
    assert "accounts.csv: accounts.csv:" not in text
    assert "MFA-01 waits: accounts malformed" in text


def test_a_column_that_one_control_lacks_leaves_the_others_decidable(tmp_path: Path, work: Path) -> None:
    lacking = ACCOUNTS.replace("mfa_identifier_hash", "Device")
    found = ready(started(tmp_path / "desk", {"accounts.csv": lacking}), work)
    assert "MFA-01" in found.decidable
    assert kind(found, "accounts").state == "incomplete"
    assert "mfa_identifier_hash" in kind(found, "accounts").lacks


def test_a_control_that_waits_for_a_column_names_it(tmp_path: Path, work: Path) -> None:
    found = ready(started(tmp_path / "desk", {"accounts.csv": ACCOUNTS.replace("mfa_enrolled", "Enrolled?")}), work)
    assert "MFA-01 waits: accounts: no source holds mfa_enrolled" in readiness.text(found)


def test_an_old_export_is_stale(tmp_path: Path, work: Path) -> None:
    folder = started(tmp_path / "desk", {"accounts.csv": ACCOUNTS})
    pack = folder / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("exported_at: 2026-11", "exported_at: 2025-11"), "utf-8")
    assert kind(ready(folder, work), "accounts").state == "stale"


def test_a_file_that_pack_yaml_names_and_nobody_put_there_is_a_problem(tmp_path: Path, work: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    (folder / "datasets.csv").unlink()
    found = ready(folder, work)
    gone = next(f for f in found.files if f.file == "datasets.csv")
    assert gone.problems[0].expected.startswith("there is no such file")
    assert kind(found, "datasets").state == "missing"


def test_the_one_kind_that_helps_most_is_the_one_that_alone_decides_most(tmp_path: Path, work: Path) -> None:
    gain = ready(started(tmp_path / "desk", THREE), work).gain
    assert gain is not None
    assert (gain.kind, gain.decides) == ("auth_events", ("GOV-08", "LOG-02", "LOG-07", "MFA-02"))
    assert "src_ip" in gain.columns


def test_what_to_hand_over_names_columns_that_a_file_can_hold(tmp_path: Path, work: Path) -> None:
    """A derived column such as work_date of a sign-in is computed, so nobody is asked for it."""
    found = ready(started(tmp_path / "desk", THREE), work)
    events = kind(found, "auth_events")
    assert "ts" in events.columns
    assert not {"work_date", "country_code"} & set(events.columns)


def test_files_that_no_control_reads_are_named_and_not_read(tmp_path: Path, work: Path) -> None:
    """The baseline reads every kind; a profile of fewer controls does not."""
    folder = started(tmp_path / "desk", THREE)
    (folder / "odd.csv").write_text("Number,Name\n1,2\n", "utf-8")
    found = ready(folder, work, "first-hour")
    assert found.idle == ("datasets.csv",)
    assert found.unused == ("odd.csv",)


def test_two_sheets_of_one_file_are_two_sources_and_a_problem_names_its_sheet(tmp_path: Path, work: Path) -> None:
    folder = started(tmp_path / "desk", {"sheets.xlsx": ""})
    with xlsxwriter.Workbook(folder / "sheets.xlsx") as made:
        for name, enabled in (("MNL", "yes"), ("CEB", "perhaps")):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, ("system", "account_id", "enabled", "role"))
            sheet.write_row(1, 0, ("crm", name, enabled, "agent"))
    sources = "".join(f"    - {{file: sheets.xlsx, sheet: {name}}}\n" for name in ("MNL", "CEB"))
    (folder / "pack.yaml").write_text(f"vendor: v\nevidence:\n  accounts:\n{sources}", "utf-8")
    found = ready(folder, work)
    assert 'sheet CEB, row 2, enabled: found "perhaps"' in readiness.text(found)
    assert next(f.problems for f in found.files if f.kind == "evidence_meta") == ()


def test_rows_that_two_files_hold_are_told(tmp_path: Path, work: Path) -> None:
    folder = started(tmp_path / "desk", {"accounts_1.csv": ACCOUNTS, "accounts_2.csv": ACCOUNTS})
    rows = len(ACCOUNTS.splitlines()) - 1
    assert f"note: accounts: {rows} identical rows counted once" in readiness.text(ready(folder, work))


def test_files_that_pack_yaml_does_not_name_are_said_to_be_what_they_are(tmp_path: Path, work: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    (folder / "visits.csv").write_text("visit_id,in_at,out_at,host_id\n1,2026-10-01T01:00:00Z,,E-1\n", "utf-8")
    (folder / "odd.csv").write_text("Number,Name\n1,2\n", "utf-8")
    (folder / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    (folder / "identity_map.proposed.csv").write_text("employee_id,system,account_id\nE-1,crm,a\n", "utf-8")
    said = readiness.text(ready(folder, work))
    assert "  visits.csv: is visitors; to hand it in, write in pack.yaml under visitors: {file: visits.csv}" in said
    assert "  odd.csv: its header is not one that ctrlkit knows" in said
    assert "  locked.xlsx: is locked with a password; open it, take the password away" in said
    assert "  identity_map.proposed.csv: is a proposal of ctrlkit init; check it, then rename it" in said


def test_the_shipped_sample_is_complete_and_says_that_it_is_a_sample(tmp_path: Path, work: Path) -> None:
    found = ready(tmp_path, work, "bpo-philippines")
    assert found.complete
    assert readiness.text(found).startswith("SAMPLE")
    assert "the pack is complete; next: ctrlkit run" in readiness.text(found)


def test_days_of_a_file_are_local_to_the_site(tmp_path: Path, work: Path) -> None:
    """17:00 UTC is already the next day in Manila."""
    late = "ts,system,account_id,result\n2026-10-31T17:00:00Z,crm,ana,success\n2026-10-05T01:00:00Z,crm,ana,success\n"
    found = ready(started(tmp_path / "desk", {"auth_events.csv": late}), work)
    assert found.files[0].period == "2026-10-05/2026-11-01"


def test_checking_makes_no_engagement_key(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    ready(started(tmp_path / "desk", {"datasets.csv": DATASETS, "mail_rules.csv": MAIL_RULES}), work)
    assert not privacy.config_folder().exists()


def test_the_view_ends_with_one_next_thing_to_do(tmp_path: Path, work: Path) -> None:
    last = readiness.text(ready(started(tmp_path / "desk", THREE), work)).splitlines()[-1]
    assert last.startswith("next: hand over auth_events whole, then ctrlkit check")
