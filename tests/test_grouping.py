"""Groups and their figures, against plain Python over every way the unknown cells may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from completions import (
    ENGINES,
    NONE,
    UNKNOWN,
    Engine,
    Row,
    Said,
    assert_exact,
    assert_sound,
    completions,
    decided,
    table,
    unknowns,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import OPERATORS, PEOPLE, rows
from test_table import said_of

from ctrlkit import absent, any_of, assert_every, beside, col, count, distinct, earliest, first_of, group, latest, total
from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr
from ctrlkit.figure import Figure
from ctrlkit.rows import fetch
from ctrlkit.table import Table

FIGURES: dict[str, tuple[Callable[[], Figure], Callable[[list[Row]], Any]]] = {
    "count": (count, len),
    "distinct": (lambda: distinct(col("count")), lambda g: len({r["count"] for r in g} - {NONE})),
    "total": (
        lambda: total(col("count").or_else(0)),
        lambda g: sum(0 if r["count"] is NONE else r["count"] for r in g),
    ),
    "earliest": (
        lambda: earliest(col("count")),
        lambda g: min((r["count"] for r in g if r["count"] is not NONE), default=NONE),
    ),
    "latest": (lambda: latest(col("number")), lambda g: max(r["number"] for r in g)),
    "any": (lambda: any_of(col("number") == 2), lambda g: any(r["number"] == 2 for r in g)),
}


def rule_on(name: str, sign: str, limit: int) -> tuple[Expr, Callable[[Any], bool]]:
    """A rule on a figure, and in Python; that there is none satisfies no comparison but "differs"."""
    if name == "any":
        return col("figure"), bool
    return OPERATORS[sign](
        col("figure"), limit
    ), lambda v: sign == "!=" if v is NONE else bool(OPERATORS[sign](v, limit))


def groups(full: Sequence[Row], keys: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """The rows that belong, by key; those whose key is answered to be none have no group."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in full:
        key = tuple(row[k] for k in keys)
        if row["flag"] and NONE not in key:
            found.setdefault(key, []).append(row)
    return found


def prove(
    people: list[Any], check: Callable[[Table], None], truth: Callable[[Sequence[Row]], Said], exact: bool
) -> None:
    answers = [decided(lambda e=engine: check(table(e, "people", PEOPLE, people))) for engine in ENGINES]  # type: ignore[misc]
    assert answers[0] == answers[1]
    truths = [truth(full) for (full,) in completions((PEOPLE, people))]
    assert_sound(answers[0][0], truths)
    if exact and not unknowns(people):
        assert_exact(answers[0][0], truths[0])


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("keys", [("key",), ("key", "other")], ids="_".join)
def test_a_groups_figure_is_decided_only_where_every_completion_agrees(name: str, keys: tuple[str, ...]) -> None:
    """Unknown inputs, unknown memberships, and rows whose group is unknown: it may be any."""

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(people=rows(PEOPLE, most=4, doubts=3), sign=st.sampled_from(sorted(OPERATORS)), limit=st.integers(0, 3))
    def prove_it(people: list[Any], sign: str, limit: int) -> None:
        figure, of_group = FIGURES[name]
        rule, holds = rule_on(name, sign, limit)

        def check(of: Table) -> None:
            assert_every(group(of.where(col("flag")), *keys, figure=figure()), rule, because="wrong")

        def truth(full: Sequence[Row]) -> Said:
            judged = groups(full, keys).items()
            return said_of([(key, holds(of_group(rows_))) for key, rows_ in judged])

        prove(people, check, truth, exact=all(row["key"] is not NONE for row in people))

    prove_it()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_beside_its_rows_and_one_looked_up(name: str) -> None:
    """A row with an unreadable key leaves the population, and still may belong to the group of another."""

    @settings(max_examples=8, deadline=None, derandomize=True)
    @given(people=rows(PEOPLE, most=3, doubts=3), sign=st.sampled_from(sorted(OPERATORS)), limit=st.integers(0, 3))
    def prove_it(people: list[Any], sign: str, limit: int) -> None:
        figure, of_group = FIGURES[name]
        rule, holds = rule_on(name, sign, limit)
        looked_up = _renamed(rule_on(name, sign, limit)[0], name, sign, limit)

        def near(of: Table) -> None:
            judged = beside(of.where(col("flag")), "key", figure=figure())
            judged = beside(judged, "other", again=count()).where((col("number") > 0) & (col("again") > 0))
            assert_every(judged.where(col("key").is_not_null()), rule, because="wrong")

        def far(of: Table) -> None:
            matched = of.match(group(of.where(col("flag")), "key", figure=figure()), {"other": "key"}, "their")
            assert_every(matched, ~col("their") | looked_up, because="wrong")

        def truth_near(full: Sequence[Row]) -> Said:
            found = groups(full, ["key"])
            inside = [(i, r) for i, r in enumerate(full) if r["flag"] and r["number"] > 0 and r["key"] is not NONE]
            return said_of([(i, holds(of_group(found[r["key"],]))) for i, r in inside])

        def truth_far(full: Sequence[Row]) -> Said:
            found = groups(full, ["key"])
            there = [(i, found.get((r["other"],))) for i, r in enumerate(full)]
            return said_of([(i, g is None or holds(of_group(g))) for i, g in there])

        prove(people, near, truth_near, exact=True)
        prove(people, far, truth_far, exact=True)

    prove_it()


def _renamed(_: Expr, name: str, sign: str, limit: int) -> Expr:
    return col("their_figure") if name == "any" else OPERATORS[sign](col("their_figure"), limit)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_of_an_unknown_group_widens_only_the_groups_it_may_belong_to(engine: Engine) -> None:
    """By two keys: known person and unknown day spoil that person's days and nobody else's."""
    base = {"number": 1, "count": 1, "flag": True, "time": PEOPLE["time"].values[0]}
    people = [base | {"key": k, "other": o} for k, o in [("a", "a"), ("b", "a"), ("a", UNKNOWN)]]

    def check() -> None:
        grouped = group(table(engine, "people", PEOPLE, people), "key", "other", n=count())
        assert_every(grouped, col("n") == 2, because="not two")

    said, outcome = decided(check)
    assert said.broken == {("b", "a")}
    assert said.state == "failed"
    assert outcome.undecided == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_two_figures_beside_a_row_are_two_figures(engine: Engine) -> None:
    """The second `beside` of one name answers from its own groups, not from the first's."""
    base = {"number": 1, "count": 1, "flag": True, "time": PEOPLE["time"].values[0]}
    people = [base | {"key": k, "other": o} for k, o in [("a", "a"), ("a", "b"), ("b", "b"), ("a", "b")]]

    def check() -> None:
        both = beside(beside(table(engine, "people", PEOPLE, people), "key", n=count()), "other", n=count())
        assert_every(both, col("n") <= 1, because="more")

    assert decided(check)[0].broken == {1, 2, 3}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(people=rows(PEOPLE, most=4, doubts=3), by_two=st.booleans())
def test_the_first_row_of_each_group_is_judged_and_no_other(people: list[Any], by_two: bool) -> None:
    """A row that may belong, or whose key is unknown, may be the first: then neither it nor the next one is decided."""
    keys = ["other", "number"] if by_two else ["other"]

    def check(of: Table) -> None:
        assert_every(first_of(of.where(col("flag")), *keys), col("count") != 1, because="wrong")

    def truth(full: Sequence[Row]) -> Said:
        first: dict[tuple[Any, ...], tuple[int, Row]] = {}
        for i, row in enumerate(full):
            if row["flag"]:
                first.setdefault(tuple(row[k] for k in keys), (i, row))
        return said_of([(i, row["count"] != 1) for i, row in first.values()])

    prove(people, check, truth, exact=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_word_is_absent_where_no_row_surely_holds_it(engine: Engine) -> None:
    base = {"number": 1, "count": 1, "time": PEOPLE["time"].values[0], "key": "a"}
    people = [base | {"other": "a", "flag": True}, base | {"other": "b", "flag": UNKNOWN}]
    of = table(engine, "people", PEOPLE, people)
    assert absent(of, "other", ["c", "b", "a"]) == ("c",)
    assert absent(of.where(col("flag")), "other", ["c", "b", "a"]) == ("b", "c")


def test_a_group_needs_keys_and_a_sum_needs_numbers() -> None:
    of = table("polars", "people", PEOPLE, [])
    wrongs: tuple[Callable[[], Table], ...] = (
        lambda: group(of, n=count()),
        lambda: group(of, "key", key=count()),
        lambda: group(of, "key", n=total(col("other"))),
        lambda: group(of, "key", n=any_of(col("number"))),
    )
    for wrong in wrongs:
        with pytest.raises(AuthorError):
            wrong()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_rows_behind_a_failing_group_are_its_sources(engine: Engine) -> None:
    base = {"number": 1, "count": 1, "flag": True, "time": PEOPLE["time"].values[0], "other": "a"}
    people = [base | {"key": "a"}] * 25 + [base | {"key": "b"}]

    def check() -> None:
        assert_every(
            group(table(engine, "people", PEOPLE, people), "key", n=count()), col("n") <= 3, because="{n} rows"
        )

    _, outcome = decided(check)
    (finding,) = outcome.findings
    assert (finding.message, finding.values) == ("25 rows", {"key": "a", "n": 25})
    assert [s.row for s in finding.sources] == list(range(2, 22))  # type: ignore[union-attr]
    assert finding.more == 5


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sum_beyond_the_engines_integers_is_unknown(engine: Engine) -> None:
    """It must not wrap round to a small one."""
    base = {"key": "a", "count": 1, "flag": True, "time": PEOPLE["time"].values[0], "other": "a"}

    def summed(*numbers: int) -> int | None:
        people = [base | {"number": n} for n in numbers]
        of = group(table(engine, "people", PEOPLE, people), "key", n=total(col("number")))
        (found,) = fetch(of.frame.select("n"))
        return None if found["n"] is None else int(found["n"])

    greatest = 9_223_372_036_854
    assert summed(greatest, greatest) is None
    assert summed(-greatest, -greatest) is None
    assert summed(greatest, greatest, -greatest, -greatest, 7) == 7_000_000
    assert summed(2_000_000_000_000, 2_500_000_000_000) == 4_500_000_000_000 * 10**6
    assert summed(-2_000_000_000_000, -1, 0) == -2_000_000_000_001 * 10**6
