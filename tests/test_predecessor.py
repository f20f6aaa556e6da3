"""What earlier bundles found is followed up by this run, and not by the vendor's own list of fixes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit
from runs import findings, result

from ctrlkit.model import Verdict
from ctrlkit.predecessor import Look, evidence, look_of

FIRST, SECOND, THIRD = (f"2026-11-{day}T09:00:00+08:00" for day in ("02", "20", "21"))


def look(day: str, *keys: str, control: str = "MFA-01", decided: bool = True) -> Look:
    held = {(control, "organisation"): keys} if decided else {}
    return Look(date.fromisoformat(day), f"run-of-{day}", held, {control: "critical"})


def followed(folder: Path, *looks: Look) -> list[dict[str, str]]:
    *before, now = looks
    made = evidence(before, now, "2026-12-01T00:00:00Z", folder)
    assert made.csv is not None
    return list(csv.DictReader(io.StringIO(made.csv.read_text("utf-8"))))


def told(rows: list[dict[str, str]]) -> list[tuple[str, str, str, str]]:
    return [(r["finding_id"], r["opened_on"], r["closed_on"], r["repeat_of"]) for r in rows]


def test_a_finding_is_opened_by_the_first_bundle_and_closed_by_the_first_without_it(tmp_path: Path) -> None:
    rows = followed(tmp_path, look("2026-09-01", "a", "b"), look("2026-10-01", "b", "c"), look("2026-11-01", "c"))
    assert told(rows) == [
        ("a", "2026-09-01", "2026-10-01", ""),
        ("b", "2026-09-01", "2026-11-01", ""),
        ("c", "2026-10-01", "", ""),
    ]
    assert [r["verified_by_retest_on"] for r in rows] == ["2026-10-01", "2026-11-01", ""]


def test_what_was_not_decided_closes_nothing(tmp_path: Path) -> None:
    rows = followed(tmp_path, look("2026-09-01", "a"), look("2026-10-01", decided=False), look("2026-11-01", "a"))
    assert told(rows) == [("a", "2026-09-01", "", "")]


def test_a_smaller_claim_closes_only_what_was_found_under_it(tmp_path: Path) -> None:
    """Else a column left out would mend what only that column shows."""
    where = ("MFA-01", "organisation")
    whole, less = look("2026-09-01", "a"), replace(look("2026-10-01", "b"), narrowed=frozenset({where}))
    later = replace(look("2026-11-01"), narrowed=frozenset({where}))
    assert told(followed(tmp_path, whole, less, later)) == [
        ("a", "2026-09-01", "", ""),
        ("b", "2026-10-01", "2026-11-01", ""),
    ]
    smaller = result("MFA-01", Verdict.PASSED, reason="only the smaller claim was decided: factors of a few")
    assert look_of([smaller, result("MFA-02", Verdict.PASSED)], date(2026, 10, 1), "run").narrowed == {where}


def test_what_comes_back_is_a_repeat(tmp_path: Path) -> None:
    rows = followed(tmp_path, look("2026-09-01", "a"), look("2026-10-01"), look("2026-11-01", "a"), look("2026-12-01"))
    assert told(rows) == [
        ("a", "2026-09-01", "2026-10-01", ""),
        ("a#2026-11-01", "2026-11-01", "2026-12-01", "a"),
    ]


def test_the_notes_tell_the_baseline_and_what_is_open_now(tmp_path: Path) -> None:
    made = evidence([look("2026-09-01", "a", "b")], look("2026-11-01", "b"), "2026-11-01T00:00:00Z", tmp_path)
    assert "2 findings in the baseline of 2026-09-01, 1 of all that were found are open now" in made.notes
    assert made.party == "client"


def test_accepted_exceptions_are_not_followed_up() -> None:
    told_ = look_of(
        (
            result("A-01", Verdict.WAIVED, findings=findings(2)),
            result("B-01", Verdict.FAILED, findings=findings(1)),
            result("C-01", Verdict.INCONCLUSIVE),
        ),
        date(2026, 10, 1),
        "x",
    )
    assert {control: len(keys) for (control, _), keys in told_.keys.items()} == {"A-01": 0, "B-01": 1}


CONTROLS = "MFA-01,GOV-04"


def bare(rows: int) -> bytes:
    table = small_vendor.clean()["accounts"]
    people = [r for r in table if r["account_type"] == "person" and r["enabled"] == "true"]
    for row in people[:rows]:
        row |= {"mfa_enrolled": "false", "mfa_method": ""}
    return small_vendor.render(table)


def run_of(folder: Path, name: str, as_of: str, hurt: int, *more: str) -> Answer:
    place = folder / name
    exported = {k: as_of.replace("T09", "T08") for k in small_vendor.clean()}
    small_vendor.write(place, {"accounts": bare(hurt)}, exported)
    words = small_vendor.arguments(place, "--format", "json", "--select", CONTROLS, *more)
    words[words.index("--as-of") + 1] = as_of
    return ctrlkit(place, *words)


def test_gov_04_follows_up_what_an_earlier_bundle_found(tmp_path: Path) -> None:
    """Three accounts were bare; after 18 days two still are and one was mended late: critical ones have seven days."""
    first = run_of(tmp_path, "october", FIRST, 3)
    assert first.results["GOV-04"]["cause"] == "missing"
    bundle = tmp_path / "october" / first.said["bundle"]
    second = run_of(tmp_path, "november", SECOND, 2, "--previous", str(bundle))
    result_ = second.results["GOV-04"]
    assert (result_["verdict"], len(result_["findings"]), result_["grade"]) == ("failed", 3, "client"), result_
    assert all(f["sources"][0]["file"] == bundle.name for f in result_["findings"])
    notes = [note["message"] for note in result_["notes"]]
    assert any("3 findings in the baseline of 2026-11-02, 2 of all that were found are open now" in n for n in notes)
    again = tmp_path / "november" / second.said["bundle"]
    assert ctrlkit(tmp_path, "replay", again).code == 0
    mended = run_of(tmp_path, "later", THIRD, 0, "--previous", str(bundle))
    assert mended.results["GOV-04"]["population"] == 3


@pytest.mark.parametrize(
    ("as_of", "said"),
    [(FIRST, "which is not before 2026-11-02"), ("2026-11-01T12:00:00+08:00", "not before 2026-11-01")],
)
def test_a_bundle_that_is_not_earlier_is_refused(tmp_path: Path, as_of: str, said: str) -> None:
    first = run_of(tmp_path, "october", FIRST, 1)
    bundle = tmp_path / "october" / first.said["bundle"]
    answer = run_of(tmp_path, "again", as_of, 1, "--previous", str(bundle))
    assert (answer.code, said in answer.err) == (3, True), answer.err
