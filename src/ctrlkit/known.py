"""Exact parts of a quantity."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr
from ctrlkit.term import Built, Columns


def share_of(value: Expr, percent: int | Decimal) -> Expr:
    """So many per cent of a number or length of time that is not negative, rounded up to the least it must be."""
    part = Fraction(percent) / 100

    def build(columns: Columns) -> Built:
        built = value.build(columns)
        if built.type not in ("number", "duration"):
            msg = f"a {built.type} has no share"
            raise AuthorError(msg)
        share = (built.value * part.numerator + (part.denominator - 1)) // part.denominator
        return Built(share, built.type, built.none)

    return Expr(build, value.columns)
