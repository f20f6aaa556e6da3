"""The books: one result per line, never green over what could not be read, and the exit code from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from assembled import AS_OF, engagement
from runs import control, findings, result
from test_plan import check, handed

from ctrlkit import books
from ctrlkit.model import Cause, Fault, Finding, Result, Severity, Verdict
from ctrlkit.outcome import Outcome
from ctrlkit.plan import Handed, Line
from ctrlkit.waiver import Attestation, Waiver

CHECK = check(accounts="enabled")
LINE = Line(control("TST-01", checks=(CHECK,)), "organisation", {}, CHECK, {"accounts": ("enabled",)})
PASSED = Outcome("passed", None, "", 5, 0)
FAILED = Outcome("failed", None, "1 of 5", 5, 1, (Finding("k1", "wrong"),))
EMPTY = Outcome("inconclusive", Cause.EMPTY, "no row", 0, 0)
UNDECIDED = Outcome("inconclusive", Cause.UNDECIDED, "1 of 5 cannot be decided", 5, 0, undecided=1)


def closed(
    outcome: Outcome | None,
    there: Handed | None = None,
    line: Line = LINE,
    waivers: tuple[Waiver, ...] = (),
    attestations: tuple[Attestation, ...] = (),
    **terms: Any,
) -> Result:
    outcomes = {} if outcome is None else {0: outcome}
    kinds = {"accounts": there or handed("accounts")}
    (found,) = books.close([line], outcomes, kinds, engagement(**terms), AS_OF, waivers, attestations, ["TST-01"])
    return found


def test_an_outcome_becomes_its_verdict() -> None:
    assert closed(PASSED).verdict is Verdict.PASSED
    assert closed(FAILED).findings == FAILED.findings
    assert (closed(UNDECIDED).verdict, closed(UNDECIDED).cause) == (Verdict.INCONCLUSIVE, Cause.UNDECIDED)
    crashed = closed(Outcome("error", Cause.CRASHED, "boom"))
    assert (crashed.verdict, crashed.cause, crashed.reason) == (Verdict.ERROR, Cause.CRASHED, "boom")


def test_a_line_without_outcome_did_not_run() -> None:
    assert (closed(None).verdict, closed(None).cause) == (Verdict.ERROR, Cause.DID_NOT_RUN)


def test_bad_rows_are_never_green() -> None:
    """Nor not applicable: any of them may be the exception, or the population."""
    bad = handed("accounts", bad_rows=2)
    assert (closed(PASSED, bad).verdict, closed(PASSED, bad).cause) == (Verdict.INCONCLUSIVE, Cause.MALFORMED)
    empty = closed(EMPTY, bad, may_be_empty=("accounts",))
    assert (empty.verdict, empty.cause) == (Verdict.INCONCLUSIVE, Cause.MALFORMED)
    assert closed(UNDECIDED, bad).cause is Cause.MALFORMED
    failed = closed(FAILED, bad)
    assert failed.verdict is Verdict.FAILED
    assert any("2 rows could not be read" in note.message for note in failed.notes)


def test_an_empty_population_does_not_apply_only_where_the_client_accepts_it() -> None:
    assert closed(EMPTY).verdict is Verdict.INCONCLUSIVE
    accepted = closed(EMPTY, may_be_empty=("accounts",))
    assert (accepted.verdict, accepted.cause, accepted.population) == (Verdict.NOT_APPLICABLE, Cause.EMPTY, None)
    assert closed(UNDECIDED, may_be_empty=("accounts",)).verdict is Verdict.INCONCLUSIVE
    assert closed(PASSED, may_be_empty=("accounts",)).verdict is Verdict.PASSED


def test_a_smaller_claim_says_so() -> None:
    less = replace(LINE, check=check("only accounts", accounts="enabled"))
    assert closed(PASSED, line=less).reason == "only the smaller claim was decided: only accounts"
    assert closed(FAILED, line=less).reason == "1 of 5; only the smaller claim was decided: only accounts"


WAIVER = Waiver("TST-01", "organisation", None, "moves", "ciso", date(2026, 11, 2), 1)


def test_a_waiver_covers_findings_and_nothing_else() -> None:
    assert closed(FAILED, waivers=(WAIVER,)).verdict is Verdict.WAIVED
    assert closed(FAILED, waivers=(replace(WAIVER, expires=date(2026, 11, 1)),)).verdict is Verdict.FAILED
    assert closed(FAILED, waivers=(replace(WAIVER, findings=("k2",)),)).verdict is Verdict.FAILED
    assert closed(UNDECIDED, waivers=(WAIVER,)).verdict is Verdict.INCONCLUSIVE
    assert closed(None, waivers=(WAIVER,)).verdict is Verdict.ERROR


def test_a_waiver_does_not_decide_rows_that_nobody_could() -> None:
    beside = closed(replace(FAILED, undecided=3), waivers=(WAIVER,))
    assert (beside.verdict, beside.cause) == (Verdict.INCONCLUSIVE, Cause.UNDECIDED)
    bad = closed(FAILED, handed("accounts", bad_rows=1), waivers=(WAIVER,))
    assert (bad.verdict, bad.cause) == (Verdict.INCONCLUSIVE, Cause.MALFORMED)


def test_an_attestation_answers_only_what_is_missing() -> None:
    answer = Attestation("TST-01", Verdict.PASSED, "auditor", date(2026, 10, 20), date(2027, 1, 20), (), "")
    missing = Fault(Cause.MISSING, "accounts: not handed in")
    stale = Fault(Cause.STALE, "old")
    lacking = replace(LINE, check=None, tables={}, verdict=Verdict.INCONCLUSIVE, faults=(missing,))
    assert closed(None, line=lacking, attestations=(answer,)).verdict is Verdict.PASSED
    both = replace(lacking, faults=(missing, stale))
    assert closed(None, line=both, attestations=(answer,)).verdict is Verdict.INCONCLUSIVE
    assert closed(FAILED, attestations=(answer,)).verdict is Verdict.FAILED


def test_results_stand_by_control_and_subject() -> None:
    lines = [replace(LINE, control=control(i), subject=s) for i, s in (("B-1", "z"), ("B-1", "a"), ("A-1", "z"))]
    found = books.close(lines, dict.fromkeys(range(3), PASSED), {}, engagement(), AS_OF, (), (), ())
    assert [(r.control, r.subject) for r in found] == [("A-1", "z"), ("B-1", "a"), ("B-1", "z")]


def test_parameters_are_shown_exactly() -> None:
    assert books.plain_param(Decimal("99.50")) == "99.5"
    assert books.plain_param(Decimal(100)) == "100"
    assert books.plain_param((1, "a", Decimal("0.1"))) == [1, "a", "0.1"]


P, F, U, E, N, W = (Verdict(v) for v in ("passed", "failed", "inconclusive", "error", "not_applicable", "waived"))


@pytest.mark.parametrize(
    ("verdicts", "sample", "code"),
    [
        ([P], False, 0),
        ([P, W, N], False, 0),
        ([W], False, 0),
        ([P, F], False, 1),
        ([F, U], False, 2),
        ([P, E], False, 2),
        ([F, E, W], True, 2),
        ([N, N], False, 4),
        ([], False, 4),
        ([P], True, 4),
        ([P, F], True, 1),
    ],
)
def test_exit_codes(verdicts: list[Verdict], sample: bool, code: int) -> None:
    found = [result(f"TST-{n:02}", verdict) for n, verdict in enumerate(verdicts)]
    assert books.exit_code(found, Severity.LOW, sample=sample) == code


def test_a_failure_below_the_threshold_is_decided_and_does_not_turn_the_gate() -> None:
    medium = [result("TST-01", Verdict.FAILED, severity=Severity.MEDIUM, findings=findings(1))]
    assert books.exit_code(medium, Severity.HIGH, sample=False) == 0
    assert books.exit_code(medium, Severity.MEDIUM, sample=False) == 1
    assert books.exit_code(medium, Severity.HIGH, sample=True) == 4


def test_counts_add_up_in_the_order_of_the_verdicts() -> None:
    found = [result("A-1", Verdict.PASSED), result("A-2", Verdict.WAIVED)]
    assert books.counts(found) == {
        "passed": 1,
        "failed": 0,
        "inconclusive": 0,
        "error": 0,
        "not_applicable": 0,
        "waived": 1,
    }
