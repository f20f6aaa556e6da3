"""Things that must have a row: found, missing as a finding about the file, or not to be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from completions import ENGINES, UNKNOWN, Engine, Field, table

from ctrlkit import assert_every, assert_listed, col
from ctrlkit.check import recording
from ctrlkit.errors import AuthorError
from ctrlkit.model import Pointer
from ctrlkit.outcome import Outcome, judge
from ctrlkit.table import Table

SHAPE = {"kind": Field("string", ("fire", "flood")), "held": Field("boolean", (True, False))}


def drills(engine: Engine, *rows: tuple[Any, Any]) -> Table:
    return table(engine, "drills", SHAPE, [{"kind": kind, "held": held} for kind, held in rows])


def said(*checks: Any) -> Outcome:
    with recording() as record:
        for check in checks:
            check()
        return judge(record, "INC-03", "organisation", "hear them first")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_thing_without_a_row_is_a_finding_about_the_file(engine: Engine) -> None:
    held = drills(engine, ("fire", True))
    outcome = said(lambda: assert_listed(held, "kind", ["fire", "flood"], because="never rehearsed"))
    (finding,) = outcome.findings
    assert (outcome.state, outcome.population, outcome.exceptions) == ("failed", 1, 1)
    assert finding.sources == (Pointer("drills", "vendor", "a.csv", None),)
    assert finding.message == "drills: flood: never rehearsed (hear them first)"
    assert finding.values == {"kind": "flood"}


@pytest.mark.parametrize("engine", ENGINES)
def test_everything_listed_passes_and_a_row_that_may_be_the_thing_is_undecided(engine: Engine) -> None:
    both = drills(engine, ("fire", True), ("flood", True))
    assert said(lambda: assert_listed(both, "kind", ["fire", "flood"], because="never")).state == "passed"
    perhaps = drills(engine, ("fire", True), ("flood", UNKNOWN)).where(col("held"))
    unread = drills(engine, ("fire", True), (UNKNOWN, True))
    bad = drills(engine, ("fire", True))
    bad = replace(bad, root=replace(bad.root, bad_rows=1))
    for doubtful in (perhaps, unread, bad):
        outcome = said(lambda of=doubtful: assert_listed(of, "kind", ["fire", "flood"], because="never"))
        assert (outcome.state, outcome.undecided, outcome.findings) == ("inconclusive", 1, ())
        assert outcome.reason == "drills: flood: never"


@pytest.mark.parametrize("engine", ENGINES)
def test_an_absence_that_is_no_failure_leaves_the_verdict_open_and_findings_stand(engine: Engine) -> None:
    held = drills(engine, ("fire", True), ("storm", False))

    def asked() -> None:
        assert_listed(held, "kind", ["flood"], because="not on record", if_absent="unknown")

    def failing() -> None:
        assert_every(held, "held", because="not held")

    assert said(asked).state == "inconclusive"
    both = said(asked, failing)
    assert (both.state, len(both.findings), both.undecided) == ("failed", 1, 1)
    assert said(lambda: assert_listed(held, "kind", [], because="never")).state == "passed"


def test_what_an_absence_means_is_one_of_two_words() -> None:
    with recording(), pytest.raises(AuthorError, match="if_absent"):
        assert_listed(drills("polars"), "kind", ["fire"], because="never", if_absent="maybe")


def test_a_word_is_never_looked_for_among_pseudonyms() -> None:
    hidden = table("polars", "drills", SHAPE, [{"kind": "fire", "held": True}], pseudonyms={"kind": "person"})
    with recording(), pytest.raises(AuthorError, match="pseudonym"):
        assert_listed(hidden, "kind", ["fire"], because="never")
