"""Figures of the rows that a rule ties to each row, against plain Python over every way the unknown cells may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from completions import (
    ENGINES,
    NONE,
    UNKNOWN,
    Engine,
    Field,
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
from rules import OPERATORS, PEOPLE, rows
from test_grouping import FIGURES, rule_on
from test_table import said_of

from ctrlkit import assert_every, beside_those, col, count, free_times, total
from ctrlkit.errors import AuthorError
from ctrlkit.figure import Figure
from ctrlkit.table import Table

THEIRS = {"count": "their_count", "number": "their_number"}
BASE = {"number": 1, "count": 1, "flag": True, "time": PEOPLE["time"].values[0], "other": "a", "key": "a"}


def of_theirs(name: str) -> Figure:
    figure = FIGURES[name][0]()
    if figure.value is None:
        return figure
    made, renamed = figure.value, {old: new for old, new in THEIRS.items() if old in figure.value.columns}
    ((old, new),) = renamed.items()
    again = {"distinct": col(new), "total": col(new).or_else(0), "any": col(new) == 2}
    assert made.columns == {old}
    return replace(figure, value=again.get(name, col(new)))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_what_is_tied_is_decided_only_where_every_completion_agrees(name: str) -> None:
    """Unknown keys on either side, unknown inputs, and a rule whose answer is unknown."""

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(
        ours=rows(PEOPLE, most=2, doubts=2),
        theirs=rows(PEOPLE, most=3, doubts=2),
        sign=st.sampled_from(sorted(OPERATORS)),
        limit=st.integers(0, 3),
    )
    def prove_it(ours: list[Any], theirs: list[Any], sign: str, limit: int) -> None:
        rule, holds = rule_on(name, sign, limit)

        def check(engine: Engine) -> None:
            one, other = table(engine, "ours", PEOPLE, ours), table(engine, "theirs", PEOPLE, theirs)
            tie = (col("their_number") <= col("number")) & col("their_flag")
            met = beside_those(one, other, {"key": "other"}, "their", tie, figure=of_theirs(name))
            assert_every(met, rule, because="wrong")

        def truth(full: Sequence[Any], others: Sequence[Any]) -> Any:
            def tied(row: Any) -> list[Any]:
                return [o for o in others if row["key"] == o["other"] and o["number"] <= row["number"] and o["flag"]]

            def figure(row: Any) -> Any:
                found = tied(row)
                return FIGURES[name][1](found) if found or name != "latest" else NONE

            return said_of([(n, holds(figure(row))) for n, row in enumerate(full)])

        answers = [decided(lambda e=engine: check(e)) for engine in ENGINES]  # type: ignore[misc]
        assert answers[0] == answers[1]
        truths = [truth(*full) for full in completions((PEOPLE, ours), (PEOPLE, theirs))]
        assert_sound(answers[0][0], truths)
        if not unknowns(ours, theirs):
            assert_exact(answers[0][0], truths[0])

    prove_it()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_of_another_kind_that_could_not_be_read_may_be_tied_to_any(engine: Engine) -> None:
    """One of one's own kind is left to the verdict, as in a group."""

    def check(theirs: Table) -> None:
        one = table(engine, "ours", PEOPLE, [BASE])
        met = beside_those(
            one, theirs, "key", "their", col("their_number") > 1, n=count(), sum=total(col("their_number"))
        )
        assert_every(met, (col("n") >= 0) & (col("sum") == 0), because="wrong")

    whole = table(engine, "theirs", PEOPLE, [BASE])
    assert decided(lambda: check(whole))[0].state == "passed"
    holed = replace(whole, root=replace(whole.root, bad_rows=1))
    assert decided(lambda: check(holed))[0].state == "undecided"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_running_sum_over_ones_own_rows(engine: Engine) -> None:
    rows_ = [BASE | {"number": n, "key": k} for n, k in [(1, "a"), (2, "a"), (2, "b"), (0, UNKNOWN)]]

    def check() -> None:
        of = table(engine, "people", PEOPLE, rows_[:3])
        met = beside_those(of, of, "key", "also", col("also_number") <= col("number"), sum=total(col("also_number")))
        assert_every(met, col("sum") < 3, because="{sum}")

    assert decided(check)[0].broken == {1}


def test_a_figure_has_a_name_of_its_own() -> None:
    of = table("polars", "people", PEOPLE, [])
    with pytest.raises(AuthorError, match="already"):
        beside_those(of, of, "key", "also", col("also_flag"), number=count())


@pytest.mark.parametrize("engine", ENGINES)
def test_free_time_lies_between_spans_that_may_overlap(engine: Engine) -> None:
    """A span inside another frees nothing; after one whose end nobody knows, nothing is known to be free."""
    shape = {"who": Field("string", ()), "start": Field("datetime", ()), "end": Field("datetime", ())}
    spans = [("a", 0, 4), ("a", 1, 2), ("a", 6, 8), ("b", 0, None), ("b", 5, 6)]
    held = [{"who": w, "start": at(s), "end": UNKNOWN if e is None else at(e)} for w, s, e in spans]

    def check() -> None:
        free = free_times(table(engine, "spans", shape, held), "who", "start", "end")
        assert_every(free, col("free_until").is_null() | (col("free_from") <= col("free_until")), because="wrong")

    said, outcome = decided(check)
    assert said.broken == {0}, "the first ends at four, the next began at one"
    assert outcome.undecided == 1
