"""Populations and what they are compared with, against plain Python over every way the unknown cells may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from completions import (
    ENGINES,
    NONE,
    UNKNOWN,
    Engine,
    Field,
    Row,
    Said,
    assert_exact,
    assert_sound,
    at,
    completions,
    decided,
    table,
    unknowns,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import PEOPLE, Rule, rows, rules

from ctrlkit import assert_every, col, hours, when
from ctrlkit.errors import AuthorError
from ctrlkit.table import Table

LISTED = {"key": Field("string", ("a", "b"), none=True), "number": Field("number", (0, 1, 2)), "flag": PEOPLE["flag"]}
Check = Callable[[Table, Table], None]
Truth = Callable[[Sequence[Row], Sequence[Row]], Said]


def said_of(population: list[tuple[Any, bool]], tolerated: int = 0) -> Said:
    """The verdict over rows (name, whether it keeps the rule)."""
    broken = frozenset(name for name, kept in population if not kept)
    state = "failed" if len(broken) > tolerated else ("passed" if population else "empty")
    return Said(state, broken, len(population))


def prove(people: list[dict[str, Any]], listed: list[dict[str, Any]], check: Check, truth: Truth) -> None:
    """The engines agree; what they decide holds in every completion; where all is known they say what Python says."""
    answers = [
        decided(lambda e=engine: check(table(e, "people", PEOPLE, people), table(e, "listed", LISTED, listed, ["key"])))  # type: ignore[misc]
        for engine in ENGINES
    ]
    assert answers[0] == answers[1]
    said = answers[0][0]
    truths = [truth(*full) for full in completions((PEOPLE, people), (LISTED, listed)) if one_per_key(full[1])]
    if truths:
        assert_sound(said, truths)
    if not unknowns(people, listed):
        assert_exact(said, truths[0])


def one_per_key(listed: Sequence[Row]) -> bool:
    """Whether a completion keeps the promise of the kind's key."""
    keys = [row["key"] for row in listed if row["key"] is not NONE]
    return len(keys) == len(set(keys))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    people=rows(PEOPLE, doubts=5), population=rules(), more=rules(), rule=rules(), tolerated=st.integers(0, 2)
)  # fmt: skip
def test_where_and_assert_every(
    people: list[dict[str, Any]], population: Rule, more: Rule, rule: Rule, tolerated: int
) -> None:
    """Rows that may belong are judged, and never turn a doubt into green; a tolerance counts doubts against it."""

    def check(of: Table, _: Table) -> None:
        judged = of.where(population.expr).where(more.expr)
        assert_every(judged, rule.expr, because="wrong", at_most=tolerated)

    def truth(full: Sequence[Row], _: Sequence[Row]) -> Said:
        inside = [(i, row) for i, row in enumerate(full) if population.holds(row) and more.holds(row)]
        return said_of([(i, rule.holds(row)) for i, row in inside], tolerated)

    prove(people, [], check, truth)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    people=rows(PEOPLE, most=3), listed=rows(LISTED, most=2, doubts=2, unique="key"), which=st.integers(0, 2),
    limit=st.integers(0, 2), by=st.sampled_from(["key", "other"]), sign=st.booleans(),
)  # fmt: skip
def test_match(  # noqa: PLR0913, PLR0917  (drawn at random)
    people: list[Any], listed: list[Any], which: int, limit: int, by: str, sign: bool
) -> None:
    """Found, not found or unknown: by an unreadable key of ours, of theirs, or a row of theirs that may not belong."""

    def check(of: Table, other: Table) -> None:
        there = other.where(col("number") >= which)
        matched = of.match(there, {by: "key"}, "their")
        rule = col("their") & (col("their_number") > limit)
        assert_every(matched, rule if sign else ~col("their") | (col("their_number") > limit), because="wrong")

    def truth(full: Sequence[Row], others: Sequence[Row]) -> Said:
        known = {row["key"]: row for row in others if row["key"] is not NONE and row["number"] >= which}

        def keeps(row: Row) -> bool:
            found = known.get(row[by])
            return (
                (found is not None and found["number"] > limit) if sign else (found is None or found["number"] > limit)
            )

        return said_of([(i, keeps(row)) for i, row in enumerate(full)])

    prove(people, listed, check, truth)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(people=rows(PEOPLE, most=3), listed=rows(LISTED, most=3, doubts=2, unique="key"), rule=rules())
def test_exists_and_without(people: list[Any], listed: list[Any], rule: Rule) -> None:
    """`exists` answers, `without` keeps those for whom it is false or unknown; twice in a row means twice."""

    def check(of: Table, other: Table) -> None:
        flagged = other.where(col("flag"))
        alone = of.exists(flagged, "key", "flagged").without(other.where(col("number") > 0), "key")
        alone = alone.without(flagged, {"other": "key"})
        assert_every(alone, rule.expr & ~col("flagged"), because="wrong")

    def truth(full: Sequence[Row], others: Sequence[Row]) -> Said:
        keyed = [row for row in others if row["key"] is not NONE]
        flagged = {row["key"] for row in keyed if row["flag"]}
        positive = {row["key"] for row in keyed if row["number"] > 0}
        inside = [(i, row) for i, row in enumerate(full) if row["key"] not in positive and row["other"] not in flagged]
        return said_of([(i, rule.holds(row) and row["key"] not in flagged) for i, row in inside])

    prove(people, listed, check, truth)


SHIFTS = {
    "key": Field("string", ("a", "b")),
    "start": Field("datetime", (at(0), at(20))),
    "end": Field("datetime", (at(10), at(30), at(24 * 9)), none=True),
    "flag": PEOPLE["flag"],
}
MOMENTS = {"key": Field("string", ("a", "b"), none=True), "time": Field("datetime", (at(5), at(21), at(24 * 8)))}


@pytest.mark.parametrize("doubt", [False, True])
def test_during_against_every_completion(doubt: bool) -> None:
    """An instant in an interval of the same person: across days, with unknown ends, by uncertain shifts."""

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(moments=rows(MOMENTS, most=3, doubts=2), shifts=rows(SHIFTS, most=3, doubts=3))
    def prove_it(moments: list[Any], shifts: list[Any]) -> None:
        wide = (at(0), at(24 * 9)) if doubt else None

        def check(of: Table, other: Table) -> None:
            on_duty = other.where(col("flag"))
            near = (col("low"), col("high")) if wide else None
            on_duty = on_duty.with_columns(low=_constant(at(0)), high=_constant(at(24 * 9)))
            seen = of.during(on_duty, "key", "time", (col("start"), col("end")), "on", doubt=near)
            assert_every(seen, "on", because="off duty")

        def truth(full: Sequence[Row], others: Sequence[Row]) -> Said:
            return said_of([(i, _on_duty(row, others)) for i, row in enumerate(full)])

        answers = [
            decided(lambda e=engine: check(table(e, "m", MOMENTS, moments), table(e, "s", SHIFTS, shifts)))  # type: ignore[misc]
            for engine in ENGINES
        ]
        assert answers[0] == answers[1]
        truths = [truth(*full) for full in completions((MOMENTS, moments), (SHIFTS, shifts))]
        assert_sound(answers[0][0], truths)
        if not unknowns(moments, shifts):
            assert_exact(answers[0][0], truths[0])

    prove_it()


def _constant(moment: datetime) -> Any:
    """A column that holds one instant in every row of which the start is known, and nothing elsewhere."""
    return when(col("start") >= at(-1), moment, moment)


def _on_duty(row: Row, shifts: Sequence[Row]) -> bool:
    return any(
        s["flag"] and s["key"] == row["key"] and s["end"] is not NONE and s["start"] <= row["time"] <= s["end"]
        for s in shifts
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("key", "hour", "state"), [("a", 5, "undecided"), ("a", 15, "failed"), ("b", 5, "failed")])
def test_an_interval_with_half_a_key_is_a_doubt_only_while_it_lasts(
    engine: Engine, key: str, hour: int, state: str
) -> None:
    shape = {"key": Field("string", ("a",)), "other": Field("string", ("x",))}
    moments = [{"key": key, "other": "x", "time": at(hour)}]
    spans = [{"key": "a", "other": UNKNOWN, "start": at(0), "end": at(10)}]

    def check() -> None:
        of = table(engine, "m", shape | {"time": Field("datetime", ())}, moments)
        other = table(engine, "s", shape | {"start": Field("datetime", ()), "end": Field("datetime", ())}, spans)
        on = {"key": "key", "other": "other"}
        assert_every(of.during(other, on, "time", (col("start"), col("end")), "on"), "on", because="off")

    assert decided(check)[0].state == state


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("near_cell", "state"), [(NONE, "failed"), (UNKNOWN, "undecided"), (at(4), "undecided")])
def test_a_doubt_is_none_only_where_that_is_answered(engine: Engine, near_cell: Any, state: str) -> None:
    """A bound of the doubt that nobody could read leaves the doubt without bound; it does not vanish."""
    shape = {"key": Field("string", ("a",)), "start": Field("datetime", ()), "end": Field("datetime", ())}
    shape |= {"near": Field("datetime", (), none=True)}
    shifts = [{"key": "a", "start": UNKNOWN, "end": at(9), "near": near_cell}]
    moments = [{"key": "a", "time": at(5)}]

    def check() -> None:
        of, other = table(engine, "m", MOMENTS, moments), table(engine, "s", shape, shifts)
        near = (col("near"), col("end") + hours(1))
        assert_every(of.during(other, "key", "time", (col("start"), col("end")), "on", doubt=near), "on", because="off")

    assert decided(check)[0].state == state


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("hour", "state"), [(0, "failed"), (1, "passed"), (200, "passed"), (201, "failed")])
def test_both_ends_of_an_interval_belong_to_it(engine: Engine, hour: int, state: str) -> None:
    """Also of one longer than the day buckets, and to the microsecond."""
    shape = {"key": Field("string", ("a",)), "start": Field("datetime", ()), "end": Field("datetime", ())}
    beyond = timedelta(microseconds=1)
    moment = {0: at(1) - beyond, 1: at(1), 200: at(200), 201: at(200) + beyond}[hour]

    def check() -> None:
        of = table(engine, "m", MOMENTS, [{"key": "a", "time": moment}])
        other = table(engine, "s", shape, [{"key": "a", "start": at(1), "end": at(200)}])
        assert_every(of.during(other, "key", "time", (col("start"), col("end")), "on"), "on", because="off")

    assert decided(check)[0].state == state


def people_and_listed() -> tuple[Table, Table]:
    return table("polars", "people", PEOPLE, []), table("polars", "listed", LISTED, [], ["key"])


WRONG: dict[str, Callable[[Table, Table], object]] = {
    "several rows per key": lambda a, b: b.match(a, "key", "x"),
    "a name that is there": lambda a, b: a.match(b, "key", "number"),
    "a name that makes one that is there": lambda a, b: a.with_columns(x_number=col("number")).match(b, "key", "x"),
    "a name used before": lambda a, b: a.exists(b, "key", "x").exists(b, "key", "x"),
    "during days, not instants": lambda a, b: a.during(b, "key", "number", (col("number"), col("number")), "x"),
    "an interval of numbers": lambda a, b: a.during(b, "key", "time", (col("number"), col("number")), "x"),
    "a column of the table's own": lambda a, _: a.with_columns(_m=col("flag")),
    "a bound of a count": lambda a, _: a.with_columns(n__low=col("number")),
    "a key that was replaced": lambda a, b: a.match(b.with_columns(key=col("number")), {"other": "key"}, "x"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_comparison_that_would_answer_something_else_is_refused(name: str) -> None:
    with pytest.raises(AuthorError):
        WRONG[name](*people_and_listed())


@pytest.mark.parametrize("verb", ["match", "exists", "without", "during"])
def test_pseudonyms_of_two_domains_never_meet(verb: str) -> None:
    shape = {"key": Field("string", ()), "time": Field("datetime", ())}
    one = table("polars", "one", shape, [], ["key"], pseudonyms={"key": "person"})
    other = table("polars", "other", shape, [], ["key"], pseudonyms={"key": "device"})
    meet: dict[str, Callable[[], object]] = {
        "match": lambda: one.match(other, "key", "x"),
        "exists": lambda: one.exists(other, "key", "x"),
        "without": lambda: one.without(other, "key"),
        "during": lambda: one.during(other, "key", "time", (col("time"), col("time")), "x"),
    }
    with pytest.raises(AuthorError, match="different pseudonyms"):
        meet[verb]()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_key_that_must_be_there_costs_no_question(engine: Engine) -> None:
    """Rows without a required column are bad rows and never here, so "not there" needs no second look."""
    listed = table(engine, "listed", LISTED, [], ["key"], required=["key"])
    assert listed.unknown_keys(["key"]) == []
    changed = listed.with_columns(key=col("key").or_else("a"))
    assert changed.unknown_keys(["key"]) == []
    assert changed.columns["key"] is not listed.columns["key"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_required_name_that_was_made_anew_may_be_unknown(engine: Engine) -> None:
    rows_ = [{"key": "a", "number": UNKNOWN, "flag": UNKNOWN}]
    listed = table(engine, "listed", LISTED, rows_, ["key"], required=["key"])
    made = listed.with_columns(key=when(col("flag"), "a", "b"))
    assert made.unknown_keys(["key"]) == [(frozenset({"key"}), 1)]
