"""What must be there at all, the newest row of a group, and multiples: where findings land, and the unknown side."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from completions import ENGINES, UNKNOWN, Engine, Field, Row, at, decided, table

from ctrlkit import assert_every, assert_some, col, count, group, multiple, newest
from ctrlkit.errors import AuthorError
from ctrlkit.rows import fetch
from ctrlkit.table import Table

WALKS = {
    "site": Field("string", ("a", "b")),
    "ts": Field("datetime", (at(0), at(1), at(2))),
    "good": Field("boolean", (True, False)),
    "seats": Field("number", (1, 2)),
}


def walk(site: object = "a", hours: int | None = 0, good: object = True, seats: object = 1) -> Row:
    return {"site": site, "ts": UNKNOWN if hours is None else at(hours), "good": good, "seats": seats}


def walks(*rows: Row, engine: Engine = "polars") -> Table:
    return table(engine, "walks", WALKS, rows)


def some(rows: Table, site: str) -> None:
    assert_some(rows.where((col("site") == site) & col("good")), because="no walk of {site}", site=site)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_thing_without_a_row_is_a_finding_at_the_file_with_the_thing_as_its_key(engine: Engine) -> None:
    of = walks(walk("a"), walk("b", good=False), engine=engine)

    def check() -> None:
        for site in ("a", "b", "c"):
            some(of, site)

    said, outcome = decided(check)
    assert (said.state, said.population, outcome.exceptions) == ("failed", 3, 2)
    assert sorted(f.message for f in outcome.findings) == ["no walk of b", "no walk of c"]
    assert {(s.file, s.row) for f in outcome.findings for s in f.sources} == {("a.csv", None)}  # type: ignore[union-attr]
    assert {f.values["site"] for f in outcome.findings} == {"b", "c"}
    assert decided(lambda: some(of, "a"))[0].state == "passed"


def test_a_row_that_may_be_it_or_could_not_be_read_makes_it_undecided() -> None:
    for rows in ([walk("b", good=UNKNOWN)], [walk(UNKNOWN)]):
        said, outcome = decided(partial(some, walks(*rows), "b"))
        assert said.state == "undecided"
        assert outcome.notes[0].message.startswith("undecided: a.csv: ")
    of = walks(walk("a"))
    unread = replace(of, root=replace(of.root, bad_rows=1))
    assert decided(lambda: some(of, "b"))[0].state == "failed"
    assert decided(lambda: some(unread, "b"))[0].state == "undecided"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_finding_about_all_rows_of_a_group_is_placed_on_the_newest(engine: Engine) -> None:
    of = walks(walk("a", 0), walk("a", 2, good=False), walk("a", 1), walk("b", 1), engine=engine)

    def check() -> None:
        place = newest(of.where(col("site") == "a"), by="ts")
        assert_some(of.where(col("seats") == 2), because="{site} has too few seats, it was walked on {ts}", at=place)

    _, outcome = decided(check)
    assert [(f.sources[0].row, f.message) for f in outcome.findings] == [  # type: ignore[union-attr]
        (3, "a has too few seats, it was walked on 1970-01-01T02:00:00Z")
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_newest_of_each_key_is_one_row(engine: Engine) -> None:
    rows = [walk("a", 1), walk("a", 1), walk("b", None), walk("b", 0), walk(UNKNOWN, 2), walk("b", 2, good=UNKNOWN)]
    of = newest(walks(*rows, engine=engine).where(col("good")), "site", by="ts")
    assert sorted(row["_id"] for row in fetch(of.frame.select("_id"))) == [0, 3]
    assert of.match(group(of, "site", rows=count()), "site", "all").columns["all_rows"].bounded


def test_a_row_found_by_two_assertions_points_to_what_either_matched() -> None:
    of, listed = walks(walk("a")), table("polars", "listed", {"site": WALKS["site"]}, [{"site": "a"}], ["site"])

    def check() -> None:
        assert_every(of, col("seats") > 1, because="few")
        assert_every(of.match(listed, "site", "list"), col("seats") > 1, because="few in the list")

    _, outcome = decided(check)
    assert [s.kind for f in outcome.findings for s in f.sources] == ["walks", "listed"]  # type: ignore[union-attr]


@pytest.mark.parametrize("engine", ENGINES)
def test_multiples_of_numbers_and_counts_compare_exactly(engine: Engine) -> None:
    of = walks(walk("a", seats=2), walk("a", good=UNKNOWN), engine=engine)
    counted = of.match(group(of.where(col("good")), "site", n=count()), "site", "all")

    def states(*limits: int) -> list[str]:
        few = [multiple(col("all_n"), 100) >= limit for limit in limits]
        return [decided(partial(assert_every, counted, rule, because="few"))[0].state for rule in few]

    assert states(100, 101, 200, 201) == ["passed", "undecided", "undecided", "failed"]
    assert decided(lambda: assert_every(of, multiple(col("seats"), 3) <= Decimal(6), because="-"))[0].state == "passed"
    assert (
        decided(lambda: assert_every(of, multiple(col("seats"), 3) <= Decimal("5.9"), because="-"))[0].state == "failed"
    )


@pytest.mark.parametrize("factor", [Decimal("0.5"), -1, True])
def test_a_multiple_is_a_whole_one(factor: object) -> None:
    with pytest.raises(AuthorError, match="whole number"):
        multiple(col("seats"), factor)  # type: ignore[arg-type]
