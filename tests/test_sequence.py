"""What stands before and after a row, what stretches share, and figures over part of a group or over all rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from completions import ENGINES, NONE, UNKNOWN, Engine, Field, Said, at, decided, table

from ctrlkit import (
    assert_rate,
    assert_some,
    beside,
    col,
    count,
    distinct,
    group,
    hours,
    median,
    neighbour,
    seconds,
    share_of,
)
from ctrlkit.check import assert_every
from ctrlkit.errors import AuthorError
from ctrlkit.table import Table

SHAPE = {
    "key": Field("string", ("a", "b")),
    "time": Field("datetime", (), none=True),
    "until": Field("datetime", ()),
    "number": Field("number", ()),
    "flag": Field("boolean", (True, False)),
}
Cells = tuple[Any, Any, Any, Any, Any]


def of(engine: Engine, rows: Sequence[Cells], key: Sequence[str] = ()) -> Table:
    return table(engine, "rows", SHAPE, [dict(zip(SHAPE, cells, strict=True)) for cells in rows], key)


def said(of_rows: Table, rule: Any) -> Said:
    return decided(lambda: assert_every(of_rows, rule, because="wrong"))[0]


def hourly(*marks: tuple[Any, Any]) -> list[Cells]:
    return [(key, hour if hour in (UNKNOWN, NONE) else at(hour), at(99), 1, True) for key, hour in marks]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_neighbour_is_looked_for_among_rows_with_the_same_keys_in_their_order(engine: Engine) -> None:
    rows = of(engine, hourly(("a", 5), ("a", 1), ("b", 2), ("a", 3), ("b", NONE)))
    later = neighbour(rows, "key", by="time", steps=2, name="later")
    assert said(later, col("later").is_null()).broken == {1}
    assert said(later, col("later") <= at(5)).broken == {0, 2, 3, 4}
    earlier = neighbour(rows, "key", by="time", steps=-1, name="earlier")
    assert said(earlier, col("earlier").is_null()).broken == {0, 3}
    itself = neighbour(rows, "key", by="time", steps=0, name="itself")
    assert said(itself, col("itself") == col("time")).broken == {4}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_neighbour_is_unknown_where_a_row_may_stand_between(engine: Engine) -> None:
    """An unreadable time, an unknown membership and an unknown key: the last may stand in any group."""
    unread = neighbour(of(engine, hourly(("a", 1), ("a", UNKNOWN), ("b", 2))), "key", by="time", steps=1, name="next")
    assert decided(lambda: assert_every(unread, col("next").is_null(), because="x"))[1].undecided == 2
    perhaps = [("a", at(1), at(9), 1, True), ("a", at(2), at(9), 1, UNKNOWN), ("b", at(2), at(9), 1, True)]
    some = neighbour(of(engine, perhaps).where(col("flag")), "key", by="time", steps=1, name="next")
    assert decided(lambda: assert_every(some, col("next").is_null(), because="x"))[1].undecided == 2
    strays = neighbour(of(engine, hourly(("a", 1), (UNKNOWN, 3), ("b", 2))), "key", by="time", steps=1, name="next")
    assert decided(lambda: assert_every(strays, col("next").is_null(), because="x"))[1].undecided == 3


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("first", "last", "shares"), [
    (0, 1, False), (0, 2, True), (3, 4, True), (5, 6, True), (6, 7, False), (0, 200, True), (4, 3, False),
    (100, 101, False), (150, 160, True), (500, 501, True), (900, 901, False),
])  # fmt: skip
def test_a_stretch_meets_an_interval_where_they_share_an_instant(
    engine: Engine, first: int, last: int, *, shares: bool
) -> None:
    """Both ends included, over midnight, and where either of the two is longer than the days it is filed under."""
    ours = of(engine, [("a", at(first), at(last), 1, True)])
    spans = [("a", 2, 5), ("b", 0, 900), ("a", 151, 152), ("a", 400, 800)]
    theirs = of(engine, [(key, at(one), at(other), 1, True) for key, one, other in spans])
    met = ours.during(theirs, "key", (col("time"), col("until")), (col("time"), col("until")), "met")
    assert (said(met, "met").broken == frozenset()) == shares


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stretch_without_an_end_is_unknown_beside_intervals_that_are_known(engine: Engine) -> None:
    ours = of(engine, [("a", at(1), UNKNOWN, 1, True)])
    theirs = of(engine, [("a", at(5), at(6), 1, True)])
    met = ours.during(theirs, "key", (col("time"), col("until")), (col("time"), col("until")), "met")
    assert said(met, "met").state == "undecided"


@pytest.mark.parametrize("engine", ENGINES)
def test_figures_over_part_of_a_group_and_over_all_rows(engine: Engine) -> None:
    rows = [("a", at(1), at(9), n, flag) for n, flag in ((1, True), (2, True), (2, False), (3, UNKNOWN))]
    figures = {"some": count(where=col("flag")), "kinds": distinct(col("number"), where=col("flag"))}
    both = beside(of(engine, rows), **figures)
    assert said(both, (col("some") >= 2) & (col("some") <= 3) & (col("kinds") >= 2)).state == "passed"
    assert said(both, col("some") == 2).state == "undecided"
    assert said(both, col("kinds") == 2).state == "undecided"
    assert said(both, col("kinds") >= 4).broken == {0, 1, 2, 3}
    assert not both.has("_all")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_median_is_the_middle_or_the_mean_of_two(engine: Engine) -> None:
    rows = [("a", at(0), at(n), n, True) for n in (1, 9, 2)] + [("b", at(0), at(n), n, True) for n in (1, 4)]
    figures = {"long": median(col("until") - col("time")), "middle": median(col("number"))}
    of_key = group(of(engine, rows), "key", **figures)
    assert said(of_key, (col("long") == hours(2)) & (col("middle") == 2)).broken == {("b",)}
    assert said(of_key, col("middle") == Decimal("2.5")).broken == {("a",)}
    unread = group(of(engine, [*rows, ("a", at(0), at(1), UNKNOWN, True)]), "key", middle=median(col("number")))
    assert said(unread, col("middle") < 9).state == "undecided"
    with pytest.raises(AuthorError, match="no mean"):
        group(of(engine, rows), "key", middle=median(col("time")))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_share_is_rounded_up_and_given_is_never_unknown(engine: Engine) -> None:
    rows = of(engine, [("a", at(0), at(1), 3, True), ("b", NONE, UNKNOWN, UNKNOWN, True)])
    assert said(rows, col("number").is_stated() & col("time").is_stated()).broken == {1}
    assert said(rows, ~col("until").is_stated()).broken == {0}
    third = share_of(seconds(col("number")), Decimal("33.5"))
    assert said(rows.where(col("number").is_stated()), third == seconds(Decimal("1.005"))).state == "passed"
    with pytest.raises(AuthorError, match="no share"):
        said(rows, share_of(col("key"), 50) == "a")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_there_at_all_is_a_finding_at_the_file(engine: Engine) -> None:
    rows = of(engine, [("a", at(0), at(1), 1, True), ("b", at(0), at(1), 1, UNKNOWN)])
    _, outcome = decided(lambda: assert_some(rows.where(col("key") == "c"), because="no c"))
    assert (outcome.state, outcome.reason) == ("failed", "1 of 1 rows of rows: no c")
    assert [(f.message, [(s.file, s.row) for s in f.sources]) for f in outcome.findings] == [  # type: ignore[union-attr]
        ("no c", [("a.csv", None)])
    ]
    _, outcome = decided(lambda: assert_some(rows.where((col("key") == "b") & col("flag")), because="no b"))
    assert (outcome.state, outcome.reason) == (
        "inconclusive",
        "1 of 1 rows of rows cannot be decided, first a.csv: whether the control speaks of it is not known (no b?)",
    )
    assert decided(lambda: assert_some(rows.where(col("key") == "a"), because="no a"))[1].findings == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_found_wrong_alone_and_beside_another_table_shows_the_sources_of_both(engine: Engine) -> None:
    rows = of(engine, [("a", at(0), at(1), 1, False)])
    other = of(engine, [("a", at(0), at(1), 1, True)])

    def check() -> None:
        assert_rate(rows, "flag", at_least=100, because="false")
        assert_every(rows.exists(other, "key", "there"), ~col("there"), because="there")

    (finding,) = decided(check)[1].findings
    assert finding.message == "false; there"
