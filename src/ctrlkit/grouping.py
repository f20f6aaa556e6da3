"""Groups of rows and their figures; a group with an unknown input has an unknown figure, or one between two bounds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, rule_of
from ctrlkit.rows import fetch
from ctrlkit.table import MEMBER, Table
from ctrlkit.term import Columns, Info

GREATEST = 2**63 - 1
_ALL = "_all"


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
    """The exact sum; unknown as soon as one input is unknown."""
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
class _Steps:
    """What one figure needs before the grouping, in it, and after it."""

    before: dict[str, nw.Expr]
    within: dict[str, nw.Expr]
    after: dict[str, nw.Expr]
    info: Info


def group(table: Table, *keys: str, **figures: Figure) -> Table:
    """One row per combination of `keys`, with the figures.

    Rows without a key form a group without figures. Those whose key is unknown form another one, and make the figures
    of every group that they may belong to unknown, or a wider span.
    """
    if not keys or set(keys) & set(figures):
        msg = "group needs at least one column to group by, and figures with names of their own"
        raise AuthorError(msg)
    steps = {name: _STEPS[figure.how](name, figure, table) for name, figure in figures.items()}
    sure = nw.when(table.sure()).then(nw.lit(1)).otherwise(nw.lit(0)).alias("_sure")
    prepared = table.frame.with_columns(sure, *(e.alias(n) for s in steps.values() for n, e in s.before.items()))
    flags = [f"{key}__none" for key in keys if table.columns[key].none]
    prepared = prepared.with_columns(nw.col(flag).fill_null(value=False) for flag in flags)
    grouped = prepared.group_by(*keys, *flags).agg(
        nw.col("_id").min(), nw.col("_sure").max(), *(e.alias(n) for s in steps.values() for n, e in s.within.items())
    )
    known = nw.lit(value=True)
    for key in keys:
        known = known & ~nw.col(key).is_null()
    frame = _with_strays(table, keys, grouped).with_columns(
        *(nw.when(known).then(e).otherwise(None).alias(n) for s in steps.values() for n, e in s.after.items()),
        nw.when(nw.col("_sure") == 1).then(nw.lit(value=True)).otherwise(None).alias(MEMBER),
    )
    columns: Columns = {key: table.columns[key] for key in keys} | {name: s.info for name, s in steps.items()}
    return Table(table.root, frame, columns, certain=table.certain, unique=frozenset(keys), grouped=table)


def _with_strays(table: Table, keys: tuple[str, ...], grouped: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The groups with `_strays`: the number of rows outside a group whose unknown key may be its own."""
    patterns = table.unknown_keys(keys)
    strays = nw.lit(sum(rows for which, rows in patterns if which == set(keys)))
    for number, (which, _) in enumerate(patterns):
        known = [key for key in keys if key not in which]
        if known:
            rows = table.frame.filter(table.unknown_just(keys, which))
            counted = rows.group_by(*known).agg(nw.len().cast(nw.Int64).alias(f"_strays{number}"))
            grouped = grouped.join(counted, on=known, how="left")
            strays = strays + nw.col(f"_strays{number}").fill_null(0)
    return grouped.with_columns(strays.cast(nw.Int64).alias("_strays"))


def beside(table: Table, *keys: str, **figures: Figure) -> Table:
    """The same rows, each with the figures of its group: for rules about a row that look at its like.

    Without keys all rows are one group.
    """
    if not keys:
        whole = replace(
            table,
            frame=table.frame.with_columns(nw.lit(1).alias(_ALL)),
            columns={**table.columns, _ALL: Info("number")},
        )
        done = beside(whole, _ALL, **figures)
        columns = {name: info for name, info in done.columns.items() if name != _ALL}
        return replace(done, frame=done.frame.drop(_ALL), columns=columns)
    plain_table = replace(table, columns={key: table.columns[key] for key in keys})
    matched = plain_table.match(group(table, *keys, **figures), {key: key for key in keys}, "_group")
    columns = dict(table.columns)
    renamed: list[nw.Expr] = []
    for name in figures:
        info = columns[name] = matched.columns[f"_group_{name}"]
        plain = [f"{name}__low", f"{name}__high"] if info.bounded else [name]
        renamed += [nw.col(f"_group_{p}").alias(p) for p in ([*plain, f"{name}__none"] if info.none else plain)]
    frame = matched.frame.with_columns(*renamed)
    return replace(
        table, frame=frame.drop(*(n for n in frame.collect_schema().names() if _is_ours(n))), columns=columns
    )


def newest(table: Table, *keys: str, by: str) -> Table:
    """One row of each combination of `keys`, or of all: that with the greatest `by`, of two alike the first.

    It is there to place a finding about all of them; rows that may not belong, or whose `by` is not known, come last,
    those without a key not at all.
    """
    rows = fetch(table.frame.select("_id", *keys, nw.col(by).alias("_by"), table.sure().alias("_sure")))
    best: dict[tuple[Any, ...], tuple[bool, bool, Any, int]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        rank = (row["_sure"], row["_by"] is not None, row["_by"] or 0, -row["_id"])
        if None not in key and (key not in best or rank > best[key]):
            best[key] = rank
    chosen = sorted(-rank[-1] for rank in best.values())
    return replace(table, frame=table.frame.filter(nw.col("_id").is_in(chosen)), unique=frozenset(keys) or table.unique)


def first_of(table: Table, *keys: str) -> Table:
    """Of the rows with the same `keys` the one that stands first in the evidence: for what is said once for them all.

    Rows that may stand before it, if they belong to `table` or have these keys at all, stay and are marked.
    """
    stray = nw.lit(value=False)
    for key in keys:
        stray = stray | nw.col(key).is_null()
    ids = table.frame.with_columns(nw.when(table.sure()).then(nw.col("_id")).otherwise(None).alias("_sure_id")).filter(
        ~stray
    )
    firsts = ids.group_by(*keys).agg(nw.col("_id").min().alias("_first"), nw.col("_sure_id").min().alias("_last"))
    marked = table.frame.join(firsts, on=list(keys), how="left")
    kept = marked.filter(stray | (nw.col("_id") <= nw.col("_last")) | nw.col("_last").is_null())
    certain = table.sure() & (nw.col("_id") == nw.col("_first"))
    open_ = nw.lit(value=bool(table.unknown_keys(keys)))
    member = nw.when(certain & ~open_).then(nw.lit(value=True)).otherwise(None)
    return replace(table, frame=kept.with_columns(member.alias(MEMBER)).drop("_first", "_last"), certain=False)


def absent(table: Table, column: str, words: Collection[str]) -> tuple[str, ...]:
    """Those of `words` that no row holds for certain in `column`."""
    frame = table.frame if table.certain else table.frame.filter(table.sure())
    rows = fetch(frame.select(column).unique())
    there = {row[column] for row in rows}
    return tuple(sorted(word for word in words if word not in there))


def _is_ours(name: str) -> bool:
    """Whether it is a column of the match behind `beside`, which the next `beside` would read in place of its own."""
    return name.startswith(("_group", "__group"))


def _one(rule: nw.Expr) -> nw.Expr:
    return nw.when(rule).then(nw.lit(1)).otherwise(nw.lit(0))


def _meant(figure: Figure, table: Table) -> nw.Expr:
    """Whether a row is one of those that the figure is about."""
    return nw.lit(value=True) if figure.where is None else rule_of(figure.where, table.columns)


def _count(name: str, figure: Figure, table: Table) -> _Steps:
    meant = _meant(figure, table)
    before = {f"_{name}_sure": _one(table.sure() & meant), f"_{name}_not": _one(~meant)}
    within = {f"{name}__low": nw.col(f"_{name}_sure").sum(), f"{name}__high": nw.len() - nw.col(f"_{name}_not").sum()}
    low, high = (nw.col(n).cast(nw.Int64) for n in within)
    after = {f"{name}__low": low, f"{name}__high": high + nw.col("_strays")}
    return _Steps(before, within, after, Info("count", bounded=True))


def _value(figure: Figure, table: Table) -> tuple[nw.Expr, nw.Expr, str]:
    """The value, whether it is unknown (emptiness that is an answer is not), and its type."""
    if figure.value is None:
        raise AssertionError
    built = figure.value.build(table.columns)
    unknown = (
        built.value.is_null() if built.none is None else built.value.is_null() & ~built.none.fill_null(value=False)
    )
    return built.value, unknown, built.type


def _distinct(name: str, figure: Figure, table: Table) -> _Steps:
    value, unknown, _ = _value(figure, table)
    meant = _meant(figure, table)
    sure = nw.when(table.sure() & meant).then(value).otherwise(None)
    value, unknown = nw.when(~meant).then(None).otherwise(value), unknown & ~(~meant).fill_null(value=False)
    before = {
        f"_{name}_sure": sure, f"_{name}_sure_null": _one(sure.is_null()),
        f"_{name}_all": value, f"_{name}_all_null": _one(value.is_null()), f"_{name}_unknown": _one(unknown),
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
    return _Steps(before, within, after, Info("count", bounded=True))


def _total(name: str, figure: Figure, table: Table) -> _Steps:
    value, unknown, type_ = _value(figure, table)
    if type_ not in ("number", "decimal", "duration"):
        msg = f"total {name!r}: a {type_} has no sum"
        raise AuthorError(msg)
    before = {f"_{name}_v": value, f"_{name}_u": _one(unknown | ~table.sure())}
    within = {
        f"_{name}_sum": nw.col(f"_{name}_v").sum(),
        f"_{name}_unknown": nw.col(f"_{name}_u").max(),
        f"_{name}_top": nw.col(f"_{name}_v").max(),
        f"_{name}_bottom": nw.col(f"_{name}_v").min(),
        f"_{name}_n": nw.len(),
    }
    # some engines let a sum of 64 bits wrap round without a word
    most = GREATEST // nw.col(f"_{name}_n").cast(nw.Int64)
    fits = (nw.col(f"_{name}_top").fill_null(0) <= most) & (nw.col(f"_{name}_bottom").fill_null(0) >= -most)
    known = (nw.col(f"_{name}_unknown") == 0) & (nw.col("_strays") == 0) & fits
    after = {name: nw.when(known).then(nw.col(f"_{name}_sum").fill_null(0).cast(nw.Int64)).otherwise(None)}
    return _Steps(before, within, after, Info(type_))


def _median(name: str, figure: Figure, table: Table) -> _Steps:
    value, unknown, type_ = _value(figure, table)
    if type_ not in ("number", "decimal", "duration"):
        msg = f"median {name!r}: a {type_} has no mean"
        raise AuthorError(msg)
    before = {f"_{name}_v": value, f"_{name}_u": _one(unknown | ~table.sure())}
    within = {f"_{name}_mid": nw.col(f"_{name}_v").median(), f"_{name}_unknown": nw.col(f"_{name}_u").max()}
    known = (nw.col(f"_{name}_unknown") == 0) & (nw.col("_strays") == 0)
    middle = nw.col(f"_{name}_mid")
    after = {
        name: nw.when(known).then(((middle * 2).round().cast(nw.Int64) + 1) // 2).otherwise(None),
        f"{name}__none": known & middle.is_null(),
    }
    return _Steps(before, within, after, Info(type_, none=True))


def _extreme(name: str, figure: Figure, table: Table) -> _Steps:
    value, unknown, type_ = _value(figure, table)
    hidden = figure.value.build(table.columns).pseudonym if figure.value is not None else None
    before = {f"_{name}_v": value, f"_{name}_u": _one(unknown | ~table.sure())}
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
    return _Steps(before, within, after, Info(type_, none=True, pseudonym=hidden))


def _any(name: str, figure: Figure, table: Table) -> _Steps:
    if figure.value is None:
        raise AssertionError
    rule = rule_of(figure.value, table.columns)
    holds = table.sure() & rule
    before = {f"_{name}_yes": _one(holds), f"_{name}_open": _one(rule.is_null() | (rule & ~table.sure()))}
    within = {n: nw.col(n).max() for n in before}
    open_ = (nw.col(f"_{name}_open") == 1) | (nw.col("_strays") > 0)
    no = nw.when(open_).then(None).otherwise(nw.lit(value=False))
    after = {name: nw.when(nw.col(f"_{name}_yes") == 1).then(nw.lit(value=True)).otherwise(no)}
    return _Steps(before, within, after, Info("boolean"))


_STEPS = {
    "count": _count,
    "distinct": _distinct,
    "total": _total,
    "median": _median,
    "earliest": _extreme,
    "latest": _extreme,
    "any": _any,
}
