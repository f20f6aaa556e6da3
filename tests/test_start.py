from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from desks import ACCOUNTS, NOW, THREE, started, write

from ctrlkit import case, engagement, pack, start, stock
from ctrlkit.document import load
from ctrlkit.errors import InputError
from ctrlkit.kind import shipped
from ctrlkit.recipe import SERVICES, recipe
from ctrlkit.recognition import look
from ctrlkit.start import Started, begin
from ctrlkit.strict_yaml import read

ENTRA = "Date (UTC),Request ID,User,Username,Application,Client app,Status,IP address,Location\n"
ENTRA += '2026-10-05T01:00:00Z,1,Ana,ana@desk.example,CRM,Browser,Success,203.0.113.9,"Manila, PH"\n'


def begun(folder: Path, vendor: str | None = None, ci: str | None = None, profile: str = "bpo-philippines") -> Started:
    shelf = stock.take(folder)
    return begin(folder, shelf, now=NOW, version="0.1.0", vendor=vendor, ci=ci, profile_name=profile)


def evidence(folder: Path) -> dict[str, str]:
    return {source.file: source.kind for source in pack.load(folder, shipped()).sources}


def test_a_new_folder_gets_everything_that_a_run_needs(tmp_path: Path) -> None:
    made = begun(tmp_path / "desk").made
    assert made == (".gitignore", "ctrlkit.toml", "engagement.yaml", "evidence/pack.yaml", "profiles/desk.yaml")


def test_what_is_written_is_read_again_without_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    begun(folder, 'Example "Contact" Services: Inc. #1')
    ready = case.prepare(case.Request(cwd=folder, now=NOW))
    assert ready.engagement.vendor == ready.packs[0].vendor == 'Example "Contact" Services: Inc. #1'
    assert ready.profile.name == "example-contact-services-inc-1"
    assert ready.engagement.self_check
    assert not ready.sample


def test_the_self_check_is_about_the_last_full_month(tmp_path: Path) -> None:
    begun(tmp_path / "desk")
    terms = engagement.load(tmp_path / "desk/engagement.yaml")
    assert (str(terms.period.start), str(terms.period.end)) == ("2026-10-01", "2026-10-31")
    assert (terms.id, terms.issued_by, terms.country, terms.time_zone) == (
        "self-check-desk", "vendor", "PH", "Asia/Manila"
    )  # fmt: skip


def test_the_country_is_that_of_the_profile(tmp_path: Path) -> None:
    begun(tmp_path / "desk", profile="bpo-india")
    terms = engagement.load(tmp_path / "desk/engagement.yaml")
    assert (terms.country, terms.time_zone) == ("IN", "Asia/Kolkata")


def test_canonical_files_in_the_folder_itself_make_it_the_pack(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    assert evidence(folder) == {"accounts.csv": "accounts", "datasets.csv": "datasets", "mail_rules.csv": "mail_rules"}
    assert not (folder / "evidence").exists()


def test_files_in_evidence_and_its_folders_are_found_there(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", {"evidence/crm/users.csv": ACCOUNTS, "evidence/SignIns.csv": ENTRA})
    assert evidence(folder / "evidence") == {"SignIns.csv": "auth_events", "crm/users.csv": "accounts"}
    data = load(folder / "evidence/pack.yaml", "pack").data
    assert data["evidence"]["auth_events"] == [{"file": "SignIns.csv", "adapter": "entra_sign_ins"}]


def test_the_moment_of_init_is_said_to_be_that_of_the_exports(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    assert "exported_at: 2026-11-02T09:00:00+08:00  # when you exported" in (folder / "pack.yaml").read_text("utf-8")
    assert "exported_at" not in load(started(tmp_path / "bare", {}) / "evidence/pack.yaml", "pack").data


def test_a_strange_file_becomes_a_question_with_its_header(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", {"evidence/people.csv": "Emp No,Full Name,Status\nE-1,Ana Cruz,Regular\n"})
    text = (folder / "evidence/pack.yaml").read_text("utf-8")
    assert "# people.csv: its header is not one that ctrlkit knows" in text
    assert "#   its header: Emp No | Full Name | Status" in text
    assert "Ana Cruz" not in text


@pytest.mark.parametrize(
    "first",
    [
        "Ana Cruz,ana@desk.example",
        "Ana Cruz,09171234567",
        "Ana Cruz,2026-10-01",
        "Ana Cruz,Ana Cruz",
        "Ana Cruz,Agent,Manila",
    ],
)
def test_a_first_row_that_is_no_header_is_never_copied(tmp_path: Path, first: str) -> None:
    folder = started(tmp_path / "desk", {"evidence/people.csv": f"{first}\nBen,x\n"})
    assert "Ana" not in (folder / "evidence/pack.yaml").read_text("utf-8")


def test_the_client_s_own_pack_inside_the_folder_is_left_alone(tmp_path: Path) -> None:
    files = {"evidence/client/pack.yaml": "vendor: desk\nparty: client\n", "evidence/client/accounts.csv": ACCOUNTS}
    assert evidence(started(tmp_path / "desk", files) / "evidence") == {}


def test_a_name_cannot_break_out_of_a_comment(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", {"evidence/a.csv": '"x\nvendor: someone else",Name\n1,2\n'})
    text = (folder / "evidence/pack.yaml").read_text("utf-8")
    assert read(text.encode(), "pack.yaml")[0]["vendor"] == "desk"


def test_what_the_controls_still_want_is_listed(tmp_path: Path) -> None:
    text = (started(tmp_path / "desk", THREE) / "pack.yaml").read_text("utf-8")
    assert "# timesheets (employee_id, work_date, clock_in, clock_out" in text
    assert "\n# accounts (" not in text


def test_a_file_that_is_there_is_kept_and_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "desk", {".gitignore": "mine\n", "ctrlkit.toml": "# mine\n"})
    done = begun(folder)
    assert done.kept == (".gitignore", "ctrlkit.toml")
    assert (folder / ".gitignore").read_text("utf-8") == "mine\n"
    assert "/evidence/*" in " ".join(done.said)


def test_starting_twice_changes_nothing(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = begun(folder)
    assert done.made == ()
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_an_engagement_that_is_there_names_the_vendor(tmp_path: Path) -> None:
    theirs = (
        "id: n-1\nissued_by: client\nvendor: Example Desk\ncountry: PH\nperiod: {start: 2026-10-01, end: 2026-10-31}\n"
    )
    folder = write(tmp_path / "desk", {"engagement.yaml": theirs})
    begun(folder)
    assert case.prepare(case.Request(cwd=folder, now=NOW)).packs[0].vendor == "Example Desk"


def test_a_profile_never_takes_the_name_of_a_shipped_one(tmp_path: Path) -> None:
    assert "profiles/bpo-india-desk.yaml" in begun(tmp_path / "desk", "BPO India").made


def test_the_marker_is_what_makes_the_own_profile_count(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", THREE)
    assert [name for name, _ in stock.take(folder).own] == ["profiles/desk.yaml"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_recipe_is_written_only_for_the_service_asked_for(tmp_path: Path, service: str) -> None:
    file, text = recipe(service, "0.1.0", "desk")
    assert file in begun(tmp_path / "desk", ci=service).made
    assert "--profile desk" in (tmp_path / "desk" / file).read_text("utf-8")
    assert "ctrlkit==0.1.0" in text
    if service != "jenkins":
        import yaml

        assert yaml.safe_load(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"profile": "bpo-phillipines"}, 'did you mean "bpo-philippines"?'),
        ({"profile": "../mine.yaml"}, "expected the name of a profile"),
        ({"ci": "gitlub"}, "expected one of github, gitlab, azure, jenkins"),
    ],
)
def test_a_wrong_option_is_said_before_anything_is_written(tmp_path: Path, words: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        begun(tmp_path / "desk", **words)
    assert said in str(error.value)
    assert not (tmp_path / "desk").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("x", "utf-8")
    with pytest.raises(InputError, match="is no folder"):
        begun(tmp_path / "desk")


def test_nothing_that_holds_people_is_left_to_git(tmp_path: Path) -> None:
    folder = started(tmp_path / "desk", {"evidence/accounts.csv": ACCOUNTS})
    ignored = (folder / ".gitignore").read_text("utf-8").splitlines()
    assert {"/evidence/*", "!/evidence/pack.yaml", "/runs/", "/hosts/", "*.key"} <= set(ignored)
    assert "/*.csv" in (started(tmp_path / "flat", THREE) / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", "", "is empty (0 bytes)"),
        ("a.xlsx", "<html></html>", "is not XLSX"),
        ("a.csv", "<!doctype html>", "is a web page"),
        ("a.pdf", "%PDF-1.7", "files named .pdf are not read"),
        ("a.csv", "employee_id,system,account_id\nE-1,crm,a\n", "its header is not one"),
    ],
)
def test_a_file_that_is_no_evidence_is_listed_with_the_reason(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    known, unknown = look(tmp_path, {k: v for k, v in shipped().items() if k == "accounts"}, (), deep=True)
    assert known == ()
    assert why in unknown[0].why


def test_a_file_s_own_name_decides_between_kinds_that_its_header_fits(tmp_path: Path) -> None:
    """The three columns of an identity map are also columns of accounts."""
    write(tmp_path, {"identity_map_october.csv": "employee_id,system,account_id\nE-1,crm,ana\n"})
    known, _ = look(tmp_path, shipped(), (), deep=True)
    assert [(r.file, r.kind) for r in known] == [("identity_map_october.csv", "identity_map")]


def test_a_key_is_written_for_its_owner_only(tmp_path: Path) -> None:
    said = start.keygen("engagement", tmp_path / "northwind.2026")
    path = tmp_path / "northwind.2026.key"
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(path.read_text("ascii"))) == 32
    assert said.splitlines()[-1] == f"next: ctrlkit run --engagement-key {path}"


@pytest.mark.parametrize(
    ("kind", "stem", "said"),
    [
        ("sign", "there", "a key is never overwritten"),
        ("engagment", "new", 'did you mean "engagement"?'),
        ("engagement", "there", "a key is never overwritten"),
        ("engagement", "no/such/folder/new", "cannot be written"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(tmp_path: Path, kind: str, stem: str, said: str) -> None:
    (tmp_path / "there.key").write_text("x", "utf-8")
    with pytest.raises(InputError) as error:
        start.keygen(kind, tmp_path / stem)
    assert said in str(error.value)
    assert (tmp_path / "there.key").read_text("utf-8") == "x"


def ctrlkit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctrlkit", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_init_then_check_then_run_decides_what_three_files_suffice_for(tmp_path: Path) -> None:
    """Nothing answered: decided verdicts for four controls, missing with what to hand over for the others."""
    write(tmp_path / "desk", THREE)
    init = ctrlkit(tmp_path, "init", "desk")
    assert (init.returncode, init.stdout.splitlines()[-1]) == (0, "next: cd desk, then ctrlkit run")
    check = ctrlkit(tmp_path / "desk", "check", "--format", "json")
    assert check.returncode == 2
    run = ctrlkit(tmp_path / "desk", "run", "--format", "json")
    assert run.returncode == 2, run.stderr
    verdicts = {result["control"]: (result["verdict"], result["cause"]) for result in json.loads(run.stdout)["results"]}
    decided = {control for control, (verdict, _) in verdicts.items() if verdict in ("passed", "failed")}
    assert decided == set(json.loads(check.stdout)["controls"]["decidable"]) == {"EML-06", "MFA-01", "MFA-03", "RET-01"}
    assert {verdicts[control] for control in set(verdicts) - decided} == {("inconclusive", "missing")}
