"""Rows met with earlier and later ones of their own key, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from completions import ENGINES, NONE, UNKNOWN, Engine, Field, table
from hypothesis import given, settings
from hypothesis import strategies as st

from ctrlkit import Table, assert_every, col, with_earlier, with_later
from ctrlkit.check import recording
from ctrlkit.outcome import judge

TEXTS, TIMES = ("a", "b"), (datetime(2026, 10, 5, tzinfo=UTC),)
SHAPE = {
    "who": Field("string", TEXTS), "place": Field("string", TEXTS), "at": Field("datetime", TIMES),
    "until": Field("datetime", TIMES), "sure": Field("boolean", (True, False)),
}  # fmt: skip


def hour(number: Any) -> Any:
    return number if number is UNKNOWN else datetime(2026, 10, 5, tzinfo=UTC) + timedelta(hours=number)


def sessions(engine: Engine, *rows: tuple[Any, ...]) -> Table:
    """Who, place, hour of the beginning, hour of the end, and whether the row belongs."""
    names = [dict(zip(SHAPE, (w, p, hour(a), hour(u), s), strict=True)) for w, p, a, u, s in rows]
    return table(engine, "sessions", SHAPE, names).where(col("sure"))


def answers(judged: Table, name: str) -> tuple[list[int], list[int]]:
    """The lines of the rows that met another, and of those of which that is not known."""
    with recording() as record:
        assert_every(judged, ~col(name), because="met")
        outcome = judge(record, "LOG-02", "organisation")
    met = [f.sources[0].row for f in outcome.findings]  # type: ignore[union-attr]
    open_ = [int(n.message.split(" row ")[1].split(":")[0]) for n in outcome.notes if n.message.startswith("undecided")]
    return met, open_  # type: ignore[return-value]


def earlier(of: Table) -> Table:
    such = col("place") != col("before_place")
    return with_earlier(of, "who", at="at", until=col("until"), by=["place"], such=such, name="before")


def later(of: Table) -> Table:
    return with_later(of, "who", at="at", by=["place"], such=col("place") != col("after_place"), name="after")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_meets_the_first_earlier_one_that_lasts_until_it(engine: Engine) -> None:
    held = sessions(
        engine,
        ("ana", "a", 1, 4, True), ("ana", "b", 4, 5, True), ("ana", "a", 6, 7, True), ("ana", "b", 6, 7, True),
        ("ben", "b", 2, 9, True), ("ana", "c", 8, 200, True), ("ana", "d", 190, 191, True),
    )  # fmt: skip
    assert answers(earlier(held), "before") == ([3, 5, 8], [])
    with recording() as record:
        assert_every(earlier(held), ~col("before"), because="after {before_place}")
        outcome = judge(record, "LOG-02", "organisation")
    assert [f.message for f in outcome.findings] == ["after a", "after a", "after c"]
    assert [[s.row for s in f.sources] for f in outcome.findings] == [[3, 2], [5, 4], [8, 7]]  # type: ignore[union-attr]


SESSIONS = st.tuples(st.sampled_from(["ana", "ben"]), st.sampled_from("abc"), st.integers(0, 150), st.integers(0, 130))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(SESSIONS, max_size=10))
def test_a_row_meets_an_earlier_one_exactly_where_one_pair_by_pair_does(rows: list[tuple[str, str, int, int]]) -> None:
    """Short and long ones, of whom many are open at once; the one that is named does last until then."""
    spans = [(who, place, begin, begin + hours, True) for who, place, begin, hours in rows]

    def meets(one: int, other: int) -> bool:
        (who, place, begin, *_), (whose, where, began, ended, _) = spans[one], spans[other]
        return who == whose and place != where and (began, other) < (begin, one) and began <= begin <= ended

    wanted = {one for one in range(len(spans)) if any(meets(one, other) for other in range(len(spans)))}
    for engine in ENGINES:
        with recording() as record:
            assert_every(earlier(sessions(engine, *spans)), ~col("before"), because="met")
            findings = judge(record, "LOG-02", "organisation").findings
        pairs = [tuple(int(s.row or 0) - 2 for s in f.sources) for f in findings]  # type: ignore[union-attr]
        assert {pair[0] for pair in pairs} == wanted
        assert all(meets(*pair) for pair in pairs)


@pytest.mark.parametrize("engine", ENGINES)
def test_whether_a_row_met_an_earlier_one_stays_unknown_where_that_may_be(engine: Engine) -> None:
    assert answers(earlier(sessions(engine, ("ana", UNKNOWN, 1, 4, True), ("ana", "b", 2, 3, True))), "before")[1] == [
        3
    ]
    assert answers(earlier(sessions(engine, ("ana", "a", 1, 4, UNKNOWN), ("ana", "b", 2, 3, True))), "before")[1] == [3]
    assert (
        3 in answers(earlier(sessions(engine, ("ana", "a", 1, UNKNOWN, True), ("ana", "b", 2, 3, True))), "before")[1]
    )
    assert answers(earlier(sessions(engine, (UNKNOWN, "a", 1, 4, True), ("ana", "b", 2, 3, True))), "before")[1] == [
        2,
        3,
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_is_followed_by_any_later_one_of_its_key(engine: Engine) -> None:
    held = sessions(
        engine,
        ("ana", "a", 1, 4, True), ("ana", "a", 2, 4, True), ("ana", "b", 3, 4, True), ("ben", "b", 1, 4, True),
        ("ben", "b", 2, 4, True),
    )  # fmt: skip
    assert answers(later(held), "after") == ([2, 3], [])
    assert answers(later(sessions(engine, ("ana", "a", 1, 4, True), ("ana", UNKNOWN, 2, 4, True))), "after")[1] == [2]
    assert answers(later(sessions(engine, ("ana", "a", 1, 4, True), ("ana", "b", 2, 4, UNKNOWN))), "after")[1] == [2]
    assert answers(later(sessions(engine, ("ana", "a", 2, 4, True), ("ana", "b", 2, 4, True))), "after") == ([], [])


@pytest.mark.parametrize("engine", ENGINES)
def test_two_rows_without_a_place_are_not_taken_for_one_place(engine: Engine) -> None:
    """Whether it is not known, or answered that there is none: a rule that holds between such rows is asked."""
    shape = {**SHAPE, "place": Field("string", TEXTS, none=True)}
    for cell, found in ((NONE, ([3], [])), (UNKNOWN, ([], [3])), ("a", ([], []))):
        rows = [{"who": "ana", "place": cell, "at": hour(n), "until": hour(9), "sure": True} for n in (1, 2)]
        assert answers(earlier(table(engine, "sessions", shape, rows).where(col("sure"))), "before") == found
