"""Two logs of the same events: who has a partner, against plain Python over every way the unknown cells may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from completions import (
    ENGINES,
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
from rules import rows

from ctrlkit import assert_every, col, pair
from ctrlkit.errors import AuthorError
from ctrlkit.table import Table

MOMENTS = tuple(at(0) + timedelta(seconds=s) for s in (0, 50, 100, 170))
LOG = {
    "who": Field("string", ("a", "b")),
    "ts": Field("datetime", MOMENTS),
    "good": Field("boolean", (True, False)),
}
Log = Sequence[Row]


def left_over(ours: Log, theirs: Log, within: int) -> tuple[list[int], list[int]]:
    """The places of the good rows without a partner, slowly."""
    free = [(row["ts"], place) for place, row in enumerate(theirs) if row["good"]]
    alone = []
    for moment, place in sorted((row["ts"], place) for place, row in enumerate(ours) if row["good"]):
        near = [
            (abs(ts - moment), ts, other)
            for ts, other in free
            if theirs[other]["who"] == ours[place]["who"] and abs(ts - moment) <= timedelta(seconds=within)
        ]
        if near:
            _, ts, other = min(near)
            free.remove((ts, other))
        else:
            alone.append(place)
    return sorted(alone), sorted(place for _, place in free)


def check(ours: Table, theirs: Table, within: int, at_most: int = 0) -> None:
    one, other = pair(ours.where(col("good")), theirs.where(col("good")), "who", at="ts", within=within, name="partner")
    assert_every(one, "partner", because="only ours", at_most=at_most, pool="alone")
    assert_every(other, "partner", because="only theirs", at_most=at_most, pool="alone")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    ours=rows(LOG, most=4, doubts=2), theirs=rows(LOG, most=4, doubts=2), within=st.sampled_from([0, 49, 50, 70, 200]),
    at_most=st.integers(0, 2),
)  # fmt: skip
def test_pairs_are_those_of_a_plain_reading(ours: list[Any], theirs: list[Any], within: int, at_most: int) -> None:
    """What is unknown never turns green, and never red where it could be otherwise."""
    answers = [
        decided(
            lambda e=engine: check(table(e, "ours", LOG, ours), table(e, "theirs", LOG, theirs), within, at_most)  # type: ignore[misc]
        )
        for engine in ENGINES
    ]
    assert answers[0] == answers[1]

    def truth(one: Log, other: Log) -> Said:
        mine, its = left_over(one, other, within)
        some = any(row["good"] for row in (*one, *other))
        state = "failed" if len(mine) + len(its) > at_most else "passed" if some else "empty"
        return Said(state, frozenset([*mine, *its]), 0)

    truths = [truth(*full) for full in completions((LOG, ours), (LOG, theirs))]
    said = answers[0][0]
    if said.state in {"passed", "failed"}:
        assert {t.state for t in truths} == {said.state}
    if said.state == "failed" and not at_most:
        assert_sound(said, truths)
    if not unknowns(ours, theirs):
        assert_exact(said, truths[0])


def log(engine: Engine, *events: tuple[str, int], name: str = "ours") -> Table:
    told = [{"who": who, "ts": at(0) + timedelta(seconds=s), "good": True} for who, s in events]
    return table(engine, name, LOG, told)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("ours", "theirs", "alone"),
    [
        ([0], [120], []),
        ([0], [121], [0, 0]),
        ([0, 1], [0, 1], []),
        ([0, 0], [0], [1]),
        ([100], [0, 200], [1]),
        ([0, 130], [125], [0]),
        ([0, 100], [90], [1]),
    ],
)
def test_the_nearest_free_row_is_the_partner(
    engine: Engine, ours: list[int], theirs: list[int], alone: list[int]
) -> None:
    """At most 120 s apart, each once, in the order of ours; of two as near the earlier one."""
    one = log(engine, *(("a", s) for s in ours))
    other = log(engine, *(("a", s) for s in theirs), name="theirs")
    _, outcome = decided(lambda: check(one, other, 120))
    assert sorted(f.sources[0].row - 2 for f in outcome.findings if f.sources[0].row) == alone  # type: ignore[union-attr]


def test_a_row_that_could_not_be_read_may_be_anybody_s_partner() -> None:
    one, other = log("polars", ("a", 0)), log("polars")
    broken = replace(other, root=replace(other.root, bad_rows=1))
    assert decided(lambda: check(one, other, 10))[0].state == "failed"
    assert decided(lambda: check(one, broken, 10))[0].state == "undecided"
    assert decided(lambda: check(broken, one, 10))[0].state == "undecided"


def test_a_time_that_is_not_known_may_be_that_of_any_partner() -> None:
    one = log("polars", ("a", 0), ("b", 0))
    other = table("polars", "theirs", LOG, [{"who": "a", "ts": UNKNOWN, "good": True}])
    assert decided(lambda: check(one, other, 10))[0].state == "undecided"


def test_what_can_never_be_paired_is_the_authors_error() -> None:
    one = log("polars", ("a", 0))
    hidden = table("polars", "theirs", LOG, [], pseudonyms={"who": "person"})
    for who, ts, name, other in (
        ("whom", "ts", "partner", one),
        ("who", "good", "partner", one),
        ("who", "ts", "good", one),
        ("who", "ts", "partner", hidden),
    ):
        with pytest.raises(AuthorError):
            pair(one, other, who, at=ts, within=1, name=name)
