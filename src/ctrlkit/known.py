"""What a requirement says of cells that nobody filled in, and exact parts of a quantity."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr
from ctrlkit.term import Built, Columns


def given(value: Expr) -> Expr:
    """Whether a value is there, never unknown: false where the cell is empty, and where it could not be read.

    Only for requirements that say themselves what an empty cell means; everywhere else `is_not_null` keeps the doubt.
    """
    return Expr(lambda columns: Built(~value.build(columns).value.is_null(), "boolean"), value.columns)


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
