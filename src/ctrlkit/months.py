"""Calendar months in integer arithmetic, so that every engine gives the same day."""

from __future__ import annotations

from datetime import date

import narwhals as nw

from ctrlkit.literal import EPOCH
from ctrlkit.term import floored

_FIRST_MARCH_1900 = (date(1900, 3, 1) - EPOCH).days


def plus_months(epoch_day: nw.Expr, count: int) -> nw.Expr:
    """The day `count` months later, the month's last where it is shorter; null outside March 1900 to February 2100.

    Days count from 1970. Years begin in March, and every fourth year of that range is a leap year, which keeps the
    expression short: engines that take SQL text repeat a sub-expression wherever it is used.
    """
    since = epoch_day - _FIRST_MARCH_1900
    year = floored(4 * since + 3, 1_461)
    day_of_year = since - floored(1_461 * year, 4)
    month = floored(5 * day_of_year + 2, 153)  # 0 is March
    day = day_of_year - floored(153 * month + 2, 5)  # 0 is the first
    target = _first_of(12 * year + month + count) + day
    last = _first_of(12 * year + month + count + 1) - 1
    least, greatest = _range(count)
    inside = (epoch_day >= least) & (epoch_day <= greatest)
    return nw.when(inside).then(nw.when(target > last).then(last).otherwise(target)).otherwise(None)


def _range(count: int) -> tuple[int, int]:
    """The first and last day from which both the day itself and the one `count` months later lie in the range."""
    first = _month_start(1900 * 12 + 2 + max(0, -count))
    after = _month_start(2100 * 12 + 2 - max(0, count))
    return (first - EPOCH).days, (after - EPOCH).days - 1


def _month_start(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def _first_of(months: nw.Expr) -> nw.Expr:
    """The epoch day of the first of a month, counted from March 1900."""
    return _FIRST_MARCH_1900 + floored(1_461 * floored(months, 12), 4) + floored(153 * (months % 12) + 2, 5)


def first_of_months(epoch_day: nw.Expr, span: int, later: int = 0) -> nw.Expr:
    """The first day of the `span` calendar months (1, 3, 12) of a day, or of those `later`; null before 1900."""
    since = epoch_day - _FIRST_MARCH_1900
    year = floored(4 * since + 3, 1_461)
    month = 12 * year + floored(5 * (since - floored(1_461 * year, 4)) + 2, 153)
    first = _first_of(month - (month + 2) % span + later * span)
    least, greatest = _range(-12)[0], _range(12 * (later + 1))[1]
    return nw.when((epoch_day >= least) & (epoch_day <= greatest)).then(first).otherwise(None)
