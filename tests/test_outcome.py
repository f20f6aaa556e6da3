"""Findings: in one order, with keys that survive files, rows and other values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from completions import ENGINES, UNKNOWN, Engine, Field, decided, table
from test_check import people

from ctrlkit import assert_every, col, count, does_not_apply, group, not_due
from ctrlkit.check import recording
from ctrlkit.model import Cause
from ctrlkit.outcome import digest, judge, plainly

SHAPE = {
    "id": Field("string", ()),
    "team": Field("string", ()),
    "desk": Field("string", ()),
    "ok": Field("boolean", ()),
}


def rows(*ids: str) -> list[dict[str, Any]]:
    return [{"id": i, "team": "a", "desk": "b", "ok": False} for i in ids]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_finding_has_the_same_key_wherever_its_row_stands(engine: Engine) -> None:
    """Next month the row has another number and other values, and it is the same finding."""

    def keys(ids: str, team: str) -> dict[str, str]:
        listed = [row | {"team": team} for row in rows(*ids)]
        of = table(engine, "people", SHAPE, listed, ["id"])
        _, outcome = decided(lambda: assert_every(of, "ok", because="wrong"))
        return dict(zip(ids, (f.key for f in outcome.findings), strict=True))

    first, later = keys("xyz", "a"), keys("zyx", "b")
    assert first == later
    assert len(set(first.values())) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_findings_stand_in_the_order_of_their_rows(engine: Engine) -> None:
    """Whatever the engine's order; two that start in one row by what names them."""
    listed = rows(*(f"{n:03}" for n in range(50)))
    of = table(engine, "people", SHAPE, listed, ["id"])

    def check() -> None:
        assert_every(group(of, "team", n=count()), col("n") < 9, because="team of {n}")
        assert_every(group(of, "desk", n=count()), col("n") < 9, because="desk of {n}")
        assert_every(of, "ok", because="wrong")

    found = [decided(check)[1].findings for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 52
    order = [f.sources[0].row for f in found[0]]  # type: ignore[union-attr]
    assert order == sorted(order)  # type: ignore[type-var]


def test_groups_by_two_columns_with_one_value_are_two_findings() -> None:
    listed = [{"id": "x", "team": "a", "desk": "a", "ok": True}]
    of = table("polars", "people", SHAPE, listed, ["id"])

    def check() -> None:
        assert_every(group(of, "team", n=count()), col("n") == 0, because="team")
        assert_every(group(of, "desk", n=count()), col("n") == 0, because="desk")

    _, outcome = decided(check)
    assert (len(outcome.findings), outcome.exceptions, outcome.population) == (2, 2, 2)


def test_both_a_finding_and_a_doubt_is_a_failure_with_the_doubt_noted() -> None:
    of = people({"flag": False}, {"flag": UNKNOWN})
    said, outcome = decided(lambda: assert_every(of, "flag", because="wrong"))
    assert (said.state, len(outcome.findings), outcome.undecided) == ("failed", 1, 1)
    assert any(note.message.startswith("undecided: a.csv row 3: flag not known") for note in outcome.notes)


def test_words_with_braces_of_a_value_are_not_read_again() -> None:
    of = table("polars", "people", SHAPE, [{"id": "{team}", "team": "a", "desk": "b", "ok": False}], ["id"])
    _, outcome = decided(lambda: assert_every(of, "ok", because="{id} is wrong"))
    assert outcome.findings[0].message == "{team} is wrong"
    assert plainly("{id} is {team} wrong") == "… is … wrong"


def test_a_digest_tells_its_parts_apart() -> None:
    parts = [("a", "b"), ("ab",), ("a", "", "b"), ("a", None, "b"), ("a", 1), ("a", "1"), ("a", True)]
    assert all(digest(*one) != digest(*other) for one, other in itertools.combinations(parts, 2))


def test_only_a_check_of_a_host_may_say_that_it_does_not_apply() -> None:
    """An organisation's control that asserts nothing is never taken out of the count by its own word."""
    with recording() as record:
        does_not_apply("no sshd runs there")
    assert judge(record, "NET-06", "host:db1").state == "not_applicable"
    told = judge(record, "NET-06", "organisation")
    assert (told.state, told.cause) == ("error", Cause.NO_ASSERTION)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_due_does_not_apply_only_while_no_row_is_spoken_of(engine: Engine) -> None:
    """A row that may be meant keeps it undecided; to say that nothing is due is to have asserted something."""

    def told(numbers: Sequence[Any], *, asserts: bool = True) -> tuple[str, Cause | None]:
        shape = {"n": Field("number", (0, 1))}
        of = table(engine, "rows", shape, [{"n": n} for n in numbers])
        with recording() as record:
            not_due("due on 24 December")
            if asserts:
                assert_every(of.where(col("n") == 1), col("n") > 1, because="wrong")
        found = judge(record, "WRK-09", "organisation")
        return found.state, found.cause

    assert told([0, 0]) == ("not_applicable", Cause.SCOPE)
    assert told([0, UNKNOWN]) == ("inconclusive", Cause.UNDECIDED)
    assert told([0, 1]) == ("failed", None)
    assert told([], asserts=False) == ("not_applicable", Cause.SCOPE)
