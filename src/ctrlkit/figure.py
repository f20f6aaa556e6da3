"""Figures of a group of rows: what is worked out of each row, over the group, and after it, by kind of figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, rule_of
from ctrlkit.table import Table
from ctrlkit.term import Info, one_if

GREATEST = 2**63 - 1
_HALF = 2**31
_SHARE = (1 - 2**-52) / _HALF
"""A hair less than a half: what the greatest integer comes to as a float, times a half, would be beyond it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a group, made by `count`, `distinct`, `total`, `median`, `earliest`, `latest` or `any_of`."""

    how: Literal["count", "distinct", "total", "median", "earliest", "latest", "any"]
    value: Expr | None
    where: Expr | None = None


def count(*, where: Expr | None = None) -> Figure:
    """The number of rows, or of those for which `where` holds; rows of which that is unknown make it a span."""
    return Figure("count", None, where)


def distinct(value: Expr, *, where: Expr | None = None) -> Figure:
    """The number of different values, of the rows for which `where` holds; unknown cells make it a span.

    Emptiness that is an answer does not count.
    """
    return Figure("distinct", value, where)


def total(value: Expr) -> Figure:
    """The exact sum; unknown as soon as one input is unknown, or beyond 2**62 of what a frame counts in."""
    return Figure("total", value)


def median(value: Expr) -> Figure:
    """The middle value, of two the mean rounded up; unknown as soon as one input is unknown, none where there is none.

    Exact for numbers and lengths of time below 2**51 of what a frame counts in: millionths, or microseconds.
    """
    return Figure("median", value)


def earliest(value: Expr) -> Figure:
    """The smallest value; unknown as soon as one input is unknown, none where there is none."""
    return Figure("earliest", value)


def latest(value: Expr) -> Figure:
    """The greatest value; unknown as soon as one input is unknown, none where there is none."""
    return Figure("latest", value)


def any_of(rule: Expr) -> Figure:
    """Whether the rule holds for at least one row."""
    return Figure("any", rule)


@dataclass(frozen=True, slots=True)
class Steps:
    """What one figure needs before the grouping, in it, and after it; `bound` is what `before` names several times.

    `after` may name `_strays`, the number of rows whose group is not known.
    """

    bound: dict[str, nw.Expr]
    before: dict[str, nw.Expr]
    within: dict[str, nw.Expr]
    after: dict[str, nw.Expr]
    info: Info


def _meant(figure: Figure, table: Table) -> nw.Expr:
    """Whether a row is one of those that the figure is about."""
    return nw.lit(value=True) if figure.where is None else rule_of(figure.where, table.columns)


def _count(name: str, figure: Figure, table: Table) -> Steps:
    bound = {f"_{name}_meant": _meant(figure, table)}
    meant = nw.col(f"_{name}_meant")
    before = {f"_{name}_sure": one_if(table.sure() & meant), f"_{name}_not": one_if(~meant)}
    within = {f"{name}__low": nw.col(f"_{name}_sure").sum(), f"{name}__high": nw.len() - nw.col(f"_{name}_not").sum()}
    low, high = (nw.col(n).cast(nw.Int64) for n in within)
    after = {f"{name}__low": low, f"{name}__high": high + nw.col("_strays")}
    return Steps(bound, before, within, after, Info("count", bounded=True))


def _value(name: str, figure: Figure, table: Table) -> tuple[dict[str, nw.Expr], nw.Expr, Info]:
    """The value, as `_<name>_v`; whether it is unknown, which emptiness that is an answer is not; and what it is."""
    if figure.value is None:
        raise AssertionError
    built = figure.value.build(table.columns)
    unknown = nw.col(f"_{name}_v").is_null()
    unknown = unknown if built.none is None else unknown & ~built.none.fill_null(value=False)
    return {f"_{name}_v": built.value}, unknown, Info(built.type, pseudonym=built.pseudonym)


def _distinct(name: str, figure: Figure, table: Table) -> Steps:
    bound, unknown, _ = _value(name, figure, table)
    bound[f"_{name}_meant"] = _meant(figure, table)
    value, meant = nw.col(f"_{name}_v"), nw.col(f"_{name}_meant")
    sure = nw.when(table.sure() & meant).then(value).otherwise(None)
    every, unknown = nw.when(~meant).then(None).otherwise(value), unknown & ~(~meant).fill_null(value=False)
    before = {
        f"_{name}_sure": sure, f"_{name}_sure_null": one_if(sure.is_null()),
        f"_{name}_all": every, f"_{name}_all_null": one_if(every.is_null()), f"_{name}_unknown": one_if(unknown),
    }  # fmt: skip
    within = {
        f"_{name}_low": nw.col(f"_{name}_sure").n_unique(), f"_{name}_low_null": nw.col(f"_{name}_sure_null").max(),
        f"_{name}_high": nw.col(f"_{name}_all").n_unique(), f"_{name}_high_null": nw.col(f"_{name}_all_null").max(),
        f"_{name}_more": nw.col(f"_{name}_unknown").sum(),
    }  # fmt: skip
    count_ = {n: nw.col(n).cast(nw.Int64) for n in within}
    after = {
        f"{name}__low": count_[f"_{name}_low"] - count_[f"_{name}_low_null"],
        f"{name}__high": count_[f"_{name}_high"]
        - count_[f"_{name}_high_null"]
        + count_[f"_{name}_more"]
        + nw.col("_strays"),
    }
    return Steps(bound, before, within, after, Info("count", bounded=True))


def _total(name: str, figure: Figure, table: Table) -> Steps:
    bound, unknown, info = _value(name, figure, table)
    if info.type not in ("number", "decimal", "duration"):
        msg = f"total {name!r}: a {info.type} has no sum"
        raise AuthorError(msg)
    # summed up in two halves, for a sum of 64 bits stops one engine and wraps round in another without a word
    value, high = nw.col(f"_{name}_v"), (nw.col(f"_{name}_v") * _SHARE).floor().cast(nw.Int64)
    before = {
        f"_{name}_u": one_if(unknown | ~table.sure()), f"_{name}_high": high, f"_{name}_low": value - high * _HALF
    }  # fmt: skip
    within = {f"_{name}_unknown": nw.col(f"_{name}_u").max()} | {
        f"_{name}_{half}": nw.col(f"_{name}_{half}").sum() for half in ("high", "low")
    }
    high, low = (nw.col(f"_{name}_{half}").fill_null(0).cast(nw.Int64) for half in ("high", "low"))
    fits = (high < _HALF) & (high >= -_HALF)
    known = (nw.col(f"_{name}_unknown") == 0) & (nw.col("_strays") == 0) & fits
    after = {name: nw.when(known).then(high * _HALF + low).otherwise(None)}
    return Steps(bound, before, within, after, Info(info.type))


def _median(name: str, figure: Figure, table: Table) -> Steps:
    bound, unknown, info = _value(name, figure, table)
    if info.type not in ("number", "decimal", "duration"):
        msg = f"median {name!r}: a {info.type} has no mean"
        raise AuthorError(msg)
    before = {f"_{name}_u": one_if(unknown | ~table.sure())}
    within = {f"_{name}_mid": nw.col(f"_{name}_v").median(), f"_{name}_unknown": nw.col(f"_{name}_u").max()}
    known = (nw.col(f"_{name}_unknown") == 0) & (nw.col("_strays") == 0)
    middle = nw.col(f"_{name}_mid")
    after = {
        name: nw.when(known).then(((middle * 2).round().cast(nw.Int64) + 1) // 2).otherwise(None),
        f"{name}__none": known & middle.is_null(),
    }
    return Steps(bound, before, within, after, Info(info.type, none=True))


def _extreme(name: str, figure: Figure, table: Table) -> Steps:
    bound, unknown, info = _value(name, figure, table)
    before = {f"_{name}_u": one_if(unknown | ~table.sure())}
    column = nw.col(f"_{name}_v")
    within = {
        f"_{name}_end": column.min() if figure.how == "earliest" else column.max(),
        f"_{name}_unknown": nw.col(f"_{name}_u").max(),
    }
    known = (nw.col(f"_{name}_unknown") == 0) & (nw.col("_strays") == 0)
    after = {
        name: nw.when(known).then(nw.col(f"_{name}_end")).otherwise(None),
        f"{name}__none": known & nw.col(f"_{name}_end").is_null(),
    }
    return Steps(bound, before, within, after, Info(info.type, none=True, pseudonym=info.pseudonym))


def _any(name: str, figure: Figure, table: Table) -> Steps:
    if figure.value is None:
        raise AssertionError
    bound, rule = {f"_{name}_rule": rule_of(figure.value, table.columns)}, nw.col(f"_{name}_rule")
    holds = table.sure() & rule
    before = {f"_{name}_yes": one_if(holds), f"_{name}_open": one_if(rule.is_null() | (rule & ~table.sure()))}
    within = {n: nw.col(n).max() for n in before}
    open_ = (nw.col(f"_{name}_open") == 1) | (nw.col("_strays") > 0)
    no = nw.when(open_).then(None).otherwise(nw.lit(value=False))
    after = {name: nw.when(nw.col(f"_{name}_yes") == 1).then(nw.lit(value=True)).otherwise(no)}
    return Steps(bound, before, within, after, Info("boolean"))


_BY_KIND = {
    "count": _count,
    "distinct": _distinct,
    "total": _total,
    "median": _median,
    "earliest": _extreme,
    "latest": _extreme,
    "any": _any,
}


def steps_of(name: str, figure: Figure, table: Table) -> Steps:
    """The steps of a figure called `name` of the groups of `table`."""
    return _BY_KIND[figure.how](name, figure, table)
