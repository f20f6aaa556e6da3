"""Further arithmetic on columns, exact on every engine: products, the lesser of two, hours of a span, weeks, months."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import narwhals as nw

from ctrlkit.expression import Expr, when
from ctrlkit.literal import MICRO, physical
from ctrlkit.months import first_of_months
from ctrlkit.term import Built, Columns, constant, expect, floored

MOST = 1_000_000 * MICRO
"""Factors beyond a million, or below nothing, have no product here: no engine may wrap round without a word."""
_HOUR = 3600


def times(one: object, other: object) -> Expr:
    """The product of two numbers, each a number column or a number, in millionths, what is beyond them cut off.

    Unknown where either is unknown, below nothing or above a million.
    """

    def build(columns: Columns) -> Built:
        a, b = (_number(factor, columns) for factor in (one, other))
        inside = (a.value >= 0) & (a.value <= MOST) & (b.value >= 0) & (b.value <= MOST)
        whole_a, whole_b = floored(a.value, MICRO), floored(b.value, MICRO)
        part_a, part_b = a.value - whole_a * MICRO, b.value - whole_b * MICRO
        product = whole_a * b.value + part_a * whole_b + floored(part_a * part_b, MICRO)
        none = a.none if b.none is None else (b.none if a.none is None else a.none | b.none)
        return Built(nw.when(inside).then(product).otherwise(None), "number", none)

    return Expr(build, _columns(one) | _columns(other))


def _number(factor: object, columns: Columns) -> Built:
    if isinstance(factor, int | Decimal):
        return Built(constant(physical(factor, "number")), "number")
    if not isinstance(factor, Expr):
        raise TypeError(factor)
    built = factor.build(columns)
    expect(built.type.replace("decimal", "number"), "number", "a product is made")
    return built


def _columns(value: object) -> frozenset[str]:
    return value.columns if isinstance(value, Expr) else frozenset()


def lesser(one: Expr, other: Any) -> Expr:
    """The smaller of two values; unknown where either is."""
    return when(one <= other, one, other)


def greater(one: Expr, other: Any) -> Expr:
    """The larger of two values; unknown where either is."""
    return when(one >= other, one, other)


def in_hours(span: Expr) -> Expr:
    """A length of time as a number of hours, in millionths, what is beyond them cut off."""

    def build(columns: Columns) -> Built:
        built = span.build(columns)
        expect(built.type, "duration", "hours are counted")
        return Built(floored(built.value, _HOUR), "number", built.none)

    return Expr(build, span.columns)


def week_of(day: Expr) -> Expr:
    """The Monday that begins the week of a date."""

    def build(columns: Columns) -> Built:
        built = day.build(columns)
        expect(built.type, "date", "a week is told")
        # 1 January 1970 was a Thursday; engines differ in the remainder of what lies before it
        since_monday = ((built.value + 3) % 7 + 7) % 7
        return Built(built.value - since_monday, "date", built.none)

    return Expr(build, day.columns)


def month_of(day: Expr, months: int = 1, *, later: int = 0) -> Expr:
    """The first day of the calendar month of a date; of its quarter with 3 `months`, of its year with 12.

    With `later`, of the month (quarter, year) so many later: adding months to it would repeat its whole text.
    """

    def build(columns: Columns) -> Built:
        built = day.build(columns)
        expect(built.type, "date", "a month is told")
        return Built(first_of_months(built.value, months, later), "date", built.none)

    return Expr(build, day.columns)


def folded(text: Expr) -> Expr:
    """A text in small letters, as identifiers of other kinds are kept."""

    def build(columns: Columns) -> Built:
        built = text.build(columns)
        expect(built.type, "string", "letters are made small")
        return Built(built.value.str.to_lowercase(), "string", built.none, pseudonym=built.pseudonym)

    return Expr(build, text.columns)
