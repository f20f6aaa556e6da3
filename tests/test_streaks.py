"""Runs of rows, days in spans, and rows of which one is missing, against plain Python or by example."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from completions import ENGINES, NONE, UNKNOWN, Engine, Field, Row, Said, at, decided, table
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import PEOPLE, rows
from test_grouping import prove
from test_table import said_of

from ctrlkit import assert_every, assert_listed, assert_rate, cannot_tell, col, streak, with_account
from ctrlkit.model import Pointer
from ctrlkit.table import Table

SHIFTS = {"key": Field("string", ("a", "b")), "time": Field("datetime", (at(0), at(1), at(2))), "flag": PEOPLE["flag"]}


def in_a_row(full: Sequence[Row], limit: int) -> Said:
    """Of those that belong: how many in a row have number 1, in the order of their times."""
    inside = [(i, row) for i, row in enumerate(full) if row["flag"]]
    judged = []
    for i, row in inside:
        run = 0
        for _, other in sorted(inside, key=lambda pair: (pair[1]["time"], pair[0])):
            if other["other"] == row["other"]:
                run = run + 1 if other["number"] == 1 else 0
                if other is row:
                    break
        judged.append((i, run <= limit))
    return said_of(judged)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(people=rows(PEOPLE, most=4, doubts=3), limit=st.integers(0, 2))
def test_a_run_is_decided_only_where_every_completion_agrees(people: list[Any], limit: int) -> None:
    """Unknown answers, unknown memberships, rows without a place and rows of which nobody knows whose they are."""

    def check(of: Table) -> None:
        runs = streak(of.where(col("flag")), "other", "time", col("number") == 1, "run")
        assert_every(runs, col("run") <= limit, because="too many in a row")

    prove(people, check, lambda full: in_a_row(full, limit), exact=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("flags", "state", "broken"),
    [
        ((True, True, True), "failed", frozenset({1})),
        ((True, False, True), "passed", frozenset()),
        ((True, UNKNOWN, True), "undecided", frozenset()),
    ],
)
def test_the_row_that_completes_a_run_of_two(engine: Engine, flags: Any, state: str, broken: frozenset[int]) -> None:
    shifts = table(engine, "shifts", SHIFTS, [{"key": "a", "time": at(n), "flag": f} for n, f in enumerate(flags)])
    runs = streak(shifts, "key", "time", col("flag"), "run")
    said, _ = decided(lambda: assert_every(runs, col("run") != 2, because="two in a row"))
    assert (said.state, said.broken) == (state, broken)


LEAVE = {
    "key": Field("string", ("a",)),
    "first": Field("date", (date(2026, 10, 5),)),
    "last": Field("date", (), none=True),
}
DAYS = {"key": Field("string", ("a",)), "day": Field("date", (date(2026, 10, 5),))}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2026, 10, 4), "failed"),
        (date(2026, 10, 5), "passed"),
        (date(2026, 10, 7), "passed"),
        (date(2026, 10, 8), "failed"),
        (UNKNOWN, "undecided"),
    ],
)
def test_a_day_lies_in_a_span_of_days_with_both_its_ends(engine: Engine, day: Any, state: str) -> None:
    leave = table(engine, "leave", LEAVE, [{"key": "a", "first": date(2026, 10, 5), "last": date(2026, 10, 7)}])
    shifts = table(engine, "shifts", DAYS, [{"key": "a", "day": day}])
    met = shifts.during(leave, "key", "day", (col("first"), col("last")), "away")
    assert decided(lambda: assert_every(met, "away", because="at work"))[0].state == state


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_answer_is_a_fault_only_where_the_rule_says_so(engine: Engine) -> None:
    found = [{"key": "a", "number": n} for n in (1, UNKNOWN)]
    people = table(engine, "people", {"key": PEOPLE["key"], "number": PEOPLE["number"]}, found)
    assert decided(lambda: assert_every(people, col("number") == 1, because="not one"))[0].state == "undecided"
    said, _ = decided(lambda: assert_every(people, col("number").is_stated(), because="no number"))
    assert (said.state, said.broken) == ("failed", frozenset({1}))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("keys", "state"), [(("a", "b"), "passed"), (("a",), "failed"), (("a", UNKNOWN), "undecided")])
def test_a_word_that_stands_nowhere_is_a_finding_on_the_file(engine: Engine, keys: Any, state: str) -> None:
    listed = table(engine, "people", {"other": PEOPLE["other"]}, [{"other": key} for key in keys])

    def check() -> None:
        assert_every(listed, ~col("other").is_in([]), because="never")
        assert_listed(listed, "other", ["a", "b"], because="nothing of b")

    _, outcome = decided(check)
    if state != "undecided":
        assert outcome.state == state
    for finding in outcome.findings:
        (first,) = finding.sources
        assert isinstance(first, Pointer)
        assert (first.row, finding.message, finding.values["other"]) == (None, "nothing of b", "b")
    assert len(outcome.findings) == (state == "failed")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("limit", "state"), [(75, "passed"), (76, "failed")])
def test_rates_that_share_a_pool_are_one_rate(engine: Engine, limit: int, state: str) -> None:
    shape = {"key": PEOPLE["key"], "flag": PEOPLE["flag"]}
    one = table(engine, "one", shape, [{"key": "a", "flag": True}] * 3)
    other = table(engine, "other", shape, [{"key": "a", "flag": False}])

    def check() -> None:
        for part in (one, other):
            assert_rate(part, "flag", because="wrong", at_least=limit, pool="all")

    assert decided(check)[1].state == state


def test_what_nobody_handed_in_is_missing_and_not_undecided() -> None:
    _, outcome = decided(lambda: cannot_tell("no network is named", cause="missing"))
    assert (outcome.state, str(outcome.cause), outcome.reason) == ("inconclusive", "missing", "no network is named")


ACCOUNTS = {
    "system": Field("string", ("crm", "vpn")),
    "account_id": Field("string", ("ana", "ben")),
    "owner_id": Field("string", ("a", "b"), none=True),
}
LISTED: list[dict[str, Any]] = [
    {"system": "crm", "account_id": "ana", "owner_id": "a"},
    {"system": "vpn", "account_id": "ana", "owner_id": "b"},
    {"system": "vpn", "account_id": "ben", "owner_id": "b"},
    {"system": "crm", "account_id": "pool", "owner_id": NONE},
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("session", "state"),
    [
        ({"system": "vpn", "account_id": "ana"}, "passed"),
        ({"system": "crm", "account_id": "ana"}, "failed"),
        ({"system": UNKNOWN, "account_id": "ben"}, "passed"),
        ({"system": UNKNOWN, "account_id": "ana"}, "undecided"),
        ({"account_id": "ben"}, "passed"),
        ({"account_id": "ana"}, "undecided"),
        ({"account_id": "ghost"}, "undecided"),
        ({"system": "crm", "account_id": "ghost"}, "undecided"),
        ({"system": "crm", "account_id": "pool"}, "failed"),
    ],
)
def test_a_session_belongs_to_the_account_of_its_system_or_to_the_only_one(
    engine: Engine, session: dict[str, Any], state: str
) -> None:
    accounts = table(engine, "accounts", ACCOUNTS, LISTED, ["system", "account_id"])
    shape = {name: ACCOUNTS[name] for name in session}
    met = with_account(table(engine, "sessions", shape, [session]), accounts)
    assert decided(lambda: assert_every(met, col("owner_id") == "b", because="not b's"))[0].state == state
