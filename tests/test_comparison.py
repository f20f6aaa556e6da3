"""From one bundle to the next: what got better or worse, by finding key, and the gate that closes on worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit
from runs import findings, result

from ctrlkit.comparison import BETTER, GONE, NEW, SAME, WORSE, Book, compare
from ctrlkit.model import Result, Verdict


def run_of(folder: Path, name: str, *more: str, **hurt: bytes) -> str:
    """The bundle of a run over the small vendor, some of its files replaced; all under one key."""
    place = folder / name
    small_vendor.write(place, dict(hurt))
    answer = ctrlkit(place, *small_vendor.arguments(place, "--format", "json", *more))
    return str(place / answer.said["bundle"])


def accounts(**changes: str) -> bytes:
    rows = small_vendor.clean()["accounts"]
    people = [row for row in rows if row["account_type"] == "person" and row["enabled"] == "true"]
    for row in people[:2]:
        row.update(changes)
    return small_vendor.render(rows)


def diff(folder: Path, one: str, two: str, *more: str) -> Answer:
    return ctrlkit(folder, "diff", one, two, *more)


def test_what_was_mended_is_told_with_its_numbers_and_the_gate_stays_open(tmp_path: Path) -> None:
    october = run_of(tmp_path, "october", accounts=accounts(mfa_enrolled="false", mfa_method=""))
    november = run_of(tmp_path, "november")
    answer = diff(tmp_path, october, november)
    assert answer.code == 0, answer.err
    assert (
        "  MFA-01 Second factor enrolled for everyone: failed → passed, 2 → 0 findings; because: evidence (accounts)"
        in answer.out
    )
    assert answer.out.splitlines()[1].startswith("0 worse · 0 gone · 0 new · ")
    assert answer.out.endswith("nothing got worse\n")


def test_what_got_worse_closes_the_gate_and_names_the_new_findings(tmp_path: Path) -> None:
    october = run_of(tmp_path, "october")
    november = run_of(tmp_path, "november", accounts=accounts(mfa_enrolled="false", mfa_method=""))
    answer = diff(tmp_path, october, november, "--format", "json")
    assert (answer.code, answer.said["regression"]) == (1, True)
    (change,) = [c for c in answer.said["changes"] if c["control"] == "MFA-01"]
    assert (change["change"], change["before"], change["after"]) == ("worse", "passed", "failed")
    assert (change["findings_after"], len(change["new"])) == (2, 2)
    text = diff(tmp_path, october, november, "--format", "markdown")
    assert "### Worse\n\n- MFA-01" in text.out


def test_the_same_bundle_differs_in_nothing(tmp_path: Path) -> None:
    one = run_of(tmp_path, "october")
    answer = diff(tmp_path, one, one, "--format", "json")
    assert (answer.code, answer.said["changes"]) == (0, [])
    assert answer.said["counts"]["same"] == len(small_vendor.DECIDED)


def test_a_stricter_profile_and_a_later_instant_are_named_as_what_differs(tmp_path: Path) -> None:
    one = run_of(tmp_path, "october")
    own = tmp_path / "strict.yaml"
    own.write_text(
        "name: strict\ntitle: Strict\nextends: [bpo-philippines]\nparams: {REM-01: {approval_valid: 1}}\n", "utf-8"
    )
    place = tmp_path / "october"
    words = small_vendor.arguments(place, "--format", "json", "--select", "REM-01,MFA-01", profile=str(own))
    words[words.index("--as-of") + 1] = "2026-11-03T09:00:00+08:00"
    two = str(place / ctrlkit(place, *words).said["bundle"])
    answer = diff(tmp_path, one, two, "--format", "json")
    changes = {c["control"]: c for c in answer.said["changes"]}
    assert changes["REM-01"]["because"] == ["parameter (approval_valid)", "profile", "as-of"]
    assert (changes["LOG-01"]["change"], changes["LOG-01"]["regression"]) == ("gone", False)


def test_bundles_of_two_keys_or_two_vendors_are_not_compared(tmp_path: Path) -> None:
    one = run_of(tmp_path, "october")
    place = tmp_path / "other"
    small_vendor.write(place)
    (place / "engagement.key").write_text("a5" * 32 + "\n", "ascii")
    two = str(place / ctrlkit(place, *small_vendor.arguments(place, "--format", "json")).said["bundle"])
    answer = diff(tmp_path, one, two)
    assert (answer.code, "two engagement keys" in answer.err) == (3, True)


def test_a_bundle_that_was_touched_is_refused(tmp_path: Path) -> None:
    one = run_of(tmp_path, "october")
    path = Path(one) / "data" / "results" / "results.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"passed"', b'"failed"', 1))
    assert diff(tmp_path, one, one).code == 3


def held(*results: Result, select: tuple[str, ...] = ("A-01",)) -> Book:
    told = {"vendor": "v", "select": select, "as_of": "2026-11-02T00:00:00Z", "ctrlkit": "1", "distributions": {}}
    return Book({**told, "code": {}, "period": "a/b"}, {(r.control, r.subject): r for r in results}, {})


@pytest.mark.parametrize(
    ("before", "after", "what", "regression"),
    [
        (Verdict.PASSED, Verdict.FAILED, WORSE, True),
        (Verdict.PASSED, Verdict.INCONCLUSIVE, WORSE, True),
        (Verdict.FAILED, Verdict.INCONCLUSIVE, WORSE, True),
        (Verdict.FAILED, Verdict.ERROR, WORSE, True),
        (Verdict.WAIVED, Verdict.FAILED, WORSE, True),
        (Verdict.INCONCLUSIVE, Verdict.FAILED, BETTER, False),
        (Verdict.FAILED, Verdict.WAIVED, BETTER, False),
        (Verdict.INCONCLUSIVE, Verdict.ERROR, SAME, False),
        (Verdict.PASSED, Verdict.NOT_APPLICABLE, GONE, False),
        (Verdict.NOT_APPLICABLE, Verdict.FAILED, NEW, False),
        (Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE, SAME, False),
    ],
)
def test_every_step_from_one_verdict_to_another_has_its_name(
    before: Verdict, after: Verdict, what: str, regression: bool
) -> None:
    (change,) = compare(held(result("A-01", before)), held(result("A-01", after)), {})
    assert (change.what, change.regression) == (what, regression)


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.WAIVED, Verdict.FAILED])
def test_a_verdict_on_less_than_before_is_a_step_back(verdict: Verdict) -> None:
    less = result("A-01", Verdict.PASSED, reason="only the smaller claim was decided: half of it")
    (change,) = compare(held(result("A-01", verdict)), held(less), {})
    assert (change.what, change.regression, "smaller claim" in change.because) == (WORSE, True, True)
    (change,) = compare(held(less), held(result("A-01", Verdict.PASSED)), {})
    assert (change.regression, "smaller claim" in change.because) == (False, True)


def test_a_line_that_nobody_judges_any_more_closes_the_gate_unless_the_client_dropped_the_control() -> None:
    host = result("A-01", Verdict.PASSED, subject="host:a")
    (change,) = compare(held(host), held(), {})
    assert (change.what, change.regression) == (GONE, True)
    (change,) = compare(held(host), held(select=()), {})
    assert (change.what, change.regression) == (GONE, False)


def test_new_findings_are_worse_even_where_more_are_gone() -> None:
    many, other = findings(9), findings(1, file="other.csv")
    fresh = tuple(f.__class__(**{**{n: getattr(f, n) for n in f.__slots__}, "key": "f" * 32}) for f in other)
    (change,) = compare(
        held(result("A-01", Verdict.FAILED, findings=many)), held(result("A-01", Verdict.FAILED, findings=fresh)), {}
    )
    assert (change.what, len(change.fresh), len(change.gone)) == (WORSE, 1, 9)
    (change,) = compare(
        held(result("A-01", Verdict.FAILED, findings=many)),
        held(result("A-01", Verdict.FAILED, findings=many[:3])),
        {},
    )
    assert (change.what, len(change.gone)) == (BETTER, 6)


def test_the_comparison_is_plain_json(tmp_path: Path) -> None:
    one = run_of(tmp_path, "october")
    assert set(json.loads(diff(tmp_path, one, one, "--format", "json").out)) == {"regression", "counts", "changes"}
