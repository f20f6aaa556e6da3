"""Lengths of time in a rule: so many seconds, minutes, hours, days."""

from __future__ import annotations

from decimal import Decimal

import narwhals as nw

from ctrlkit.expression import Expr
from ctrlkit.literal import DAY, MICRO, exactly
from ctrlkit.term import Built, Columns, constant, expect


def _length(amount: object, unit: int) -> Expr:
    if isinstance(amount, Expr):
        inner = amount

        def build(columns: Columns) -> Built:
            built = inner.build(columns)
            expect(built.type, "number", "a length of time is made")
            # a number that is written in the rule is one of 32 bits to some engines, and would not hold the product
            return Built(built.value.cast(nw.Int64) * (unit // MICRO), "duration", built.none)

        return Expr(build, inner.columns)
    span = exactly(Decimal(str(amount)) * unit)
    return Expr(lambda _: Built(constant(span), "duration"), frozenset())


def seconds(amount: object) -> Expr:
    """A length of time of so many seconds; `amount` is a number or a number column."""
    return _length(amount, MICRO)


def minutes(amount: object) -> Expr:
    """A length of time of so many minutes; `amount` is a number or a number column."""
    return _length(amount, 60 * MICRO)


def hours(amount: object) -> Expr:
    """A length of time of so many hours; `amount` is a number or a number column."""
    return _length(amount, 3600 * MICRO)


def days(amount: object) -> Expr:
    """A length of time of so many days of 24 h; `amount` is a number or a number column."""
    return _length(amount, DAY)
