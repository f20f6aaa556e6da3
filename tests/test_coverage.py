"""The coverage statement, in every view; and the match report over lists of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from runs import every_verdict, result, run
from test_reporters import view

from ctrlkit.assemble import Evidence
from ctrlkit.canvas import Canvas
from ctrlkit.closed import Accepted, Match, Side
from ctrlkit.coverage import match_line, statement
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade, Pointer, Verdict
from ctrlkit.plan import Handed
from ctrlkit.reconciliation import copies, matches
from ctrlkit.term import Info
from ctrlkit.terminal import render

MATCH = Match(Side("roster", "people", 300, 4, 0, 0), Side("payroll", "people paid", 1_297, 1_001, 12, 7), 296)


def test_the_statement_says_what_was_not_tested_why_and_what_changes_that() -> None:
    said = statement(every_verdict())
    assert said[0] == "decided: 5 of 8 verdicts"
    assert any(s.startswith("not tested, missing: REM-01. Hand over") for s in said)
    assert any(s.startswith("outside what was asked: 1 by ") for s in said)
    assert any("passed on somebody's word" in s for s in said)


def test_a_smaller_claim_is_named_and_never_passes_for_the_whole() -> None:
    smaller = result(
        "MFA-03", Verdict.PASSED, reason="only the smaller claim was decided: factors are tied to a device"
    )
    assert any(s.startswith("a smaller claim only: MFA-03") for s in statement(run((smaller,))))
    assert not any("smaller" in s for s in statement(run((result("MFA-03", Verdict.PASSED),))))


def test_controls_that_nobody_asked_for_are_counted_and_some_named() -> None:
    said = statement(run((result("MFA-01", Verdict.PASSED, grade=Grade.EXPORT),), left_out=tuple("ABCDEFGH")))
    assert said == (
        "decided: 1 of 1 verdict",
        "not asked for by bpo-test: 8 controls that ctrlkit knows (A, B, C, D, E, F and 2 more)",
    )


def test_waivers_are_counted_before_and_after_and_their_ends_named() -> None:
    results = (result("A-01", Verdict.FAILED), result("B-01", Verdict.WAIVED), result("C-01", Verdict.PASSED))
    waivers = tuple(
        Accepted(id_, "organisation", "ciso", expires, left)
        for id_, expires, left in (
            ("A-01", "2026-11-01", -1),
            ("B-01", "2026-11-02", 0),
            ("C-01", "2026-12-02", 30),
            ("D-01", "2026-12-03", 31),
        )
    )
    said = statement(run(results, waivers=waivers))
    assert "waived by the client: B-01; 2 failed before waivers, 1 after" in said
    assert "expired waivers, which count no more: A-01 on 2026-11-01 (ciso)" in said
    assert "waivers that end within 30 days: B-01 on 2026-11-02 (ciso), C-01 on 2026-12-02 (ciso)" in said


def test_causes_stand_in_the_order_of_the_contract() -> None:
    results = tuple(
        result(id_, Verdict.INCONCLUSIVE, cause=cause)
        for id_, cause in (("A-01", Cause.UNDECIDED), ("B-01", Cause.MISSING), ("C-01", Cause.STALE))
    )
    causes = [s.partition(":")[0] for s in statement(run(results))[1:]]
    assert causes == ["not tested, missing", "not tested, stale", "not tested, undecided"]


@pytest.mark.parametrize("name", ["junit", "markdown", "html"])
def test_every_view_holds_every_sentence_of_the_statement(name: str) -> None:
    of = every_verdict(matches=(MATCH,))
    text = view(name, of)
    for sentence in statement(of):
        assert sentence.partition(":")[2].strip(" .")[:20] in text.replace("\\", ""), sentence
    assert "296" in text or name == "junit"


def test_the_terminal_shows_the_statement_and_the_matches() -> None:
    text = render(every_verdict(matches=(MATCH,)), 400, colour=False)
    assert all(sentence in text for sentence in statement(every_verdict()))
    assert match_line(MATCH) in text


def test_a_match_is_one_line() -> None:
    assert match_line(MATCH) == (
        "people (roster) and people paid (payroll): 296 in both, 4 only in roster, 1,001 only in payroll; "
        "7 rows of payroll name nobody"
    )


def handed(folder: Path, kind: str, **columns: Sequence[object]) -> Handed:
    rows = len(next(iter(columns.values())))
    frame = pl.DataFrame({**columns, "_file": [f"{kind}.csv"] * rows, "_row": list(range(2, rows + 2))}, strict=False)
    path = folder / f"{kind}.parquet"
    frame.write_parquet(path)
    infos = {name: Info("string") for name in columns}
    return Handed(Evidence(kind, "vendor", ()), Canvas(path, infos, rows, (), ()))


def test_people_are_matched_on_both_sides_doubles_and_nameless_rows_told(tmp_path: Path) -> None:
    both = {
        "roster": handed(
            tmp_path, "roster", employee_id=["a", "b", "c", "d"], status=["active", "active", "active", "terminated"]
        ),
        "accounts": handed(
            tmp_path,
            "accounts",
            employee_id=["a", "a", "x", None, "d", "b"],
            enabled=[True, True, True, True, False, None],
            account_type=["person"] * 6,
        ),
    }
    (match,) = matches(both, shipped())
    assert (match.matched, match.left.only, match.right.only) == (1, 2, 1)
    assert (match.left.doubles, match.right.doubles, match.right.nameless) == (0, 1, 1)
    assert match.left.where == (
        Pointer("roster", "vendor", "roster.csv", 3),
        Pointer("roster", "vendor", "roster.csv", 4),
    )
    assert match.right.where == (Pointer("accounts", "vendor", "accounts.csv", 4),)


def test_a_list_whose_columns_were_not_read_is_not_matched_and_pay_points_nowhere(tmp_path: Path) -> None:
    both = {
        "roster": handed(tmp_path, "roster", employee_id=["a", "b"]),
        "accounts": handed(tmp_path, "accounts", employee_id=["a"], enabled=[True]),
        "payroll": handed(tmp_path, "payroll", employee_id=["a", "c"]),
    }
    (match,) = matches(both, shipped())
    assert match.right == Side("payroll", "people paid", 2, 1, 0, 0)
    assert match.left.where == (Pointer("roster", "vendor", "roster.csv", 3),)


def copy(folder: Path, party: str, keys: list[str]) -> Evidence:
    path = folder / f"{party}.csv"
    path.write_text(
        "_file,_row,system,account_id,enabled\n" + "".join(f"a,2,crm,{key},true\n" for key in keys), "utf-8"
    )
    return Evidence("accounts", party, (), ("system", "account_id", "enabled"), len(keys), csv=path)


def test_the_vendors_copy_is_compared_with_the_clients_by_what_identifies_a_row(tmp_path: Path) -> None:
    ours, theirs = copy(tmp_path, "client", ["a", "b", "c"]), copy(tmp_path, "vendor", ["b", "c", "d", "d"])
    kind = shipped()["accounts"]
    assert copies(ours, theirs, kind) == (
        "accounts: the client's 3 rows decide; the vendor's copy has 2 of them, lacks 1 and holds 1 others"
    )
    assert copies(ours, replace(theirs, csv=None), kind) == (
        "accounts: the client's 3 rows decide; the vendor's copy holds 4"
    )
