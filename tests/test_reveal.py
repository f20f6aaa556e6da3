"""Names back: who holds key and originals sees whom each finding is about; nobody else, and never in a bundle."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import custody_desk
import fastexcel
import pytest
import small_vendor
from commands import Answer, ctrlkit


@pytest.fixture(scope="module")
def judged(custody: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The desk with a list of what is to be fixed."""
    folder = custody_desk.copied(custody, tmp_path_factory.mktemp("reveal") / "desk")
    assert reveal(folder).code == 0
    return folder


@pytest.fixture
def desk(custody: Path, tmp_path: Path) -> Path:
    return custody_desk.copied(custody, tmp_path / "desk")


def reveal(desk: Path, key: str = "engagement.key", out: str = "fix", bundle: str = "runs/latest") -> Answer:
    both = ["--with", "vendor", "--with", "client"]
    return ctrlkit(desk, "reveal", bundle, "--engagement-key", key, "--out", out, *both)


def rows(path: Path, sheet: str = "to fix") -> list[dict[str, Any]]:
    return list(fastexcel.read_excel(path).load_sheet(sheet, dtypes="string").to_polars().iter_rows(named=True))


def test_each_finding_names_who_it_is_about_and_where_it_stands(judged: Path) -> None:
    found = rows(judged / "fix" / "to-fix.xlsx")
    assert {c: sum(r["control"] == c for r in found) for c in custody_desk.FOUND} == custody_desk.FOUND
    told = {(r["control"], r["who"], r["file"], r["row"]) for r in found}
    name = small_vendor.NAMES
    assert {t for t in told if t[0] == "SCR-03"} == {
        ("SCR-03", "employee_id: e-005", "screening.csv", "3"),
        ("SCR-03", "employee_id: e-003", "screening.csv", "4"),
    }
    (factor,) = (r for r in found if r["control"] == "MFA-01")
    assert factor["who"] == f"account_id: {name['E-004']}; employee_id: e-004"
    original = (judged / "vendor" / "accounts.csv").read_text("utf-8").splitlines()
    assert name["E-004"] in original[int(factor["row"]) - 1]
    (rule,) = (r for r in found if r["control"] == "EML-06")
    assert rule["who"] == f"mailbox: {name['E-004']}@harbor.example"
    assert not [r for r in found if "p_" in r["who"] + r["what"] + (r["details"] or "")]


def test_a_finding_says_its_remedy_its_law_and_until_when(judged: Path) -> None:
    found = rows(judged / "fix" / "to-fix.xlsx")
    assert all(r["remedy"] and r["title"] and r["law or clause"] and r["key"] for r in found)
    assert [r["due"] for r in found] == sorted(r["due"] for r in found)
    assert {(r["severity"], r["opened"][:10], r["due"][:10]) for r in found} == {
        ("critical", "2026-11-02", "2026-11-09"),
        ("high", "2026-11-02", "2026-12-02"),
        ("medium", "2026-11-02", "2027-01-31"),
    }
    (rule,) = (r["this list"] for r in rows(judged / "fix" / "to-fix.xlsx", "about") if r["about"] == "due")
    assert "critical 7 days, high 30 days, medium 90 days, low 90 days (GOV-04 under the profile" in rule


def test_the_list_is_for_its_owner_alone(judged: Path) -> None:
    mode = stat.S_IMODE((judged / "fix" / "to-fix.xlsx").stat().st_mode)
    assert mode == (0o600 if os.name == "posix" else 0o666)


def test_another_key_is_refused_with_its_name(desk: Path) -> None:
    (desk / "other.key").write_text("c3" * 32, "ascii")
    answer = reveal(desk, key="other.key")
    assert answer.code == 3
    assert "other.key: is engagement key" in answer.err
    assert "commitments do not match" in answer.err
    assert not (desk / "fix").exists()


def test_without_a_key_it_says_where_one_is_looked_for_and_makes_none(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.delenv("CTRLKIT_ENGAGEMENT_KEY", raising=False)
    words = ("reveal", "runs/latest", "--with", "vendor", "--out", "fix")
    answer = ctrlkit(desk, *words)
    assert (answer.code, "is not here; expected it under --engagement-key" in answer.err) == (3, True)
    assert not (tmp_path / "config").exists()
    kept = tmp_path / "config" / "ctrlkit" / "keys"
    kept.mkdir(parents=True)
    (kept / "some.key").write_text(small_vendor.KEY, "ascii")
    assert ctrlkit(desk, *words).code == 0
    (desk / "fix" / "to-fix.xlsx").unlink()
    monkeypatch.setenv("CTRLKIT_ENGAGEMENT_KEY", "c3" * 32)
    assert "CTRLKIT_ENGAGEMENT_KEY: is engagement key" in ctrlkit(desk, *words).err


def test_no_name_goes_into_a_bundle(desk: Path) -> None:
    bundle = f"runs/{(desk / 'runs' / 'latest').read_text('ascii').strip()}"
    for out in (bundle, f"{bundle}/data/results"):
        answer = reveal(desk, out=out)
        assert (answer.code, "lies inside the bundle" in answer.err) == (3, True), answer.err
    assert ctrlkit(desk, "verify", "runs/latest").code == 0


def test_a_list_with_notes_in_it_is_never_overwritten(desk: Path) -> None:
    reveal(desk)
    (desk / "fix" / "to-fix.xlsx").write_bytes(b"notes")
    answer = reveal(desk)
    assert (answer.code, "is there already" in answer.err) == (3, True)
    assert (desk / "fix" / "to-fix.xlsx").read_bytes() == b"notes"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.unlink(), "mail_rules.csv (vendor, mail_rules) is not there"),
        (lambda f: f.write_bytes(f.read_bytes() + b"\n"), "mail_rules.csv (vendor, mail_rules) is another file than"),
    ],
)
def test_an_original_that_is_gone_or_changed_is_named(desk: Path, spoil: Any, said: str) -> None:
    spoil(desk / "vendor" / "mail_rules.csv")
    answer = reveal(desk)
    assert (answer.code, said in answer.err) == (3, True), answer.err


def test_an_original_that_no_finding_points_at_is_not_asked_for(desk: Path) -> None:
    (desk / "vendor" / "mail_trace.csv").unlink(missing_ok=True)
    assert reveal(desk).code == 0


def test_without_originals_it_says_what_is_needed(desk: Path) -> None:
    words = ("reveal", "runs/latest", "--engagement-key", "engagement.key", "--out", "fix")
    answer = ctrlkit(desk, *words)
    assert (answer.code, "the originals are needed, and no pack is here" in answer.err) == (3, True)
    (desk / "vendor").rename(desk / "evidence")
    assert ctrlkit(desk, *words).code == 0


def test_a_handover_has_nothing_to_fix_yet(desk: Path) -> None:
    answer = reveal(desk, bundle="handed/latest")
    assert (answer.code, "which holds no verdicts" in answer.err) == (3, True)


def test_a_finding_is_due_from_the_day_it_was_opened_within_what_the_profile_allows(desk: Path) -> None:
    own = "name: own\ntitle: Own\nextends: [bpo-philippines]\nparams: {GOV-04: {critical_days: 3}}\n"
    (desk / "own.yaml").write_text(own, "utf-8")
    first = (desk / "runs" / "latest").read_text("ascii").strip()
    words = small_vendor.arguments(desk, "--select", "MFA-01,GOV-04", profile=str(desk / "own.yaml"))
    ctrlkit(desk, *words, "--previous", f"runs/{first}", "--as-of", "2026-11-20")
    assert "critical 3 days, high 30 days" in reveal(desk).out
    found = {r["control"]: r for r in rows(desk / "fix" / "to-fix.xlsx")}
    assert (found["MFA-01"]["opened"][:10], found["MFA-01"]["due"][:10]) == ("2026-11-02", "2026-11-05")
    gov = found["GOV-04"]
    assert (gov["opened"][:10], gov["due"][:10]) == ("2026-11-20", "2026-11-23")


def test_nothing_in_the_list_of_results_changed(desk: Path) -> None:
    """Who reveals reads the bundle and writes beside it: it stays whole, and holds no name."""
    bundle = desk / "runs" / (desk / "runs" / "latest").read_text("ascii").strip()
    before = {p: p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    reveal(desk)
    assert {p: p.read_bytes() for p in bundle.rglob("*") if p.is_file()} == before
    assert json.loads((bundle / "data" / "run.json").read_text("utf-8"))["exit"] == 1
