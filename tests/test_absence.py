"""Things that must have a row: a finding about the file where one has none, no verdict where nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from completions import ENGINES, UNKNOWN, Engine, at, decided, table
from rules import PEOPLE

from ctrlkit import assert_every, assert_some, cannot_tell_without, col
from ctrlkit.model import Pointer
from ctrlkit.table import Table

BASE = {"key": "a", "other": "a", "number": 1, "count": 1, "flag": True, "time": at(0)}


def people(*changes: dict[str, Any], engine: Engine = "polars") -> Table:
    return table(engine, "people", PEOPLE, [BASE | change for change in changes])


def with_flag(*flags: object, engine: Engine = "polars") -> Table:
    return people(*({"flag": flag} for flag in flags), engine=engine).where(col("flag"))


@pytest.mark.parametrize("engine", ENGINES)
def test_one_row_that_certainly_belongs_is_enough(engine: Engine) -> None:
    for flags in ([True], [True, UNKNOWN], [False, True]):
        of = with_flag(*flags, engine=engine)
        assert decided(lambda of=of: assert_some(of, of="a visit", because="no visit"))[0].state == "passed"  # type: ignore[misc]


@pytest.mark.parametrize("engine", ENGINES)
def test_where_no_row_belongs_the_finding_is_about_the_file(engine: Engine) -> None:
    said, outcome = decided(lambda: assert_some(with_flag(False, engine=engine), of="a visit", because="no visit"))
    assert (said.state, outcome.population, outcome.exceptions, outcome.reason) == ("failed", 1, 1, "no visit")
    (finding,) = outcome.findings
    assert (finding.message, finding.values) == ("no visit", {"missing": "a visit"})
    assert finding.sources == (Pointer("people", "vendor", "a.csv", None),)


def test_each_missing_thing_is_a_finding_with_a_key_of_its_own() -> None:
    def check() -> None:
        assert_every(people({"number": 2}), col("number") == 1, because="wrong")
        for name in ("one", "other", "one"):
            assert_some(with_flag(False), of=name, because=f"no {name}")

    said, outcome = decided(check)
    assert (said.state, outcome.population, outcome.exceptions) == ("failed", 3, 3)
    assert [f.message for f in outcome.findings] == ["wrong", "no one", "no other"]
    assert outcome.reason == "1 of 1 rows of people: wrong; no one; no other"


@pytest.mark.parametrize("engine", ENGINES)
def test_where_a_row_may_belong_it_is_undecided(engine: Engine) -> None:
    said, outcome = decided(lambda: assert_some(with_flag(UNKNOWN, engine=engine), of="a visit", because="no visit"))
    assert (said.state, outcome.findings) == ("undecided", ())


def test_where_a_row_could_not_be_read_it_is_undecided() -> None:
    of = with_flag(False)
    of = replace(of, root=replace(of.root, bad_rows=1))
    assert decided(lambda: assert_some(of, of="a visit", because="no visit"))[0].state == "undecided"


def test_a_row_of_any_of_the_tables_will_do() -> None:
    for tables in ((with_flag(False), with_flag(True)), (with_flag(True), with_flag(False))):
        assert decided(lambda t=tables: assert_some(*t, of="a visit", because="no visit"))[0].state == "passed"  # type: ignore[misc]
    nowhere = (with_flag(False), with_flag(False))
    assert decided(lambda: assert_some(*nowhere, of="a visit", because="no visit"))[0].state == "failed"


@pytest.mark.parametrize(("flags", "state"), [([True], "passed"), ([False], "undecided"), ([UNKNOWN], "undecided")])
def test_a_check_that_needs_a_row_says_so(flags: list[object], state: str) -> None:
    def check() -> None:
        assert_every(people({}), col("flag"), because="wrong")
        cannot_tell_without(with_flag(*flags), "nobody was visited")

    assert decided(check)[0].state == state
