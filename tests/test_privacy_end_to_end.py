"""Privacy from outside: no person of the pack can be named from anything that a run leaves behind or says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import small_vendor
from commands import ctrlkit
from small_vendor import arguments

DEVICES = ("LT-E-003", "LT-E-007")
ADDRESS = "203.0.113.20"
FACTORS = ("f001", "f002")


def planted() -> list[str]:
    """Every identifier of the vendor's people: numbers, accounts, mail addresses, devices, addresses, sessions."""
    people = [*small_vendor.NAMES, *small_vendor.NAMES.values()]
    mails = [f"{name}@harbor.example" for name in small_vendor.NAMES.values()]
    sessions = [row["session_id"] for row in small_vendor.clean()["auth_events"]]
    return [*people, *mails, *DEVICES, ADDRESS, *sessions]


def leaks(text: bytes) -> list[str]:
    low = text.lower()
    return [word for word in planted() if word.lower().encode() in low]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over a vendor with findings of every kind and cells that cannot be read."""
    place = tmp_path_factory.mktemp("privacy")
    tables = small_vendor.clean()
    files = small_vendor.weak()
    roster = [{**row, "status": "left us"} if row["employee_id"] == "E-005" else row for row in tables["roster"]]
    files["roster"] = small_vendor.render(roster)
    register = [{**row, "device_id": "#N/A", "approved_until": "whenever"} for row in tables["wfh_register"]]
    files["wfh_register"] = small_vendor.render(register)
    files["leavers"] = small_vendor.render([{**tables["leavers"][0], "badge_disabled_at": "E-006 kept it"}])
    files["mail_trace"] = small_vendor.render(
        [{**row, "recipient_domain": "gmail.com"} for row in tables["mail_trace"]]
    )
    small_vendor.write(place, files)
    return place


def test_nothing_that_a_run_leaves_or_says_names_a_person(folder: Path) -> None:
    views = ["--junit", str(folder / "v.xml"), "--html", str(folder / "v.html"), "--zip"]
    text = ctrlkit(folder, *arguments(folder, *views, "-v"))
    data = ctrlkit(folder, *arguments(folder, "--format", "json"))
    assert text.code == data.code == 2
    said = {"stdout": text.out, "stderr": text.err, "json": data.out, "json's stderr": data.err}
    found = {name: leaks(words.encode()) for name, words in said.items()}
    found |= {name: leaks((folder / name).read_bytes()) for name in ("v.xml", "v.html")}
    runs = folder / "runs"
    for path in runs.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            found[path.relative_to(runs).as_posix()] = leaks(path.read_bytes())
    assert {name: words for name, words in found.items() if words} == {}


def test_the_problems_in_a_bundle_show_the_shape_of_a_cell_and_not_its_words(folder: Path) -> None:
    answer = ctrlkit(folder, *arguments(folder, "--format", "json"))
    problems = folder / answer.said["bundle"] / "data" / "evidence" / "leavers.problems.ndjson"
    (line,) = [json.loads(line) for line in problems.read_text("utf-8").splitlines()]
    assert (line["file"], line["row"], line["column"]) == ("leavers.csv", 2, "badge_disabled_at")
    assert line["value"] == "a-999 aaaa aa"


def test_the_key_is_nowhere_in_a_bundle(folder: Path) -> None:
    ctrlkit(folder, *arguments(folder))
    secret = small_vendor.KEY.strip().encode()
    for path in (folder / "runs").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret not in content.lower()
            assert bytes.fromhex(secret.decode()) not in content


def test_check_shows_the_vendor_a_cell_it_cannot_read_and_masks_those_of_people(folder: Path) -> None:
    """E-006 stands in a cell that is nobody's name and has to be found there; no one else is shown."""
    words: list[str | Path] = [
        "check",
        folder / "vendor",
        "--profile",
        "bpo-philippines",
        "--engagement",
        folder / "engagement.yaml",
    ]
    for form in ("text", "json"):
        answer = ctrlkit(folder, *words, "--format", form)
        assert answer.code == 2
        assert set(leaks((answer.out + answer.err).encode())) <= {"E-006"}


def test_only_columns_that_a_selected_control_reads_are_carried(folder: Path) -> None:
    ctrlkit(folder, *arguments(folder, "--select", "EML-06", "--out", str(folder / "one")))
    (carried,) = (folder / "one").rglob("data/evidence/*.csv")
    assert carried.name == "mail_rules.csv"
    (bundle,) = (p for p in (folder / "one").iterdir() if p.is_dir())
    ctrlkit(folder, *arguments(folder, "--select", "REM-01", "--out", str(folder / "two")))
    (head,) = {p.read_text("utf-8").splitlines()[0] for p in (folder / "two").rglob("data/evidence/roster.csv")}
    assert "hire_date" not in head
    assert bundle.is_dir()


def test_another_key_gives_other_pseudonyms_and_the_same_verdicts(folder: Path) -> None:
    (folder / "other.key").write_text("c3" * 32, "ascii")
    one = ctrlkit(folder, *arguments(folder, "--format", "json"))
    two = ctrlkit(folder, *arguments(folder, "--format", "json", "--engagement-key", str(folder / "other.key")))
    assert one.verdicts == two.verdicts
    keys = [{f["key"] for r in a.results.values() for f in r["findings"]} for a in (one, two)]
    assert not keys[0] & keys[1]


def test_clear_copies_are_added_only_where_asked_for(folder: Path) -> None:
    answer = ctrlkit(
        folder, *arguments(folder, "--privacy", "clear", "--out", str(folder / "clear"), "--format", "json")
    )
    bundle = folder / answer.said["bundle"]
    named = [p for p in bundle.rglob("*") if p.is_file() and leaks(p.read_bytes())]
    assert named
    assert not [p.name for p in named if "results" in p.relative_to(bundle).parts]
