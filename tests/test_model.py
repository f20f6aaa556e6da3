"""What results are made of: one line each, the same bytes everywhere."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from runs import every_verdict, result

from ctrlkit.model import Cause, Grade, Note, Severity, Verdict, plain, weakest
from ctrlkit.written import result_from


def test_a_line_is_read_back_as_the_result_it_was() -> None:
    for one in every_verdict().results:
        assert result_from(one.line()) == one
        assert result_from(json.loads(one.line())) == one


def test_a_line_has_the_keys_of_the_contract_in_their_order() -> None:
    line = result("TST-01", Verdict.PASSED).line()
    assert list(json.loads(line)) == [
        "control", "subject", "verdict", "severity", "reason", "cause", "grade", "population", "exceptions", "params",
        "findings", "notes", "evidence", "attested", "waiver",
    ]  # fmt: skip
    assert line.endswith("\n")
    assert ": " not in line


def test_marks_that_some_programs_take_for_line_ends_are_escaped() -> None:
    line = result("TST-01", Verdict.PASSED, notes=(Note("k", "a\u0085b\u2028c\u2029d\re\nf"),)).line()
    assert line.count("\n") == 1
    assert not {"\u0085", "\u2028", "\u2029", "\r"} & set(line)
    assert result_from(line).notes[0].message == "a\u0085b\u2028c\u2029d\re\nf"


def test_a_float_never_enters_a_result() -> None:
    with pytest.raises(TypeError, match="float"):
        result("TST-01", Verdict.PASSED, params={"share": 0.1}).line()
    assert plain({"a": (1, True, None, "x")}) == {"a": [1, True, None, "x"]}
    with pytest.raises(TypeError):
        result("TST-01", Verdict.PASSED, params={"share": Decimal("0.1")}).line()


def test_orders_are_those_of_the_contract() -> None:
    assert Severity.CRITICAL.at_least(Severity.LOW)
    assert not Severity.LOW.at_least(Severity.MEDIUM)
    assert weakest([Grade.PROBE, Grade.TYPED, Grade.CLIENT]) is Grade.TYPED
    assert weakest([]) is None
    assert Cause.WITHHELD.rank < Cause.MISSING.rank < Cause.EMPTY.rank < Cause.UNDECIDED.rank < Cause.CRASHED.rank
