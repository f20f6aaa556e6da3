"""What assertions record, and what is decided from it: tolerances, rates, empty and doubtful populations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from completions import (
    ENGINES,
    UNKNOWN,
    Engine,
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
from test_table import said_of

from ctrlkit import assert_every, assert_rate, cannot_tell, col, note_every
from ctrlkit.check import recording
from ctrlkit.errors import AuthorError
from ctrlkit.model import Pointer
from ctrlkit.outcome import judge
from ctrlkit.share import percent, wilson
from ctrlkit.table import Table

BASE = {"key": "a", "other": "a", "number": 1, "count": 1, "flag": True, "time": at(0)}


def people(*changes: dict[str, Any], engine: Engine = "polars") -> Table:
    return table(engine, "people", PEOPLE, [BASE | change for change in changes])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    listed=rows(PEOPLE, most=5, doubts=4), rule=rules(), limit=st.sampled_from([0, 33, 50, 67, 100]),
    at_most=st.booleans(), per=st.sampled_from([None, "other"]),
)  # fmt: skip
def test_a_rate_is_decided_where_both_ends_agree(
    listed: list[Any], rule: Rule, limit: int, at_most: bool, per: str | None
) -> None:
    """Pooled or per group; a row that may belong, may keep the rule or may be of any group, counts against it."""

    def check(of: Table) -> None:
        bound: dict[str, Any] = {"at_most": limit} if at_most else {"at_least": limit}
        assert_rate(of.where(col("flag")), rule.expr, because="wrong", per=per, **bound)

    def truth(full: Sequence[Row]) -> Said:
        inside = [(i, row) for i, row in enumerate(full) if row["flag"]]
        groups = {row[per] if per else "" for _, row in inside}
        broken: set[int] = set()
        for group in groups:
            members = [(i, rule.holds(row)) for i, row in inside if not per or row[per] == group]
            share = Decimal(100 * sum(holds for _, holds in members)) / len(members)
            if share > limit if at_most else share < limit:
                broken |= {i for i, holds in members if holds == at_most}
        state = "failed" if broken else ("passed" if inside else "empty")
        return Said(state, frozenset(broken), len(inside))

    answers = [decided(lambda e=engine: check(table(e, "people", PEOPLE, listed))) for engine in ENGINES]  # type: ignore[misc]
    assert answers[0] == answers[1]
    said, outcome = answers[0]
    found = Said(said.state, frozenset(), said.population)
    truths = [truth(full) for (full,) in completions((PEOPLE, listed))]
    assert_sound(found, truths)
    if not unknowns(listed):
        assert_exact(found, Said(truths[0].state, frozenset(), 0))
        assert len(outcome.findings) == len(truths[0].broken)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(listed=rows(PEOPLE, most=4, doubts=4), one=rules(), other=rules(), limit=st.integers(0, 2))
def test_a_pool_counts_each_row_once_over_all_its_assertions(
    listed: list[Any], one: Rule, other: Rule, limit: int
) -> None:
    def check(of: Table) -> None:
        assert_every(of, one.expr, because="one", at_most=limit, pool="p")
        assert_every(of, other.expr, because="other", at_most=limit, pool="p")

    def truth(full: Sequence[Row]) -> Said:
        return said_of([(i, one.holds(row) and other.holds(row)) for i, row in enumerate(full)], limit)

    said = decided(lambda: check(table("polars", "people", PEOPLE, listed)))[0]
    truths = [truth(full) for (full,) in completions((PEOPLE, listed))]
    assert_sound(said, truths)
    if not unknowns(listed):
        assert_exact(said, truths[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_population_of_which_no_row_is_certain_never_passes(engine: Engine) -> None:
    """It may be empty, and an empty population is no pass either."""
    of = people({"flag": UNKNOWN}, {"flag": UNKNOWN}, engine=engine)
    every = decided(lambda: assert_every(of.where(col("flag")), col("number") == 1, because="wrong"))
    rate = decided(lambda: assert_rate(of.where(col("flag")), col("number") == 1, because="wrong", at_least=100))
    assert [s.state for s, _ in (every, rate)] == ["undecided", "undecided"]
    one_sure = people({"flag": UNKNOWN}, {}, engine=engine)
    assert (
        decided(lambda: assert_every(one_sure.where(col("flag")), col("number") == 1, because="w"))[0].state == "passed"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_of_an_unknown_group_may_tip_any_group(engine: Engine) -> None:
    """Nineteen of twenty are enough in either group only as long as the stray exception is nobody's."""
    rows_: list[dict[str, Any]] = (
        [{"other": "a"}] * 19 + [{"other": "a", "number": 2}] + [{"other": UNKNOWN, "number": 2}]
    )
    rows_ += [{"other": UNKNOWN}] * 19
    of = people(*rows_, engine=engine)
    said, _ = decided(lambda: assert_rate(of, col("number") == 1, because="wrong", at_least=95, per="other"))
    assert said.state == "undecided"


def test_a_tolerated_exception_is_a_note_and_a_limit_is_exact() -> None:
    of = people(*[{}] * 199, {"number": 2})
    said, outcome = decided(lambda: assert_rate(of, col("number") == 1, because="wrong", at_least=Decimal("99.5")))
    assert (said.state, outcome.exceptions, outcome.findings) == ("passed", 1, ())
    assert any("tolerated" in note.message for note in outcome.notes)
    assert (
        decided(lambda: assert_rate(of, col("number") == 1, because="w", at_least=Decimal("99.51")))[0].state
        == "failed"
    )


def test_what_is_noted_never_changes_the_verdict() -> None:
    of = people({"number": 2}, {"number": UNKNOWN})

    def check() -> None:
        note_every(of.where(col("number") == 2), "number {number}")
        assert_every(of, col("flag"), because="wrong")

    said, outcome = decided(check)
    assert said.state == "passed"
    assert [note.message for note in outcome.notes] == ["a.csv row 2: number 2"]


@pytest.mark.parametrize("first", [True, False])
def test_a_row_found_wrong_before_and_after_a_match_shows_both_rows(first: bool) -> None:
    of = people({"number": 2})
    matched = of.match(table("polars", "others", PEOPLE, [dict(BASE)], key=["key"]), "key", "their")

    def check() -> None:
        for rows_ in (of, matched) if first else (matched, of):
            assert_every(rows_, col("number") == 1, because="wrong")

    said, outcome = decided(check)
    assert said.state == "failed"
    assert [source.kind for source in outcome.findings[0].sources if isinstance(source, Pointer)] == [
        "people",
        "others",
    ]


def test_what_the_check_cannot_tell_is_never_green() -> None:
    of = people({})

    def doubting() -> None:
        assert_every(of, col("flag"), because="wrong")
        cannot_tell("nobody says who owns them")

    def failing() -> None:
        cannot_tell("nobody says who owns them")
        assert_every(of, ~col("flag"), because="wrong")

    assert decided(doubting)[0].state == "undecided"
    assert decided(failing)[0].state == "failed"


def test_a_check_that_asserts_nothing_is_an_error_and_nothing_of_settings_has_no_population() -> None:
    with recording() as record:
        outcome = judge(record, "TST-01", "organisation")
    assert (outcome.state, outcome.cause, outcome.population, outcome.exceptions) == (
        "error",
        "no_assertion",
        None,
        None,
    )


def test_an_exception_swallowed_by_the_check_is_still_found() -> None:
    of = people({"flag": False})

    def check() -> None:
        with suppress(AssertionError):
            assert_every(of, col("flag"), because="wrong")

    assert decided(check)[0].state == "failed"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_looked_at_before_and_after_a_match_has_the_sources_of_both(engine: Engine) -> None:
    """The later assertion knows of a row that the earlier one does not."""

    def check() -> None:
        of = people({"number": 0}, engine=engine)
        assert_every(of, col("number") > 0, because="none")
        listed = table(engine, "listed", PEOPLE, [BASE], ["key"])
        assert_every(of.exists(listed, "key", "there"), ~col("there"), because="listed")

    (finding,) = decided(check)[1].findings
    assert finding.message == "none; listed"
    assert [source.kind for source in finding.sources] == ["people", "listed"]  # type: ignore[union-attr]


def test_two_rules_broken_by_one_row_are_one_finding() -> None:
    of = people({"flag": False, "number": 2})

    def check() -> None:
        assert_every(of, col("flag"), because="no flag")
        assert_every(of, col("number") == 1, because="number {number}")

    _, outcome = decided(check)
    assert [(f.message, f.values["number"]) for f in outcome.findings] == [("no flag; number 2", 2)]
    assert (outcome.population, outcome.exceptions) == (1, 1)


def _two_tolerances(of: Table) -> None:
    assert_every(of, "flag", because="w", at_most=1, pool="p")
    assert_every(of, "flag", because="w", at_most=2, pool="p")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda of: assert_rate(of, "flag", because="w"),
        lambda of: assert_rate(of, "flag", because="w", at_least=1, at_most=1),
        lambda of: assert_every(of, col("number"), because="w"),
        _two_tolerances,
    ],
)
def test_an_assertion_without_meaning_is_the_authors_error(wrong: Any) -> None:
    with recording(), pytest.raises(AuthorError):
        wrong(people({}))


def test_a_million_rows_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count and the exceptions come from one collection of one plan, which scans the rows once."""
    frames: list[Any] = []
    collect = pl.collect_all

    def counted(lazy: Any, **more: Any) -> Any:
        frames.append(lazy)
        return collect(lazy, **more)

    monkeypatch.setattr(pl, "collect_all", counted)
    of = people({}, {"flag": False})
    decided(lambda: assert_every(of.where(col("number") == 1), col("flag"), because="wrong"))
    looked, placed = frames
    assert len(looked) == 2
    assert len(placed) == 1
    assert pl.explain_all(looked).count("CACHE") >= 2


def test_a_share_is_printed_exactly() -> None:
    """Half to even; Wilson's interval as in his paper's formula, from exact decimals."""
    assert [percent(1, 8), percent(1, 3), percent(1, 2000)] == [Decimal("12.5"), Decimal("33.3"), Decimal("0.0")]
    assert wilson(0, 10) == (Decimal("0.0"), Decimal("27.8"))
    assert wilson(10, 10) == (Decimal("72.2"), Decimal("100.0"))
    assert wilson(45, 50) == (Decimal("78.6"), Decimal("95.7"))
