"""Numbers and counts multiplied by whole numbers, so that shares of figures are compared exactly and never divided."""

from __future__ import annotations

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr
from ctrlkit.literal import MICRO
from ctrlkit.term import Built, Columns, expect


def multiple(value: Expr, factor: int) -> Expr:
    """The number or count `value`, `factor` times; a count known only between bounds stays so."""
    if not isinstance(factor, int) or isinstance(factor, bool) or factor < 0:
        msg = f"multiple {factor!r}: a whole number is needed; bring the denominator to the other side"
        raise AuthorError(msg)

    def build(columns: Columns) -> Built:
        built = value.build(columns)
        unit = factor
        if built.type == "count":
            unit = factor * MICRO
        elif built.type != "decimal":
            expect(built.type, "number", "a multiple is made")
        low, high = (None if end is None else end.cast(nw.Int64) * unit for end in (built.low, built.high))
        return Built(built.value.cast(nw.Int64) * unit, "number", built.none, low, high)

    return Expr(build, value.columns)
