"""Products, weeks, months and hours, on every engine against plain Python; and what is unknown stays so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from completions import ENGINES, NONE, UNKNOWN, Engine, Field, table

from ctrlkit import (
    Expr,
    col,
    folded,
    greater,
    in_hours,
    lesser,
    minutes,
    month_of,
    seconds,
    times,
    week_of,
    when,
)
from ctrlkit.errors import AuthorError
from ctrlkit.rows import fetch

SHAPE = {
    "day": Field("date", ()),
    "one": Field("number", ()),
    "pay": Field("decimal", (), none=True),
    "place": Field("string", ()),
    "start": Field("datetime", ()),
    "end": Field("datetime", ()),
}
AT = datetime(2026, 10, 5, 9, tzinfo=UTC)
ROW = {"day": date(2026, 10, 5), "one": 3, "pay": Decimal("150.25"), "place": "PH", "start": AT, "end": AT}


def value(engine: Engine, made: Expr, row: Mapping[str, Any]) -> Any:
    of = table(engine, "rows", SHAPE, [{**ROW, **row}]).with_columns(x=made)
    (found,) = fetch(of.frame)
    return "none" if found.get("x__none") else found["x"]


def days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("one", "other", "product"),
    [
        (3, Decimal("150.25"), Decimal("450.75")),
        (Decimal("0.000001"), Decimal("0.5"), Decimal(0)),
        (Decimal("1.333333"), Decimal("1.5"), Decimal("1.999999")),
        (1_000_000, 1_000_000, Decimal(10**12)),
        (0, Decimal("150.25"), Decimal(0)),
        (1_000_001, 1, None),
        (-1, 1, None),
        (UNKNOWN, 1, None),
        (1, NONE, "none"),
    ],
)
def test_a_product_is_exact_to_a_millionth_and_never_wraps_round(
    engine: Engine, one: Any, other: Any, product: Any
) -> None:
    wanted = int(product * 1_000_000) if isinstance(product, Decimal) else product
    assert value(engine, times(col("one"), col("pay")), {"one": one, "pay": other}) == wanted


@pytest.mark.parametrize("engine", ENGINES)
def test_products_of_every_size_are_those_of_whole_numbers(engine: Engine) -> None:
    """Among them the one that a float takes for the next whole millionth."""
    draw = Random(7)  # noqa: S311  (drawn again the same each time)
    pairs = [tuple(draw.randrange(10 ** draw.choice((1, 3, 6, 9, 12))) for _ in range(2)) for _ in range(500)]
    pairs += [(999_999, 999_999_000_001), (10**12, 10**12), (10**12 - 1, 10**12 - 1)]
    rows = [{**ROW, "one": Decimal(a) / 10**6, "pay": Decimal(b) / 10**6} for a, b in pairs]
    found = fetch(table(engine, "rows", SHAPE, rows).with_columns(x=times(col("one"), col("pay"))).frame)
    assert {row["_id"]: row["x"] for row in found} == {n: a * b // 10**6 for n, (a, b) in enumerate(pairs)}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_product_with_a_number(engine: Engine) -> None:
    assert value(engine, times(col("pay"), Decimal("1.25")), {}) == 187_812_500
    assert value(engine, times(2, col("one")), {}) == 6_000_000


def test_only_numbers_have_a_product() -> None:
    with pytest.raises(AuthorError):
        value("polars", times(col("day"), 2), {})
    with pytest.raises(TypeError):
        value("polars", times("two", 2), {})


@pytest.mark.parametrize("engine", ENGINES)
def test_the_monday_of_every_day_and_the_first_of_its_month_quarter_and_year(engine: Engine) -> None:
    """Over leap years, the turn of a century and the days before 1970."""
    dates = [date(1969, 12, 25) + timedelta(days=n) for n in range(20)]
    dates += [date(y, m, d) for y in (1999, 2000, 2023, 2024, 2026) for m in range(1, 13) for d in (1, 15, 28)]
    dates += [date(2024, 2, 29), date(2026, 12, 31)]
    of = table(engine, "rows", SHAPE, [ROW | {"day": day} for day in dates])
    named = {"week": week_of(col("day")), "month": month_of(col("day")), "quarter": month_of(col("day"), 3)}
    found = fetch(of.with_columns(**named, year=month_of(col("day"), 12), next=month_of(col("day"), later=1)).frame)
    for row in found:
        day = dates[row["_id"]]
        assert row["week"] == days(day - timedelta(days=day.weekday()))
        assert row["month"] == days(day.replace(day=1))
        assert row["quarter"] == days(date(day.year, day.month - (day.month - 1) % 3, 1))
        assert row["next"] == days((day.replace(day=1) + timedelta(days=31)).replace(day=1))
        assert row["year"] == days(date(day.year, 1, 1))


@pytest.mark.parametrize("engine", ENGINES)
def test_hours_of_a_span_and_the_lesser_of_two(engine: Engine) -> None:
    span = {"end": AT + timedelta(hours=7, minutes=30)}
    assert value(engine, in_hours(col("end") - col("start")), span) == 7_500_000
    assert value(engine, in_hours(col("end") - col("start")), {"end": UNKNOWN}) is None
    assert value(engine, seconds(col("one")), {}) == 3_000_000
    assert value(engine, lesser(col("one"), 2), {}) == 2_000_000
    assert value(engine, greater(col("one"), 2), {}) == 3_000_000
    assert value(engine, greater(col("one"), 2), {"one": UNKNOWN}) is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_chosen_number_keeps_its_length_of_time(engine: Engine) -> None:
    """Sixty minutes fit into few bits, in microseconds they do not."""
    chosen = when(col("one") > 2, 60, 30)
    of = table(engine, "rows", SHAPE, [ROW]).with_columns(chosen=chosen)
    (found,) = fetch(of.with_columns(x=minutes(col("chosen"))).frame)
    assert found["x"] == 3_600_000_000


@pytest.mark.parametrize("engine", ENGINES)
def test_letters_are_made_small(engine: Engine) -> None:
    assert value(engine, folded(col("place")), {"place": "Cebu"}) == "cebu"
    assert value(engine, folded(col("place")), {"place": UNKNOWN}) is None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("cell", "known"), [(Decimal(1), True), (NONE, True), (UNKNOWN, False)], ids=str)
def test_whether_a_cell_says_something(engine: Engine, cell: Any, known: bool) -> None:
    assert value(engine, col("pay").is_told(), {"pay": cell}) is known
