"""Waivers match by equality and end on their day; a person's answer counts only where evidence is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.engagement import AsOf
from ctrlkit.errors import InputError
from ctrlkit.model import Cause, Finding, Grade, Result, Severity, Verdict
from ctrlkit.waiver import Attestation, Waiver, apply, attest, load_attestations, load_waivers
from ctrlkit.written import result_from

DAY = date(2026, 11, 2)
FAILED = Result(
    control="LOG-07",
    subject="organisation",
    verdict=Verdict.FAILED,
    severity=Severity.HIGH,
    reason="2 of 9 sign-ins came from elsewhere",
    cause=None,
    grade=Grade.EXPORT,
    population=9,
    exceptions=2,
    params={},
    findings=(Finding("k1", "one"), Finding("k2", "two")),
)
WAIVER = Waiver("LOG-07", "organisation", None, "travel", "ciso", DAY, 1)
MISSING = replace(FAILED, control="PHY-01", verdict=Verdict.INCONCLUSIVE, cause=Cause.MISSING, findings=(), grade=None)
ANSWER = Attestation("PHY-01", Verdict.PASSED, "auditor", date(2026, 10, 20), DAY, ("walk.pdf",), "Walked both floors")
AS_OF = AsOf(datetime(2026, 11, 2, 15, 59, 59, tzinfo=UTC), DAY)


def test_a_waiver_of_everything_waives() -> None:
    waived = apply(FAILED, [WAIVER], DAY)
    assert waived.verdict is Verdict.WAIVED
    assert waived.waiver == {"reason": "travel", "approved_by": "ciso", "expires": "2026-11-02", "findings": 2}
    assert (waived.findings, waived.reason, waived.exceptions) == (FAILED.findings, FAILED.reason, 2)
    assert result_from(waived.line()) == waived


def test_the_last_day_is_the_last_day() -> None:
    late = apply(FAILED, [WAIVER], date(2026, 11, 3))
    assert late.verdict is Verdict.FAILED
    assert late.waiver is None
    assert [note.message for note in late.notes] == ["waiver of ciso expired on 2026-11-02"]


def test_some_findings_waived_change_nothing_but_the_notes() -> None:
    partial = apply(FAILED, [replace(WAIVER, findings=("k1",))], DAY)
    assert partial.verdict is Verdict.FAILED
    assert [note.message for note in partial.notes] == ["1 of 2 findings waived by ciso until 2026-11-02"]


def test_two_waivers_may_cover_everything_together_until_the_first_expires() -> None:
    one = replace(WAIVER, findings=("k1",), reason="a")
    two = replace(WAIVER, findings=("k2",), reason="b", approved_by="cto", expires=date(2027, 1, 1))
    assert apply(FAILED, [two, one], DAY).waiver == {
        "reason": "a; b",
        "approved_by": "ciso; cto",
        "expires": "2026-11-02",
        "findings": 2,
    }
    assert apply(FAILED, [two, one], date(2026, 11, 3)).verdict is Verdict.FAILED


def test_a_finding_that_does_not_exist_is_noted() -> None:
    both = apply(FAILED, [replace(WAIVER, findings=("k1", "k2", "k3"))], DAY)
    assert both.verdict is Verdict.WAIVED
    assert [note.message for note in both.notes] == ['waiver of ciso names finding "k3", which does not exist here']


@pytest.mark.parametrize("key", ["k", "k1*", "K1", "k1 ", ".*"])
def test_keys_are_compared_not_matched(key: str) -> None:
    one = replace(FAILED, findings=(Finding("k1", "one"),))
    assert apply(one, [replace(WAIVER, findings=(key,))], DAY).verdict is Verdict.FAILED


@pytest.mark.parametrize("other", [{"control": "LOG-08"}, {"control": "LOG"}, {"subject": "host:a"}])
def test_another_control_or_subject_is_not_touched(other: dict[str, str]) -> None:
    assert apply(FAILED, [replace(WAIVER, **other)], DAY) is FAILED  # type: ignore[arg-type]


def test_a_failure_without_findings_needs_a_waiver_of_the_whole() -> None:
    bare = replace(FAILED, findings=())
    assert apply(bare, [replace(WAIVER, findings=("k1",))], DAY).verdict is Verdict.FAILED
    assert apply(bare, [WAIVER], DAY).verdict is Verdict.WAIVED


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.FAILED])
def test_only_failures_are_waived(verdict: Verdict) -> None:
    other = replace(FAILED, verdict=verdict)
    assert apply(other, [WAIVER], DAY) is other


@given(
    st.permutations(
        [
            WAIVER,
            replace(WAIVER, findings=("k1",)),
            replace(WAIVER, expires=date(2026, 1, 1)),
            replace(WAIVER, reason="x"),
        ]
    )
)
def test_the_order_of_waivers_changes_nothing(waivers: list[Waiver]) -> None:
    assert apply(FAILED, waivers, DAY) == apply(FAILED, waivers[::-1], DAY)


def test_a_persons_answer_decides_what_is_missing() -> None:
    answered = attest(MISSING, [ANSWER], ["PHY-01"], AS_OF)
    assert (answered.verdict, answered.grade, answered.cause) == (Verdict.PASSED, Grade.ATTESTED, None)
    assert "auditor answered passed on 2026-10-20" in answered.reason
    assert answered.attested == {
        "answer": "passed",
        "by": "auditor",
        "at": "2026-10-20",
        "valid_until": "2026-11-02",
        "evidence": ["walk.pdf"],
        "note": "Walked both floors",
    }
    assert result_from(answered.line()) == answered


def test_a_failed_answer_has_one_finding_with_a_lasting_key() -> None:
    no = replace(ANSWER, answer=Verdict.FAILED)
    first = attest(MISSING, [no], ["PHY-01"], AS_OF)
    later = attest(MISSING, [replace(no, by="another", note="")], ["PHY-01"], AS_OF)
    assert (first.verdict, len(first.findings)) == (Verdict.FAILED, 1)
    assert first.findings[0].key == later.findings[0].key


@pytest.mark.parametrize("cause", [c for c in Cause if c is not Cause.MISSING])
def test_no_other_cause_is_answered(cause: Cause) -> None:
    other = replace(MISSING, cause=cause)
    assert attest(other, [ANSWER], ["PHY-01"], AS_OF) is other


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.INCONCLUSIVE])
def test_no_other_verdict_is_answered(verdict: Verdict) -> None:
    other = replace(MISSING, verdict=verdict)
    assert attest(other, [ANSWER], ["PHY-01"], AS_OF) is other


def test_missing_beside_something_else_is_not_answered() -> None:
    assert attest(MISSING, [ANSWER], ["PHY-01"], AS_OF, [Cause.MISSING, Cause.STALE]) is MISSING
    assert attest(MISSING, [ANSWER], ["PHY-01"], AS_OF, [Cause.MISSING]).verdict is Verdict.PASSED


def test_neither_hosts_nor_controls_that_are_not_attestable_are_answered() -> None:
    host = replace(MISSING, subject="host:a")
    assert attest(host, [ANSWER], ["PHY-01"], AS_OF) is host
    assert attest(MISSING, [ANSWER], [], AS_OF).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"valid_until": date(2026, 11, 1)}, "attestation of auditor expired on 2026-11-01"),
        (
            {"at": date(2026, 11, 3), "valid_until": date(2027, 1, 1)},
            "attestation of auditor is dated 2026-11-03, after the as-of date",
        ),
    ],
)
def test_an_answer_holds_from_its_day_to_its_last_day(change: dict[str, date], message: str) -> None:
    late = attest(MISSING, [replace(ANSWER, **change)], ["PHY-01"], AS_OF)  # type: ignore[arg-type]
    assert late.verdict is Verdict.INCONCLUSIVE
    assert [note.message for note in late.notes] == [message]


def test_the_newest_answer_counts_and_of_one_day_the_worst() -> None:
    older = replace(ANSWER, answer=Verdict.FAILED, at=date(2026, 10, 1))
    same_day = replace(ANSWER, answer=Verdict.FAILED, by="zoe")
    assert attest(MISSING, [older, ANSWER], ["PHY-01"], AS_OF).verdict is Verdict.PASSED
    assert attest(MISSING, [ANSWER, older, same_day], ["PHY-01"], AS_OF).verdict is Verdict.FAILED


WAIVERS = """\
- control: LOG-07
  subject: organisation
  reason: Three team leads travel to the client until December
  approved_by: ciso
  expires: 2026-12-31
- control: ACC-01
  subject: host:jump1
  findings: [a, b]
  reason: r
  approved_by: cto
  expires: 2026-12-31
"""


def test_waivers_are_read_in_a_fixed_order(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(WAIVERS, encoding="utf-8")
    one, two = load_waivers(tmp_path / "waivers.yaml", ["LOG-07", "ACC-01"])
    assert (one.control, one.subject, one.findings, one.line) == ("ACC-01", "host:jump1", ("a", "b"), 6)
    assert (two.control, two.findings, two.expires, two.line) == ("LOG-07", None, date(2026, 12, 31), 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("control: LOG-07", "control: LOG-7", 1, 'no control "LOG-7"; did you mean "LOG-07"?'),
        ("control: LOG-07", "control: LOG-*", 1, 'no control "LOG-*"'),
        ("subject: organisation", "subject: all", 2, 'found "all", expected organisation or host:<name>'),
        ("  approved_by: ciso\n", "", 1, 'the key "approved_by" is missing; expected approved_by: who accepts it'),
        ("expires: 2026-12-31\n-", "expires: never\n-", 5, 'found "never", expected a date'),
        ("[a, b]", "[]", 8, "expected at least one entry"),
        ("reason: r", "reason:", 9, "has no value"),
        ("reason: r", "reasons: r", 9, 'unknown key; did you mean "reason"?'),
    ],
)
def test_a_wrong_waiver_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVERS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_waivers(path, ["LOG-07", "ACC-01"])
    assert str(error.value).startswith(f"{path.as_posix()}:{line}: ")
    assert message in str(error.value)


ATTESTED = (
    "- {control: PHY-01, answer: passed, by: site-auditor, at: 2026-10-20, valid_until: 2027-01-20, "
    "evidence: [walk.pdf]}\n"
)


def test_attestations_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ATTESTED, encoding="utf-8")
    assert load_attestations(tmp_path / "a.yaml", ["PHY-01"], ["PHY-01"]) == (
        Attestation("PHY-01", Verdict.PASSED, "site-auditor", date(2026, 10, 20), date(2027, 1, 20), ("walk.pdf",), ""),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("PHY-01", "PHY-1", 'no control "PHY-1"; did you mean "PHY-01"?'),
        (
            "PHY-01",
            "PHY-02",
            "PHY-02 is not attestable in this profile; expected one of PHY-01; hand over evidence instead",
        ),
        ("passed", "waived", "expected one of passed, failed"),
        ("2027-01-20", "2026-10-19", "which is before at 2026-10-20"),
    ],
)
def test_a_wrong_attestation_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(ATTESTED.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_attestations(tmp_path / "a.yaml", ["PHY-01", "PHY-02"], ["PHY-01"])
    assert ":1: " in str(error.value)
    assert message in str(error.value)
