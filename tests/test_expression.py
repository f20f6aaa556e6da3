from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from completions import ENGINES, NONE, UNKNOWN, Engine, Field, Row, Said, at, completions, table, unknowns
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import PEOPLE, Rule, rows, rules

from ctrlkit import col, days, hours, maybe, minutes, when
from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, rule_of
from ctrlkit.rows import fetch
from ctrlkit.table import Table
from ctrlkit.term import Info

DATES = {"day": Field("date", ()), "until": Field("date", (), none=True)}


def answers(of: Table, rule: Expr) -> list[bool | None]:
    """What the engine says of each row."""
    got = fetch(of.frame.select("_id", rule_of(rule, of.columns).alias("answer")))
    return [row["answer"] for row in sorted(got, key=lambda row: row["_id"])]


def possible(rule: Rule, row: Row) -> set[bool]:
    """The answers of plain Python, over all that the row may be."""
    return {rule.holds(full[0]) for (full,) in completions((PEOPLE, [row]))}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(rule=rules(), people=rows(PEOPLE, most=4, doubts=5))
def test_an_answer_is_that_of_every_way_the_unknown_cells_may_be(rule: Rule, people: list[dict[str, Any]]) -> None:
    """Promise 1 for one row; and where all cells are known, there is an answer. The engines agree."""
    said = [answers(table(engine, "people", PEOPLE, people), rule.expr) for engine in ENGINES]
    assert said[0] == said[1]
    for answer, row in zip(said[0], people, strict=True):
        truth = possible(rule, row)
        if answer is not None:
            assert truth == {answer}, (rule, row)
        if not unknowns([row]):
            assert answer is not None


@pytest.mark.parametrize("engine", ENGINES)
def test_unknown_and_none_are_two_things(engine: Engine) -> None:
    """A cell nobody could read answers nothing; one that is answered to be empty compares as none."""
    people: list[dict[str, Any]] = [dict.fromkeys(PEOPLE, cell) for cell in (UNKNOWN, NONE)]
    people[1] |= {"other": "a", "number": 1, "flag": True, "time": at(0)}
    of = table(engine, "people", PEOPLE, people)
    for rule in (col("count") == 1, col("count") < 9, col("count") >= 0, col("count").is_in([1]), col("key") == "a"):
        assert answers(of, rule) == [None, False]
        assert answers(of, ~rule) == [None, True]
    assert answers(of, col("count").is_null()) == [None, True]
    assert answers(of, col("count").is_not_null()) == [None, False]
    assert answers(of, col("count").or_else(7) == 7) == [None, True]
    assert answers(of, maybe(col("count").is_null())) == [None, None]
    assert answers(of, maybe(col("count").is_not_null())) == [None, False]


@pytest.mark.parametrize("engine", ENGINES)
def test_whether_a_cell_tells_anything_is_always_known(engine: Engine) -> None:
    """A value and the answer that there is none are told; so a rule can say what an unknown cell is to count as."""
    people: list[dict[str, Any]] = [dict.fromkeys(PEOPLE, cell) for cell in (UNKNOWN, NONE, UNKNOWN)]
    people[1] |= {"other": "a", "number": 1, "flag": True, "time": at(0)}
    people[2] |= {"count": 2, "flag": False}
    of = table(engine, "people", PEOPLE, people)
    assert answers(of, col("count").is_told()) == [False, True, True]
    assert answers(of, col("flag").is_told()) == [False, True, True]
    assert answers(of, (col("count") + col("number") == 3).is_told()) == [False, True, False]
    assert answers(of, col("count").is_told() & (col("count") == 2)) == [False, False, True]


@pytest.mark.parametrize("engine", ENGINES)
def test_unknown_beside_what_settles_the_matter_is_no_doubt(engine: Engine) -> None:
    of = table(engine, "people", PEOPLE, [dict.fromkeys(PEOPLE, UNKNOWN) | {"number": 1}])
    assert answers(of, (col("number") == 1) | col("flag")) == [True]
    assert answers(of, (col("number") == 2) & col("flag")) == [False]
    assert answers(of, (col("number") == 1) & col("flag")) == [None]
    assert answers(of, when(col("number") == 1, 5, col("count")) == 5) == [True]


def plus_months(day: date, months: int) -> date:
    """The calendar's answer."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    starts=st.lists(st.dates(date(1900, 3, 1), date(2099, 12, 31)), min_size=1, max_size=30),
    months=st.integers(-30, 60),
)
def test_months_are_those_of_the_calendar(starts: list[date], months: int) -> None:
    """Leap days, short months and centuries; where the range ends the answer is unknown, never a day off."""
    for engine in ENGINES:
        of = table(engine, "days", DATES, [{"day": day, "until": NONE} for day in starts])
        got = [row["m"] for row in ordered(of, col("day").add_months(months))]
        expected = [plus_months(day, months) for day in starts]
        limits = (date(1900, 3, 1), date(2100, 2, 28))
        assert got == [(w - date(1970, 1, 1)).days if limits[0] <= w <= limits[1] else None for w in expected]


def ordered(of: Table, value: Expr) -> list[dict[str, Any]]:
    """The physical value of every row, in order."""
    built = value.build(of.columns).value.alias("m")
    return sorted(fetch(of.frame.select("_id", built)), key=lambda row: row["_id"])


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(1999, 12, 31), 2, date(2000, 2, 29)),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_named_month_ends(engine: Engine, day: date, months: int, then: date) -> None:
    of = table(engine, "days", DATES, [{"day": day, "until": NONE}])
    assert answers(of, col("day").add_months(months) == then) == [True]


@pytest.mark.parametrize("engine", ENGINES)
def test_times_before_1970_floor_like_others(engine: Engine) -> None:
    of = table(engine, "days", DATES, [{"day": date(1969, 12, 31), "until": date(1970, 1, 2)}])
    assert answers(of, col("day") + days(1) == date(1970, 1, 1)) == [True]
    assert answers(of, col("until") - col("day") == timedelta(days=2)) == [True]
    assert answers(of, col("day") - days(1) == date(1969, 12, 30)) == [True]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_length_of_time_may_depend_on_a_rule(engine: Engine) -> None:
    shape = {"flag": PEOPLE["flag"], "time": PEOPLE["time"]}
    of = table(engine, "people", shape, [{"flag": flag, "time": at(0)} for flag in (True, False)])
    allowed = days(when(col("flag"), 3650, 30))
    assert answers(of, col("time") + allowed == at(3650 * 24)) == [True, False]


def test_a_length_of_time_is_exact() -> None:
    shape = {"time": Field("datetime", ()), "span": Field("number", ())}
    of = table("polars", "spans", shape, [{"time": at(10), "span": Decimal("1.5")}])
    assert answers(of, col("time") + hours(col("span")) == at(10) + timedelta(minutes=90)) == [True]
    assert answers(of, col("time") - minutes(Decimal("0.5")) == at(10) - timedelta(seconds=30)) == [True]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_word_of_a_list_begins_with_an_entry_by_whole_words(engine: Engine) -> None:
    words = ["anydesk", "office;anydesk_8.0", "anydesk.exe", "anydesktop", "my_anydesk", "mouse_jiggler_2", UNKNOWN]
    of = table(engine, "words", {"list": Field("string", ())}, [{"list": word} for word in words])
    known = [True, True, True, False, False, False, None]
    assert answers(of, col("list").any_part_begins(["AnyDesk"])) == known
    assert answers(of, col("list").any_part_begins(["Mouse-Jiggler", "office"])) == [
        False, True, False, False, False, True, None,
    ]  # fmt: skip
    for nothing in ([], ["---"]):
        assert answers(of, col("list").any_part_begins(nothing)) == [False] * 6 + [None]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_limit_of_two_numbers_is_exact(engine: Engine) -> None:
    """An engine that holds 45 days in as few bits as it can would let them overflow."""
    of = table(engine, "days", {"flag": Field("boolean", ()), "day": Field("date", ())}, [
        {"flag": flag, "day": date(2026, 3, 1)} for flag in (True, False, UNKNOWN)
    ])  # fmt: skip
    limit = days(when(col("flag"), 30, 45))
    assert answers(of, col("day") + limit == date(2026, 3, 31)) == [True, False, None]
    assert answers(of, col("day") + limit == date(2026, 4, 15)) == [False, True, None]


@pytest.mark.parametrize("engine", ENGINES)
def test_lists_and_domains_are_matched_by_whole_parts(engine: Engine) -> None:
    shape = {"list": Field("string", ()), "domain": Field("string", ())}
    of = table(
        engine,
        "words",
        shape,
        [
            {"list": "card;pin", "domain": "mail.example"},
            {"list": "pin", "domain": "a.mail.example"},
            {"list": "pinned", "domain": "xmail.example"},
            {"list": UNKNOWN, "domain": UNKNOWN},
        ],
    )
    assert answers(of, col("list").any_part_in(["pin"])) == [True, True, False, None]
    assert answers(of, col("list").every_part_in(["pin", "card"])) == [True, True, False, None]
    assert answers(of, col("list").any_part_in([])) == [False, False, False, None]
    assert answers(of, col("list").every_part_in([])) == [False, False, False, None]
    assert answers(of, col("domain").is_domain_of(["Mail.Example"])) == [True, True, False, None]
    assert answers(of, col("domain").is_domain_of(["mail+example"])) == [False, False, False, None]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_length_of_time_may_depend_on_the_row(engine: Engine) -> None:
    """Of two numbers written in a check, which an engine would keep in too few bits."""
    base = {"key": "a", "other": "a", "number": 1, "count": 1, "time": at(0)}
    of = table(engine, "people", PEOPLE, [base | {"flag": flag} for flag in (True, False, UNKNOWN)])
    assert answers(of, col("time") + days(when(col("flag"), 1400, 30)) >= at(24 * 1400)) == [True, False, None]


HIDDEN = {"person": "person", "device": "device", "boss": "person", "open": None}


def hidden() -> Table:
    shape = {name: Field("string", ()) for name in HIDDEN}
    row = {"person": "p_aaaa", "device": "p_bbbb", "boss": "p_aaaa", "open": "agent"}
    return table("polars", "hidden", shape, [row], pseudonyms={n: d for n, d in HIDDEN.items() if d})


@pytest.mark.parametrize(
    "rule",
    [
        col("person") == "agent01",
        col("person").is_in(["agent01"]),
        col("person") == col("device"),
        col("person") == col("open"),
        col("person").starts_with("agent"),
        col("person") > col("boss"),
        col("person").or_else("nobody") == col("boss"),
        when(col("open") == "agent", col("person"), col("device")) == col("boss"),
    ],
)
def test_a_rule_that_can_never_hold_for_pseudonyms_is_refused(rule: Expr) -> None:
    """Clear text or another domain never equals a pseudonym: false for every row would be a silent green."""
    with pytest.raises(AuthorError):
        answers(hidden(), rule)


def test_pseudonyms_of_one_domain_and_hidden_parameters_compare() -> None:
    assert answers(hidden(), col("person") == col("boss")) == [True]
    assert answers(hidden(), col("person").is_in(("p_zzzz",))) == [False]


@pytest.mark.parametrize(
    "wrong",
    [
        col("number") == "a",
        col("number") & col("flag"),
        col("flag") & True,
        col("number") + col("time"),
        col("time") == date(2026, 1, 1),
        col("time") == datetime(2026, 1, 1),  # noqa: DTZ001  (the point)
        col("number") == Decimal("0.0000001"),
        col("number").starts_with("1"),
        col("nobody") == 1,
        col("number") == 1.5,
        col("time").add_months(1) == at(0),
        col("flag") == 1,
        col("number").is_in([True]),
    ],
)
def test_a_rule_without_meaning_is_the_authors_error(wrong: Expr) -> None:
    with pytest.raises(AuthorError):
        answers(table("polars", "people", PEOPLE, []), wrong)


def test_a_rule_has_no_single_truth_value() -> None:
    with pytest.raises(AuthorError, match="truth value"):
        bool(col("flag"))


COUNTED = {"n": Info("count", bounded=True), "m": Info("count", bounded=True)}


def counted(rows: list[tuple[int | None, ...]]) -> nw.LazyFrame[Any]:
    schema = dict.fromkeys(("_id", "n__low", "n__high", "m__low", "m__high"), pl.Int64)
    return nw.from_native(pl.LazyFrame([(i, *row) for i, row in enumerate(rows)], schema=schema, orient="row"))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    ends=st.tuples(*(st.integers(0, 3) for _ in range(4))),
    sign=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    limit=st.integers(0, 4),
)
def test_counts_between_bounds_decide_only_where_all_values_agree(ends: tuple[int, ...], sign: str, limit: int) -> None:
    """Against a number, and against another count; nothing else ever reads the lower bound for the count."""
    from rules import OPERATORS

    (low, high), (low2, high2) = sorted(ends[:2]), sorted(ends[2:])
    frame = counted([(low, high, low2, high2), (None, None, None, None)])

    def answer(rule: Expr) -> list[bool | None]:
        got = fetch(frame.select("_id", rule_of(rule, COUNTED).alias("a")))
        return [row["a"] for row in sorted(got, key=lambda row: row["_id"])]

    def only(truth: set[bool]) -> bool | None:
        return truth.pop() if len(truth) == 1 else None

    op = OPERATORS[sign]
    ns, ms = range(low, high + 1), range(low2, high2 + 1)
    assert answer(op(col("n"), limit)) == [only({op(n, limit) for n in ns}), None]
    assert answer(op(col("n"), col("m"))) == [only({op(n, m) for n in ns for m in ms}), None]
    assert answer(op(when(col("n") >= 0, col("n"), 0), limit)) == [op(low, limit) if low == high else None, None]
    assert answer(col("n").is_in([limit])) == [low == limit if low == high else None, None]


def test_what_a_completion_is() -> None:
    """The oracle itself: an unknown cell is each value of its column once, and none where that is an answer."""
    shape = {"count": PEOPLE["count"], "flag": PEOPLE["flag"]}
    full = [rows_[0] for (rows_,) in completions((shape, [{"count": UNKNOWN, "flag": UNKNOWN}]))]
    assert len(full) == 8
    assert Said("passed", frozenset(), 0) != Said("failed", frozenset(), 0)
